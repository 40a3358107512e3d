/* SPDX-License-Identifier: MIT */
#include "lbd/http.h"

#include "common/system/fd.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 16U
#define TIMEOUT_S 10U
/* Of a connection, for what is read and what is written; a header that needs more is refused. */
#define MEMORY_MAX ((size_t)32 * 1024)
#define BLOCK_SIZE ((size_t)16 * 1024)
#define BACKLOG 64
/* A client's pace is no reason to slow a forwarder down. */
#define NICENESS 10

struct http_server {
	struct http_setup setup;
	struct MHD_Daemon *daemons[HTTP_LISTEN_MAX];
	struct loop_io wake_io;
	int wake_fd;
	pthread_mutex_t lock; /* of what follows */
	bool has_lock;
	bool stopping;
	struct list waiting; /* requests that the loop has not seen yet */
};

/* A thread has it at a time: the server's until it waits, then the loop's until it is answered. */
struct request {
	struct http_call call;
	struct http_server *server;
	struct MHD_Connection *connection;
	const struct http_page *page;
	bool asked;
	struct MHD_Response *response; /* NULL: there was no memory for it */
	unsigned status;
};

/* In the server's thread: what goes out. */

struct source {
	struct http_stream stream;
	struct text text; /* made and not yet sent */
	bool ended;
};

static void fill(struct source *source, size_t size)
{
	while (!source->ended && !source->text.failed && source->text.length < size)
		source->ended = !source->stream.go_on(source->stream.context, size, &source->text);
}

static ssize_t on_read(void *context, uint64_t position, char *to, size_t size)
{
	struct source *source = context;
	size_t count;

	(void)position;
	fill(source, size);
	if (source->text.failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (source->text.length == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	count = MIN(size, source->text.length);
	memcpy(to, source->text.data, count);
	text_consume(&source->text, count);
	return (ssize_t)count;
}

static void free_source(void *context)
{
	struct source *source = context;

	source->stream.free(source->stream.context);
	text_free(&source->text);
	free(source);
}

static struct MHD_Response *text_response(const char *text)
{
	/* It is copied, const or not. */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (response != NULL)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	return response;
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return send_response(connection, status, text_response(text));
}

/* In the server's thread: what comes in. */

static void stand_back(void)
{
	static _Thread_local bool stands_back;

	/* In Linux the niceness is a thread's. */
	if (!stands_back)
		(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	stands_back = true;
}

static const struct http_page *find_page(const struct http_server *server, const char *path)
{
	for (const struct http_page *page = server->setup.pages; page->path != NULL; page++) {
		if (strcmp(page->path, path) == 0)
			return page;
	}
	return NULL;
}

static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection, const char *path,
	const char *method, void **ret_request)
{
	struct request *request;

	stand_back();
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	request = calloc(1, sizeof *request);
	if (request == NULL)
		return MHD_NO;
	*request = (struct request){.server = server, .connection = connection, .page = find_page(server, path)};
	list_init(&request->call.link);
	*ret_request = request;
	return MHD_YES;
}

/* The connection rests until the loop has answered. */
static enum MHD_Result ask(struct request *request)
{
	struct http_server *server = request->server;
	bool stopping;

	request->asked = true;
	pthread_mutex_lock(&server->lock);
	stopping = server->stopping;
	if (!stopping) {
		MHD_suspend_connection(request->connection);
		list_append(&server->waiting, &request->call.link);
	}
	pthread_mutex_unlock(&server->lock);
	if (stopping)
		return refuse(request->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "lbd is stopping\n");
	/* It can fail only where the counter is full, and then the loop has been told. */
	(void)eventfd_write(server->wake_fd, 1);
	return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *upload, size_t *upload_size, void **request_at)
{
	struct request *request = *request_at;

	(void)version;
	(void)upload;
	if (request == NULL)
		return begin(context, connection, path, method, request_at);
	/* Nobody has anything to tell us. */
	if (*upload_size > 0)
		return MHD_NO;
	if (request->page == NULL)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	if (!request->asked)
		return ask(request);
	return send_response(connection, request->status, TAKE(request->response));
}

static void on_completed(
	void *context, struct MHD_Connection *connection, void **request_at, enum MHD_RequestTerminationCode code)
{
	struct request *request = *request_at;

	(void)context;
	(void)connection;
	(void)code;
	if (request != NULL && request->response != NULL)
		MHD_destroy_response(request->response);
	free(request);
	*request_at = NULL;
}

/* In the loop's thread. */

static void answer(struct http_call *call, unsigned status, struct MHD_Response *response)
{
	struct request *request = CONTAINER_OF(call, struct request, call);

	request->status = status;
	request->response = response;
	MHD_resume_connection(request->connection);
}

void http_answer(struct http_call *call, unsigned status, const char *text)
{
	answer(call, status, text_response(text));
}

void http_answer_stream(struct http_call *call, const struct http_stream *stream)
{
	struct source *source = calloc(1, sizeof *source);
	struct MHD_Response *response = NULL;

	if (source != NULL) {
		source->stream = *stream;
		response =
			MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_read, source, free_source);
	}
	if (response == NULL) {
		stream->free(stream->context);
		free(source);
	} else {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, stream->content_type);
	}
	answer(call, MHD_HTTP_OK, response);
}

static void take_waiting(struct http_server *server, struct list *ret_list)
{
	pthread_mutex_lock(&server->lock);
	list_take_all(&server->waiting, ret_list);
	pthread_mutex_unlock(&server->lock);
}

static void on_wake(struct loop_io *io, unsigned events)
{
	struct http_server *server = CONTAINER_OF(io, struct http_server, wake_io);
	struct http_call *call;
	struct list asked;
	eventfd_t count;

	(void)events;
	(void)eventfd_read(io->fd, &count);
	take_waiting(server, &asked);
	LIST_FOR_EACH(call, &asked, link)
	{
		list_remove(&call->link);
		CONTAINER_OF(call, struct request, call)->page->fn(call, server->setup.context);
	}
}

/* Listening. */

static int listen_on(const struct endpoint *endpoint, int *ret_fd)
{
	const int on = 1;
	bool v6 = endpoint->ip.family == AF_INET6;
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	AUTO_FD fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (v6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	/* A VIP may be elsewhere at the moment. */
	(void)setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

static int open_socket(const struct endpoint *endpoint, int *ret_fd, struct text *errors)
{
	int r = listen_on(endpoint, ret_fd);
	char text[ENDPOINT_TEXT_MAX];

	if (r < 0)
		text_addf(errors, "admin: cannot listen on %s: %s%s\n", endpoint_text(endpoint, text),
			strerrordesc_np(-r),
			r == -EADDRINUSE ? "; another process, or a service, listens there (ss -ltnp shows it)" : "");
	return r;
}

int http_probe(const struct endpoint *listen, size_t count, struct text *errors)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		AUTO_FD fd = -1;
		int r = open_socket(&listen[i], &fd, errors);

		result = result < 0 ? result : r;
	}
	return result;
}

static int start_daemon(struct http_server *server, const struct endpoint *endpoint, struct MHD_Daemon **ret_daemon,
	struct text *errors)
{
	/* MHD_USE_POLL_INTERNAL_THREAD, said in its parts. */
	const unsigned flags = MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	AUTO_FD fd = -1;
	int r = open_socket(endpoint, &fd, errors);

	if (r < 0)
		return r;
	*ret_daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (*ret_daemon == NULL)
		return errno != 0 ? -errno : -ENOMEM;
	/* It is the daemon's by now. */
	(void)fd_take(&fd);
	return 0;
}

static int start(struct http_server *server, struct text *errors)
{
	int r = -pthread_mutex_init(&server->lock, NULL);

	if (r < 0)
		return r;
	server->has_lock = true;
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->wake_fd < 0)
		return -errno;
	r = loop_io_add(server->setup.loop, &server->wake_io, server->wake_fd, LOOP_READ, on_wake);
	for (size_t i = 0; r == 0 && i < server->setup.listen_count; i++)
		r = start_daemon(server, &server->setup.listen[i], &server->daemons[i], errors);
	return r;
}

int http_new(const struct http_setup *setup, struct http_server **ret_server, struct text *errors)
{
	struct http_server *server = calloc(1, sizeof *server);
	int r;

	assert(setup->listen_count <= HTTP_LISTEN_MAX);
	if (server == NULL)
		return -ENOMEM;
	server->setup = *setup;
	server->wake_fd = -1;
	list_init(&server->waiting);
	r = start(server, errors);
	if (r < 0)
		http_free(server);
	else
		*ret_server = server;
	return r;
}

static void stop_asking(struct http_server *server)
{
	struct http_call *call;
	struct list asked;

	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_mutex_unlock(&server->lock);
	take_waiting(server, &asked);
	LIST_FOR_EACH(call, &asked, link)
	{
		list_remove(&call->link);
		http_answer(call, MHD_HTTP_SERVICE_UNAVAILABLE, "lbd is stopping\n");
	}
}

void http_free(struct http_server *server)
{
	if (server == NULL)
		return;
	if (server->has_lock)
		stop_asking(server);
	for (size_t i = 0; i < HTTP_LISTEN_MAX; i++) {
		if (server->daemons[i] != NULL)
			MHD_stop_daemon(server->daemons[i]);
	}
	loop_io_remove(server->setup.loop, &server->wake_io);
	fd_close(&server->wake_fd);
	if (server->has_lock)
		pthread_mutex_destroy(&server->lock);
	free(server);
}

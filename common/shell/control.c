/* SPDX-License-Identifier: MIT */
#include "common/shell/control.h"

#include "common/pure/list.h"
#include "common/pure/text.h"
#include "common/shell/lines.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "common/system/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define READ_SIZE ((size_t)16 * 1024)
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)
#define ACCEPTS_A_ROUND 16
/* How long accepting rests when there are no descriptors or memory for it. */
#define ACCEPT_PAUSE_NS (200 * NS_PER_MS)

struct control_server {
	struct loop *loop;
	int fd;
	struct loop_io io;
	struct loop_timer accept_again;
	const struct control_command *commands;
	void *context;
	struct list clients;
	unsigned client_count;
	int64_t idle_ns;
	char *path;
	ino_t inode; /* of the socket as we made it */
	bool stopping;
};

struct client {
	struct list in_server;
	struct control_server *server;
	int fd;
	struct loop_io io; /* removed once the other side has gone */
	struct loop_timer idle;
	struct loop_timer again; /* the next line or the next read, in another round */
	struct lines in;
	struct text out;
	struct control_call *call; /* the one under way */
	bool advancing;
	bool at_end; /* nothing more will be received */
	bool gone;   /* nobody reads what we send */
	bool last;   /* once `out` is sent, it is closed */
};

struct control_call {
	struct client *client; /* NULL: it has gone */
	struct rpc_request request;
	json_t *no_params;
};

static void client_advance(struct client *client);

static void client_free(struct client *client)
{
	struct control_server *server = client->server;

	if (client->call != NULL)
		client->call->client = NULL;
	loop_io_remove(server->loop, &client->io);
	loop_timer_clear(server->loop, &client->idle);
	loop_timer_clear(server->loop, &client->again);
	fd_close(&client->fd);
	lines_free(&client->in);
	text_free(&client->out);
	list_remove(&client->in_server);
	server->client_count--;
	free(client);
}

static void on_idle(struct loop_timer *timer, struct mono now)
{
	(void)now;
	client_free(CONTAINER_OF(timer, struct client, idle));
}

/* The time runs from here on; it stands still while a call of the client is under way. */
static void client_touch(struct client *client)
{
	struct loop *loop = client->server->loop;

	if (client->call != NULL)
		loop_timer_clear(loop, &client->idle);
	else if (loop_timer_set(loop, &client->idle, mono_add(loop_now(loop), client->server->idle_ns), on_idle) < 0)
		client->last = true;
}

/* Requests and answers. */

static void client_say_fault(struct client *client, json_t *id, enum rpc_error code, const char *message)
{
	rpc_write_fault(&client->out, id, code, message);
}

static void call_free(struct control_call *call)
{
	rpc_request_release(&call->request);
	json_decref(call->no_params);
	free(call);
}

static const struct control_command *find_command(const struct control_server *server, const char *name)
{
	for (const struct control_command *command = server->commands; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

/* Takes the request over. */
static void client_start_call(struct client *client, const struct control_command *command, struct rpc_request *request)
{
	struct control_call *call = calloc(1, sizeof *call);
	json_t *params = request->params;

	if (params == NULL)
		params = json_object();
	if (call == NULL || params == NULL) {
		client_say_fault(client, request->id, RPC_INTERNAL_ERROR, "out of memory");
		rpc_request_release(request);
		free(call);
		return;
	}
	call->client = client;
	call->request = *request;
	call->no_params = request->params == NULL ? params : NULL;
	client->call = call;
	client_touch(client);
	command->fn(call, params, client->server->context);
}

static void client_take_line(struct client *client, const char *line, size_t length)
{
	struct rpc_request request;
	struct rpc_fault fault;
	const struct control_command *command;

	if (rpc_parse_request(line, length, &request, &fault) < 0) {
		client_say_fault(client, request.id, fault.code, fault.message);
		rpc_request_release(&request);
		return;
	}
	command = find_command(client->server, request.method);
	if (command == NULL) {
		if (request.id != NULL)
			client_say_fault(client, request.id, RPC_UNKNOWN_METHOD, "no such command");
		rpc_request_release(&request);
		return;
	}
	client_start_call(client, command, &request);
}

/* The one way to the end of a call, with its answer written to its client already. */
static void call_end(struct control_call *call)
{
	struct client *client = call->client;

	if (client != NULL) {
		assert(client->call == call);
		client->call = NULL;
		client_touch(client);
	}
	call_free(call);
	/* In a command's function client_advance is below us on the stack and goes on by itself. */
	if (client != NULL && !client->advancing)
		client_advance(client);
}

static bool call_wants_answer(const struct control_call *call)
{
	return call->client != NULL && call->request.id != NULL && !call->client->gone;
}

/* Nothing else is waiting to be sent: the call was taken up when all before it was. */
static void check_size(struct control_call *call)
{
	struct client *client = call->client;

	if (client->out.length <= ANSWER_MAX)
		return;
	text_free(&client->out);
	client_say_fault(client, call->request.id, RPC_INTERNAL_ERROR, "the answer is too large");
}

void control_reply(struct control_call *call, json_t *result)
{
	if (!call_wants_answer(call)) {
		json_decref(result);
	} else if (result == NULL) {
		client_say_fault(call->client, call->request.id, RPC_INTERNAL_ERROR, "out of memory");
	} else {
		rpc_write_result(&call->client->out, call->request.id, result);
		check_size(call);
	}
	call_end(call);
}

void control_reply_text(struct control_call *call, const struct text *result)
{
	if (call_wants_answer(call) && result->failed) {
		client_say_fault(call->client, call->request.id, RPC_INTERNAL_ERROR, "out of memory");
	} else if (call_wants_answer(call)) {
		rpc_write_result_text(&call->client->out, call->request.id, result);
		check_size(call);
	}
	call_end(call);
}

void control_refuse(struct control_call *call, enum control_error code, const char *format, ...)
{
	AUTO_TEXT message = {0};
	va_list arguments;

	va_start(arguments, format);
	text_addv(&message, format, arguments);
	va_end(arguments);
	if (call_wants_answer(call))
		client_say_fault(call->client, call->request.id, (enum rpc_error)code, text_get(&message));
	call_end(call);
}

const char *control_string(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(params, name));
}

/* The stream. */

static void client_read(struct client *client)
{
	char bytes[READ_SIZE];
	ssize_t count = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		client->at_end = true;
		return;
	}
	client_touch(client);
	if (lines_feed(&client->in, bytes, (size_t)count) < 0)
		client->last = true;
}

/* Does what the next line asks for, if there is one and the one before is done. */
static void client_take_next(struct client *client)
{
	const char *line;
	size_t length;
	int r;

	if (client->call != NULL || client->last || client->out.length > 0)
		return;
	if (client->server->stopping) {
		client->last = true;
		return;
	}
	do {
		r = lines_next(&client->in, &line, &length);
	} while (r > 0 && length == 0);
	if (r > 0) {
		client_take_line(client, line, length);
	} else if (r < 0) {
		client_say_fault(client, NULL, RPC_INVALID_REQUEST, "the line is too long");
		client->last = true;
	} else if (client->at_end) {
		if (!lines_is_empty(&client->in))
			client_say_fault(client, NULL, RPC_PARSE_ERROR, "the last line has no end");
		client->last = true;
	}
}

static bool client_is_done(const struct client *client)
{
	return client->call == NULL && client->last && client->out.length == 0;
}

static void client_flush(struct client *client)
{
	/* An answer that is not whole would be taken for something else. */
	if (client->out.failed)
		client->gone = client->last = true;
	if (!client->gone && stream_flush(client->fd, &client->out) < 0)
		client->gone = true;
	if (client->gone)
		text_free(&client->out);
}

static void on_again(struct loop_timer *timer, struct mono now);

/* Arranges for the next step: a line that is here already, the next bytes, or room for the answer. */
static int client_wait(struct client *client)
{
	struct loop *loop = client->server->loop;
	bool may_take = client->call == NULL && client->out.length == 0;
	bool take = may_take && (lines_ready(&client->in) || client->at_end || client->gone);
	unsigned events = 0;

	if (take) {
		/* A nanosecond after the round began, so that it is the next round that does it. */
		int r = loop_timer_set(loop, &client->again, mono_add(loop_now(loop), 1), on_again);

		if (r < 0)
			return r;
	}
	if (!client->io.added)
		return 0;
	if (may_take && !take)
		events |= LOOP_READ;
	if (client->out.length > 0)
		events |= LOOP_WRITE;
	return events == client->io.events ? 0 : loop_io_change(loop, &client->io, events);
}

/* Goes one step on and may free the client. */
static void client_advance(struct client *client)
{
	client->advancing = true;
	client_take_next(client);
	client->advancing = false;
	client_flush(client);
	if (client_is_done(client) || client_wait(client) < 0)
		client_free(client);
}

static void on_again(struct loop_timer *timer, struct mono now)
{
	struct client *client = CONTAINER_OF(timer, struct client, again);

	(void)now;
	if (!client->at_end && client->call == NULL && !lines_ready(&client->in))
		client_read(client);
	client_advance(client);
}

static void on_client(struct loop_io *io, unsigned events)
{
	struct client *client = CONTAINER_OF(io, struct client, io);

	/* What it sent before it went is still carried out, by on_again; the hangup itself would be reported for ever.
	 */
	if (events & LOOP_HANGUP) {
		client->gone = true;
		loop_io_remove(client->server->loop, io);
	}
	if ((events & LOOP_READ) && client->call == NULL && !lines_ready(&client->in))
		client_read(client);
	client_advance(client);
}

/* The listener. */

static int client_new(struct control_server *server, int fd)
{
	struct client *client = calloc(1, sizeof *client);
	int r;

	if (client == NULL)
		return -ENOMEM;
	r = loop_io_add(server->loop, &client->io, fd, LOOP_READ, on_client);
	if (r < 0) {
		free(client);
		return r;
	}
	client->server = server;
	client->fd = fd;
	client->in = lines_of(CONTROL_LINE_MAX);
	list_append(&server->clients, &client->in_server);
	server->client_count++;
	client_touch(client);
	return 0;
}

static void refuse_client(int fd)
{
	AUTO_TEXT out = {0};

	rpc_write_fault(&out, NULL, RPC_REFUSED, "too many clients, try again later");
	if (stream_flush(fd, &out) < 0)
		log_debug("control client not told that there are too many");
}

static void on_accept(struct loop_io *io, unsigned events);

static void on_accept_again(struct loop_timer *timer, struct mono now)
{
	struct control_server *server = CONTAINER_OF(timer, struct control_server, accept_again);

	(void)now;
	if (loop_io_change(server->loop, &server->io, LOOP_READ) < 0)
		log_error("control socket no longer answers");
}

/* Without a pause a listener that cannot be served would be reported round after round. */
static void accept_pause(struct control_server *server, int error)
{
	struct mono until = mono_add(loop_now(server->loop), ACCEPT_PAUSE_NS);

	log_warning("control client not accepted", log_errno(error));
	if (loop_timer_set(server->loop, &server->accept_again, until, on_accept_again) == 0 &&
		loop_io_change(server->loop, &server->io, 0) < 0)
		log_debug("control socket not paused");
}

/* False: there is none to accept now. */
static bool accept_one(struct control_server *server)
{
	AUTO_FD fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int r;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			accept_pause(server, -errno);
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (server->client_count >= CONTROL_CLIENTS_MAX) {
		refuse_client(fd);
		return true;
	}
	r = client_new(server, fd);
	if (r < 0)
		log_warning("control client not served", log_errno(r));
	else
		(void)fd_take(&fd);
	return true;
}

static void on_accept(struct loop_io *io, unsigned events)
{
	struct control_server *server = CONTAINER_OF(io, struct control_server, io);

	(void)events;
	for (unsigned i = 0; i < ACCEPTS_A_ROUND && accept_one(server); i++)
		;
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

int control_server_new(struct loop *loop, const char *path, const char *group, const struct control_command *commands,
	void *context, struct control_server **ret_server)
{
	AUTO_FD fd = -1;
	AUTO_FREE char *own_path = strdup(path);
	AUTO_FREE struct control_server *server = calloc(1, sizeof *server);
	int r;

	if (server == NULL || own_path == NULL)
		return -ENOMEM;
	r = stream_listen(path, group, &fd);
	if (r < 0)
		return r;
	r = loop_io_add(loop, &server->io, fd, LOOP_READ, on_accept);
	if (r < 0) {
		(void)unlink(path);
		return r;
	}
	server->loop = loop;
	server->fd = fd_take(&fd);
	server->commands = commands;
	server->context = context;
	server->idle_ns = CONTROL_IDLE_NS;
	server->inode = inode_of(path);
	server->path = TAKE(own_path);
	list_init(&server->clients);
	*ret_server = TAKE(server);
	return 0;
}

void control_server_set_idle(struct control_server *server, int64_t idle_ns)
{
	server->idle_ns = idle_ns;
}

void control_server_stop(struct control_server *server)
{
	server->stopping = true;
	loop_timer_clear(server->loop, &server->accept_again);
	loop_io_remove(server->loop, &server->io);
}

void control_server_free(struct control_server *server)
{
	struct client *client;

	if (server == NULL)
		return;
	control_server_stop(server);
	LIST_FOR_EACH(client, &server->clients, in_server)
	client_free(client);
	fd_close(&server->fd);
	/* A successor may have put its own socket there. */
	if (inode_of(server->path) == server->inode)
		(void)unlink(server->path);
	free(server->path);
	free(server);
}

/* SPDX-License-Identifier: MIT */
#include "lbd/resolve.h"

#include "common/pure/list.h"

#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A socket of c-ares's. */
struct watch {
	struct list link;
	struct loop_io io;
	struct resolver *resolver;
};

struct resolver {
	struct loop *loop;
	ares_channel channel;
	bool has_library, has_channel;
	struct list watches;
	struct list queries;
	struct list done;        /* those with an answer */
	struct loop_timer timer; /* c-ares's own */
	struct loop_timer done_timer;
};

struct resolve_query {
	struct list link; /* in the resolver's `queries` or `done` */
	struct resolver *resolver;
	char *name;
	resolve_fn *fn; /* NULL: nobody wants to know any more */
	void *context;
	int family; /* that is asked for */
	struct resolve_answer answer;
};

/* The loop. */

static void on_time(struct loop_timer *timer, struct mono now);

static void set_timer(struct resolver *resolver)
{
	struct timeval span, *next = ares_timeout(resolver->channel, NULL, &span);
	struct mono now = loop_now(resolver->loop);
	int64_t span_ns;

	if (next == NULL) {
		loop_timer_clear(resolver->loop, &resolver->timer);
		return;
	}
	span_ns = next->tv_sec * NS_PER_S + next->tv_usec * NS_PER_US;
	/* Not in the very round: what is due already would keep the loop in it. */
	if (loop_timer_set(resolver->loop, &resolver->timer, mono_add(now, MAX(span_ns, NS_PER_MS)), on_time) < 0)
		abort();
}

static void on_time(struct loop_timer *timer, struct mono now)
{
	struct resolver *resolver = CONTAINER_OF(timer, struct resolver, timer);

	(void)now;
	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(resolver);
}

static void on_ready(struct loop_io *io, unsigned events)
{
	struct watch *watch = CONTAINER_OF(io, struct watch, io);
	struct resolver *resolver = watch->resolver;
	bool readable = (events & (LOOP_READ | LOOP_HANGUP)) != 0, writable = (events & LOOP_WRITE) != 0;

	/* The watch may be gone after this. */
	ares_process_fd(resolver->channel, readable ? io->fd : ARES_SOCKET_BAD, writable ? io->fd : ARES_SOCKET_BAD);
	set_timer(resolver);
}

static struct watch *find_watch(struct resolver *resolver, int fd)
{
	struct watch *watch;

	LIST_FOR_EACH(watch, &resolver->watches, link)
	{
		if (watch->io.fd == fd)
			return watch;
	}
	return NULL;
}

static void drop_watch(struct watch *watch)
{
	loop_io_remove(watch->resolver->loop, &watch->io);
	list_remove(&watch->link);
	free(watch);
}

static void add_watch(struct resolver *resolver, int fd, unsigned events)
{
	struct watch *watch = calloc(1, sizeof *watch);

	/* Without memory the query runs into its time-out, and is asked again. */
	if (watch == NULL)
		return;
	watch->resolver = resolver;
	list_append(&resolver->watches, &watch->link);
	if (loop_io_add(resolver->loop, &watch->io, fd, events, on_ready) < 0)
		drop_watch(watch);
}

static void on_socket(void *context, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = context;
	struct watch *watch = find_watch(resolver, fd);
	unsigned events = (readable ? LOOP_READ : 0U) | (writable ? LOOP_WRITE : 0U);

	if (watch == NULL && events != 0)
		add_watch(resolver, fd, events);
	else if (watch != NULL && events == 0)
		drop_watch(watch);
	else if (watch != NULL && loop_io_change(resolver->loop, &watch->io, events) < 0)
		drop_watch(watch);
}

/* Answers. */

static void free_query(struct resolve_query *query)
{
	list_remove(&query->link);
	free(query->name);
	free(query);
}

static void on_done(struct loop_timer *timer, struct mono now)
{
	struct resolver *resolver = CONTAINER_OF(timer, struct resolver, done_timer);

	(void)now;
	while (!list_is_empty(&resolver->done)) {
		struct resolve_query *query = LIST_ENTRY(resolver->done.next, struct resolve_query, link);
		struct resolve_answer answer = query->answer;
		resolve_fn *fn = query->fn;
		void *context = query->context;

		free_query(query);
		if (fn != NULL)
			fn(context, &answer);
	}
}

/* c-ares may answer at once, or while it is being asked for something else. */
static void answer_later(struct resolve_query *query)
{
	struct resolver *resolver = query->resolver;

	list_remove(&query->link);
	list_append(&resolver->done, &query->link);
	if (loop_timer_set(resolver->loop, &resolver->done_timer, loop_now(resolver->loop), on_done) < 0)
		abort();
}

static const char *reason(int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
		return "there is no such name";
	case ARES_ENODATA:
		return "the name has no address";
	case ARES_ETIMEOUT:
		return "no name server answers in time";
	case ARES_ECONNREFUSED:
		return "no name server can be reached";
	case ARES_ESERVFAIL:
		return "the name server has failed";
	case ARES_EREFUSED:
		return "the name server refuses";
	default: /* ares.h has many more, and adds to them */
		return ares_strerror(status);
	}
}

/* The shortest of all, those of the aliases on the way included. */
static uint32_t ttl_of(const struct ares_addrinfo *info)
{
	int ttl = INT32_MAX;

	for (const struct ares_addrinfo_cname *alias = info->cnames; alias != NULL; alias = alias->next)
		ttl = MIN(ttl, alias->ttl);
	for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next)
		ttl = MIN(ttl, node->ai_ttl);
	return ttl > 0 ? (uint32_t)ttl : 0;
}

static void take_addresses(struct resolve_answer *answer, const struct ares_addrinfo *info)
{
	for (const struct ares_addrinfo_node *node = info->nodes; node != NULL && answer->count < RESOLVE_ADDRESSES_MAX;
		node = node->ai_next) {
		struct sockaddr_storage address = {0};
		struct endpoint endpoint;

		if (node->ai_addrlen > sizeof address)
			continue;
		memcpy(&address, node->ai_addr, node->ai_addrlen);
		if (endpoint_from_sockaddr(&address, &endpoint) == 0 && !ip_is_any(&endpoint.ip))
			answer->addresses[answer->count++] = endpoint.ip;
	}
	answer->ttl_s = ttl_of(info);
}

static void ask_for(struct resolve_query *query, int family);

static void on_answer(void *context, int status, int timeouts, struct ares_addrinfo *info)
{
	struct resolve_query *query = context;

	(void)timeouts;
	if (status == ARES_SUCCESS && info != NULL)
		take_addresses(&query->answer, info);
	if (info != NULL)
		ares_freeaddrinfo(info);
	if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION) {
		free_query(query);
		return;
	}
	if (query->answer.count == 0 && query->family == AF_INET &&
		(status == ARES_ENODATA || status == ARES_SUCCESS)) {
		ask_for(query, AF_INET6);
		return;
	}
	if (query->answer.count == 0)
		snprintf(query->answer.why, sizeof query->answer.why, "%s",
			reason(status == ARES_SUCCESS ? ARES_ENODATA : status));
	answer_later(query);
}

static void ask_for(struct resolve_query *query, int family)
{
	/* Their order does not matter here, and sorting them would open a socket to each. */
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, .ai_family = family, .ai_socktype = SOCK_STREAM};

	query->family = family;
	ares_getaddrinfo(query->resolver->channel, query->name, NULL, &hints, on_answer, query);
}

int resolver_ask(
	struct resolver *resolver, const char *name, resolve_fn *fn, void *context, struct resolve_query **ret_query)
{
	struct resolve_query *query = calloc(1, sizeof *query);

	if (query == NULL)
		return -ENOMEM;
	*query = (struct resolve_query){.resolver = resolver, .name = strdup(name), .fn = fn, .context = context};
	list_append(&resolver->queries, &query->link);
	if (query->name == NULL) {
		free_query(query);
		return -ENOMEM;
	}
	*ret_query = query;
	ask_for(query, AF_INET);
	set_timer(resolver);
	return 0;
}

void resolver_cancel(struct resolve_query *query)
{
	query->fn = NULL;
}

/* Starting and ending. */

static int set_servers(struct resolver *resolver, const struct resolver_conf *conf)
{
	AUTO_FREE struct ares_addr_port_node *nodes = calloc(MAX(conf->server_count, (size_t)1), sizeof *nodes);

	if (nodes == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->server_count; i++) {
		const struct endpoint *server = &conf->servers[i];

		nodes[i].next = i + 1 < conf->server_count ? &nodes[i + 1] : NULL;
		nodes[i].family = server->ip.family;
		memcpy(&nodes[i].addr, server->ip.bytes, ip_size(&server->ip));
		nodes[i].udp_port = nodes[i].tcp_port = server->port;
	}
	return conf->server_count == 0 || ares_set_servers_ports(resolver->channel, nodes) == ARES_SUCCESS ? 0
													   : -ENOMEM;
}

static int open_channel(struct resolver *resolver, const struct resolver_conf *conf)
{
	struct ares_options options = {
		.timeout = (int)(conf->timeout_ns / NS_PER_MS),
		.tries = (int)conf->tries,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = resolver,
	};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
	int status;

	/* With servers of our own no domain of the system's is tried behind a name. */
	if (conf->server_count > 0)
		mask |= ARES_OPT_DOMAINS;
	status = ares_library_init(ARES_LIB_INIT_ALL);
	resolver->has_library = status == ARES_SUCCESS;
	if (status == ARES_SUCCESS)
		status = ares_init_options(&resolver->channel, &options, mask);
	resolver->has_channel = resolver->has_library && status == ARES_SUCCESS;
	if (status != ARES_SUCCESS)
		return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
	return set_servers(resolver, conf);
}

int resolver_new(struct loop *loop, const struct resolver_conf *conf, struct resolver **ret_resolver)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);
	int r;

	if (resolver == NULL)
		return -ENOMEM;
	resolver->loop = loop;
	list_init(&resolver->watches);
	list_init(&resolver->queries);
	list_init(&resolver->done);
	r = open_channel(resolver, conf);
	if (r < 0)
		resolver_free(resolver);
	else
		*ret_resolver = resolver;
	return r;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	/* Its queries and watches go with it. */
	if (resolver->has_channel)
		ares_destroy(resolver->channel);
	while (!list_is_empty(&resolver->done))
		free_query(LIST_ENTRY(resolver->done.next, struct resolve_query, link));
	while (!list_is_empty(&resolver->watches))
		drop_watch(LIST_ENTRY(resolver->watches.next, struct watch, link));
	loop_timer_clear(resolver->loop, &resolver->timer);
	loop_timer_clear(resolver->loop, &resolver->done_timer);
	if (resolver->has_library)
		ares_library_cleanup();
	free(resolver);
}

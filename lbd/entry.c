/* SPDX-License-Identifier: MIT */
#include "lbd/entry.h"

#include "common/system/fd.h"
#include "lbd/dial.h"
#include "lbd/listener.h"

#include <errno.h>
#include <string.h>

/* Sockets. */

static int socket_new(enum service_protocol protocol, const struct endpoint *endpoint, unsigned workers,
	struct entry_socket **ret_socket)
{
	size_t size = sizeof(struct entry_socket) + workers * sizeof(struct entry_part);
	struct entry_socket *made = aligned_alloc(_Alignof(struct entry_socket), size);

	if (made == NULL)
		return -ENOMEM;
	memset(made, 0, size);
	atomic_init(&made->references, 1);
	made->protocol = protocol;
	made->endpoint = *endpoint;
	made->workers = workers;
	for (unsigned i = 0; i < workers; i++)
		made->parts[i].fd = -1;
	*ret_socket = made;
	return 0;
}

struct entry_socket *entry_socket_ref(struct entry_socket *socket)
{
	atomic_fetch_add(&socket->references, 1);
	return socket;
}

void entry_socket_unref(struct entry_socket *socket)
{
	if (socket == NULL || atomic_fetch_sub(&socket->references, 1) > 1)
		return;
	for (unsigned i = 0; i < socket->workers; i++)
		fd_close(&socket->parts[i].fd);
	free(socket);
}

static bool has_sessions(const struct entry_socket *socket)
{
	for (unsigned i = 0; i < socket->workers; i++) {
		if (counter_read(&socket->parts[i].sessions) > 0)
			return true;
	}
	return false;
}

/* Entries. */

struct entry *entry_ref(struct entry *entry)
{
	atomic_fetch_add(&entry->references, 1);
	return entry;
}

void entry_unref(struct entry *entry)
{
	if (entry == NULL || atomic_fetch_sub(&entry->references, 1) > 1)
		return;
	for (size_t i = 0; i < entry->count; i++)
		entry_socket_unref(entry->listeners[i].socket);
	free(entry->listeners);
	free(entry);
}

bool entry_has_left(const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->listeners[i].leaving && !has_sessions(entry->listeners[i].socket))
			return true;
	}
	return false;
}

bool entry_is_leaving(const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->listeners[i].leaving)
			return true;
	}
	return false;
}

static int entry_new(const struct entry *previous, const struct conf *conf, struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof *entry);
	size_t count = previous != NULL ? previous->count : 0;

	if (entry == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->service_count; i++)
		count += conf->services[i].listen_count;
	atomic_init(&entry->references, 1);
	entry->sockets_made = previous != NULL ? previous->sockets_made : 0;
	entry->listeners = calloc(MAX(count, (size_t)1), sizeof *entry->listeners);
	if (entry->listeners == NULL) {
		free(entry);
		return -ENOMEM;
	}
	*ret_entry = entry;
	return 0;
}

/* What there was, to be found by its endpoint. */

struct former {
	const struct entry_listener *listener;
	bool taken;
};

struct formers {
	struct former *list;
	size_t count;
};

static int compare_places(
	enum service_protocol a, const struct endpoint *x, enum service_protocol b, const struct endpoint *y)
{
	if (a != b)
		return a < b ? -1 : 1;
	if (x->ip.family != y->ip.family)
		return x->ip.family < y->ip.family ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return memcmp(x->ip.bytes, y->ip.bytes, sizeof x->ip.bytes);
}

static int compare_formers(const void *a, const void *b)
{
	const struct entry_socket *x = ((const struct former *)a)->listener->socket;
	const struct entry_socket *y = ((const struct former *)b)->listener->socket;

	return compare_places(x->protocol, &x->endpoint, y->protocol, &y->endpoint);
}

static int formers_init(struct formers *formers, const struct entry *previous)
{
	formers->count = previous != NULL ? previous->count : 0;
	formers->list = calloc(MAX(formers->count, (size_t)1), sizeof *formers->list);
	if (formers->list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < formers->count; i++)
		formers->list[i].listener = &previous->listeners[i];
	qsort(formers->list, formers->count, sizeof *formers->list, compare_formers);
	return 0;
}

/* NULL: there was none. */
static struct former *find_former(
	const struct formers *formers, enum service_protocol protocol, const struct endpoint *endpoint)
{
	size_t low = 0, high = formers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry_socket *socket = formers->list[middle].listener->socket;
		int order = compare_places(socket->protocol, &socket->endpoint, protocol, endpoint);

		if (order == 0)
			return &formers->list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* One of ours on the same port, on all addresses where this is on one or the reverse: the probe would meet it. */
static bool is_beside_ours(
	const struct formers *formers, enum service_protocol protocol, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < formers->count; i++) {
		const struct entry_socket *socket = formers->list[i].listener->socket;

		if (socket->protocol == protocol && socket->endpoint.port == endpoint->port &&
			(ip_is_any(&socket->endpoint.ip) || ip_is_any(&endpoint->ip)))
			return true;
	}
	return false;
}

/* Building. */

static int open_socket(struct entry *entry, const struct service_conf *service, const struct endpoint *endpoint,
	unsigned workers, struct entry_socket **ret_socket, struct text *errors)
{
	struct entry_socket *made;
	int r = socket_new(service->protocol, endpoint, workers, &made);

	if (r < 0)
		return r;
	made->number = ++entry->sockets_made;
	for (unsigned i = 0; r == 0 && i < workers; i++)
		r = listener_open(service->protocol, endpoint, service->name, &made->parts[i].fd, errors);
	if (r < 0)
		entry_socket_unref(made);
	else
		*ret_socket = made;
	return r;
}

static int try_transparent(const struct service_conf *service, const struct endpoint *endpoint, struct text *errors)
{
	int r = service->transparent ? dial_try_transparent(endpoint->ip.family) : 0;

	if (r < 0)
		text_addf(errors,
			"service %s: 'transparent = yes' cannot be done: %s; it needs CAP_NET_RAW "
			"(AmbientCapabilities= of the unit), or root\n",
			service->name, strerrordesc_np(-r));
	return r;
}

static int add(struct entry *entry, struct formers *formers, const struct service_conf *service,
	const struct endpoint *endpoint, uint32_t slot, unsigned workers, struct text *errors)
{
	struct former *former = find_former(formers, service->protocol, endpoint);
	struct entry_listener *next = &entry->listeners[entry->count];
	int r = try_transparent(service, endpoint, errors);

	if (r < 0)
		return r;
	if (former != NULL) {
		former->taken = true;
		next->socket = entry_socket_ref(former->listener->socket);
	} else {
		if (!is_beside_ours(formers, service->protocol, endpoint))
			r = listener_probe(service->protocol, endpoint, service->name, errors);
		if (r == 0)
			r = open_socket(entry, service, endpoint, workers, &next->socket, errors);
	}
	if (r < 0)
		return r;
	next->service = slot;
	next->fast_open = service->fast_open;
	entry->count++;
	return 0;
}

/* The sessions' datagrams come in there still. With TCP nothing does, once what waits has been accepted. */
static void keep_leaving(struct entry *entry, const struct formers *formers)
{
	for (size_t i = 0; i < formers->count; i++) {
		const struct entry_listener *listener = formers->list[i].listener;

		if (formers->list[i].taken || listener->socket->protocol != SERVICE_PROTOCOL_UDP ||
			(listener->leaving && !has_sessions(listener->socket)))
			continue;
		entry->listeners[entry->count++] = (struct entry_listener){
			.socket = entry_socket_ref(listener->socket), .service = listener->service, .leaving = true};
	}
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = ((const struct entry_listener *)a)->socket->number;
	uint64_t y = ((const struct entry_listener *)b)->socket->number;

	return (x > y) - (x < y);
}

static int fill(struct entry *entry, struct formers *formers, const struct layout *layout, unsigned workers,
	struct text *errors)
{
	int result = 0;

	for (size_t i = 0; i < layout->conf->service_count; i++) {
		const struct service_conf *service = &layout->conf->services[i];

		for (size_t j = 0; j < service->listen_count; j++) {
			int r = add(
				entry, formers, service, &service->listen[j], layout->service_of[i], workers, errors);

			result = result < 0 ? result : r;
		}
	}
	keep_leaving(entry, formers);
	qsort(entry->listeners, entry->count, sizeof *entry->listeners, compare_numbers);
	return result;
}

int entry_next(const struct entry *previous, const struct layout *layout, unsigned workers, struct entry **ret_entry,
	struct text *errors)
{
	struct formers formers;
	struct entry *entry;
	int r = formers_init(&formers, previous);

	if (r < 0)
		return r;
	r = entry_new(previous, layout->conf, &entry);
	if (r == 0) {
		r = fill(entry, &formers, layout, workers, errors);
		if (r < 0)
			entry_unref(entry);
		else
			*ret_entry = entry;
	}
	free(formers.list);
	return r;
}

int entry_probe(const struct conf *conf, struct text *errors)
{
	int result = 0;

	for (size_t i = 0; i < conf->service_count; i++) {
		const struct service_conf *service = &conf->services[i];

		for (size_t j = 0; j < service->listen_count; j++) {
			int r = listener_probe(service->protocol, &service->listen[j], service->name, errors);

			if (r == 0)
				r = try_transparent(service, &service->listen[j], errors);
			result = result < 0 ? result : r;
		}
	}
	return result;
}

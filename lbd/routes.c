/* SPDX-License-Identifier: MIT */
#include "lbd/routes.h"

#include "common/pure/arena.h"
#include "common/pure/hash.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* That a route is for a name. */
struct entry {
	const char *name; /* without the `*.`; that of `*` is empty */
	bool is_suffix;
	uint64_t hash; /* of both */
	size_t route;
	struct entry *next; /* in its bucket, in the routes' order */
};

struct route {
	const char *const *protocols;
	size_t protocol_count; /* 0: any */
};

struct routes {
	_Atomic unsigned references;
	struct arena arena;
	struct route *list;
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t labels_max;   /* that a suffix has */
};

static uint64_t hash_of(const char *name, size_t length, bool is_suffix)
{
	return hash_add(hash_bytes(name, length), is_suffix);
}

/* Making. */

static size_t count_labels(const char *name)
{
	size_t labels = *name != '\0';

	for (; *name != '\0'; name++)
		labels += *name == '.';
	return labels;
}

static int add_name(struct routes *routes, const char *pattern, size_t route)
{
	struct entry *entry = arena_alloc(&routes->arena, 1, sizeof *entry);
	bool is_suffix = *pattern == '*';
	const char *name = is_suffix ? pattern + 1 + (pattern[1] == '.') : pattern;
	size_t length = strlen(name), labels = is_suffix ? count_labels(name) : 0;
	struct entry **bucket;

	if (entry == NULL)
		return -ENOMEM;
	*entry = (struct entry){.is_suffix = is_suffix, .hash = hash_of(name, length, is_suffix), .route = route};
	entry->name = arena_strdup(&routes->arena, name);
	bucket = &routes->buckets[entry->hash & (routes->bucket_count - 1)];
	entry->next = *bucket;
	*bucket = entry;
	routes->labels_max = MAX(routes->labels_max, labels);
	return entry->name == NULL ? -ENOMEM : 0;
}

static int copy_protocols(struct routes *routes, const struct route_conf *conf, struct route *route)
{
	const char **protocols = arena_alloc(&routes->arena, conf->alpn_count, sizeof *protocols);

	if (protocols == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->alpn_count; i++) {
		protocols[i] = arena_strdup(&routes->arena, conf->alpn[i]);
		if (protocols[i] == NULL)
			return -ENOMEM;
	}
	*route = (struct route){.protocols = protocols, .protocol_count = conf->alpn_count};
	return 0;
}

/* The last of them first, since each comes before those that are in its bucket. */
static int fill(struct routes *routes, const struct route_conf *list, size_t count)
{
	int r = 0;

	for (size_t i = count; r == 0 && i-- > 0;) {
		r = copy_protocols(routes, &list[i], &routes->list[i]);
		for (size_t j = 0; r == 0 && j < list[i].server_name_count; j++)
			r = add_name(routes, list[i].server_names[j], i);
	}
	return r;
}

static int make_room(struct routes *routes, const struct route_conf *list, size_t count)
{
	size_t names = 0;

	for (size_t i = 0; i < count; i++)
		names += list[i].server_name_count;
	routes->bucket_count = 1;
	while (routes->bucket_count < names)
		routes->bucket_count *= 2;
	routes->buckets = arena_alloc(&routes->arena, routes->bucket_count, sizeof(struct entry *));
	routes->list = arena_alloc(&routes->arena, count, sizeof *routes->list);
	return routes->buckets == NULL || routes->list == NULL ? -ENOMEM : 0;
}

int routes_new(const struct route_conf *list, size_t count, struct routes **ret_routes)
{
	struct routes *routes = calloc(1, sizeof *routes);
	int r;

	if (routes == NULL)
		return -ENOMEM;
	atomic_init(&routes->references, 1);
	r = make_room(routes, list, count);
	if (r == 0)
		r = fill(routes, list, count);
	if (r < 0)
		routes_unref(routes);
	else
		*ret_routes = routes;
	return r;
}

struct routes *routes_ref(struct routes *routes)
{
	if (routes != NULL)
		atomic_fetch_add(&routes->references, 1);
	return routes;
}

void routes_unref(struct routes *routes)
{
	if (routes == NULL || atomic_fetch_sub(&routes->references, 1) > 1)
		return;
	arena_free(&routes->arena);
	free(routes);
}

/* Finding. */

static bool is_for(const struct route *route, const struct client_hello *hello)
{
	for (size_t i = 0; i < route->protocol_count; i++) {
		if (client_hello_offers(hello, route->protocols[i]))
			return true;
	}
	return route->protocol_count == 0;
}

/* The first one before `before` that is for this name. */
static size_t find_name(
	const struct routes *routes, const struct client_hello *hello, const char *name, bool is_suffix, size_t before)
{
	uint64_t hash = hash_of(name, strlen(name), is_suffix);
	const struct entry *entry = routes->buckets[hash & (routes->bucket_count - 1)];

	for (; entry != NULL && entry->route < before; entry = entry->next) {
		if (entry->hash == hash && entry->is_suffix == is_suffix && strcmp(entry->name, name) == 0 &&
			is_for(&routes->list[entry->route], hello))
			return entry->route;
	}
	return before;
}

size_t routes_find(const struct routes *routes, const struct client_hello *hello)
{
	const char *at = hello->name + strlen(hello->name);
	size_t found = ROUTES_NONE;

	if (*hello->name == '\0')
		return ROUTES_NONE;
	found = find_name(routes, hello, "", true, found);
	/* Behind each dot, from the right; what has more labels than any suffix is none. */
	for (size_t labels = 0; at > hello->name && labels <= routes->labels_max; at--) {
		if (at[-1] != '.')
			continue;
		if (++labels <= routes->labels_max)
			found = find_name(routes, hello, at, true, found);
	}
	return find_name(routes, hello, hello->name, false, found);
}

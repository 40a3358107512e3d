/* SPDX-License-Identifier: MIT */
#include "lbd/layout.h"

#include <errno.h>
#include <string.h>

/* Keys. */

static const char *protocol_names[] = {[SERVICE_PROTOCOL_TCP] = "tcp", [SERVICE_PROTOCOL_UDP] = "udp"};
static_assert(ARRAY_LEN(protocol_names) == SERVICE_PROTOCOL_COUNT, "a row is missing");

/* NULL: out of memory. Names have no blanks. */
static const char *print_key(struct arena *arena, const char *a, const char *between, const char *b)
{
	AUTO_TEXT text = {0};

	text_addf(&text, "%s%s%s", a, between, b);
	return text.failed ? NULL : arena_strdup(arena, text_get(&text));
}

static int service_keys(struct arena *arena, const struct conf *conf, const char **keys)
{
	for (size_t i = 0; i < conf->service_count; i++) {
		const struct service_conf *service = &conf->services[i];

		/* There is one mode so far. */
		keys[i] = print_key(arena, service->name, " ", protocol_names[service->protocol]);
		if (keys[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int pool_keys(const struct conf *conf, const char **keys)
{
	for (size_t i = 0; i < conf->pool_count; i++)
		keys[i] = conf->pools[i].name;
	return 0;
}

static int server_keys(struct arena *arena, const struct conf *conf, const char **keys)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->pool_count; i++) {
		const struct pool_conf *pool = &conf->pools[i];

		for (size_t j = 0; j < pool->place_count; j++) {
			const struct server_conf *server = &pool->places[j];
			char address[SERVER_ADDRESS_TEXT_MAX];
			const char *name = print_key(arena, pool->name, "/", server->name);

			keys[count] =
				name != NULL ? print_key(arena, name, " ", conf_server_address(server, address)) : NULL;
			if (keys[count++] == NULL)
				return -ENOMEM;
		}
	}
	return 0;
}

static size_t count_servers(const struct conf *conf)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->pool_count; i++)
		count += conf->pools[i].place_count;
	return count;
}

/* The numbers of all that the configuration has, in its order. */
struct numbers {
	uint32_t *services;
	uint32_t *pools;
	uint32_t *servers;
};

static int allot(struct layout *layout, const struct layout *previous, struct arena *arena, struct numbers *numbers)
{
	const struct conf *conf = layout->conf;
	size_t server_count = count_servers(conf);
	size_t most = MAX(conf->pool_count, conf->service_count);
	const char **keys = arena_alloc(arena, MAX(most, server_count), sizeof(const char *));
	int r = keys == NULL ? -ENOMEM : service_keys(arena, conf, keys);

	if (r == 0)
		r = slots_next(previous != NULL ? &previous->service_slots : NULL, keys, conf->service_count,
			&layout->service_slots, numbers->services);
	if (r == 0)
		r = pool_keys(conf, keys);
	if (r == 0)
		r = slots_next(previous != NULL ? &previous->pool_slots : NULL, keys, conf->pool_count,
			&layout->pool_slots, numbers->pools);
	if (r == 0)
		r = server_keys(arena, conf, keys);
	if (r == 0)
		r = slots_next(previous != NULL ? &previous->server_slots : NULL, keys, server_count,
			&layout->server_slots, numbers->servers);
	return r;
}

/* Filling. */

static int make_arrays(struct layout *layout)
{
	layout->service_count = layout->service_slots.count;
	layout->pool_count = layout->pool_slots.count;
	layout->server_count = layout->server_slots.count;
	layout->services = arena_alloc(&layout->arena, layout->service_count, sizeof *layout->services);
	layout->pools = arena_alloc(&layout->arena, layout->pool_count, sizeof *layout->pools);
	layout->servers = arena_alloc(&layout->arena, layout->server_count, sizeof *layout->servers);
	return layout->services == NULL || layout->pools == NULL || layout->servers == NULL ? -ENOMEM : 0;
}

static void fill_services(struct layout *layout, const uint32_t *numbers)
{
	for (size_t i = 0; i < layout->conf->service_count; i++) {
		const struct service_conf *conf = &layout->conf->services[i];

		layout->services[numbers[i]] = (struct layout_service){.conf = conf, .owner = conf_ref(layout->conf)};
	}
}

static void fill_pools(struct layout *layout, const uint32_t *server_numbers)
{
	for (size_t i = 0; i < layout->conf->pool_count; i++) {
		const struct pool_conf *conf = &layout->conf->pools[i];

		layout->pools[layout->pool_of[i]] = (struct layout_pool){
			.conf = conf,
			.owner = conf_ref(layout->conf),
			.servers = server_numbers,
			.server_count = conf->place_count,
		};
		server_numbers += conf->place_count;
	}
}

static int fill_server(struct layout *layout, uint32_t pool, size_t place)
{
	const struct layout_pool *in = &layout->pools[pool];
	const struct server_conf *conf = &in->conf->places[place];
	const char *name = print_key(&layout->arena, in->conf->name, "/", conf->name);

	if (name == NULL)
		return -ENOMEM;
	layout->servers[in->servers[place]] = (struct layout_server){
		.conf = conf,
		.pool_conf = in->conf,
		.owner = conf_ref(layout->conf),
		.pool = pool,
		.name = name,
	};
	return 0;
}

static int fill_servers(struct layout *layout)
{
	for (size_t i = 0; i < layout->conf->pool_count; i++) {
		for (size_t j = 0; j < layout->conf->pools[i].place_count; j++) {
			if (fill_server(layout, layout->pool_of[i], j) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* What is leaving stays as it was. */
static int keep_leaving(struct layout *layout, const struct layout *previous)
{
	for (size_t i = 0; i < layout->service_count; i++) {
		if (layout->service_slots.list[i].state != SLOT_LEAVING)
			continue;
		layout->services[i] = previous->services[i];
		layout->services[i].leaving = true;
		(void)conf_ref(layout->services[i].owner);
	}
	for (size_t i = 0; i < layout->pool_count; i++) {
		const struct layout_pool *before = &previous->pools[i];

		if (layout->pool_slots.list[i].state == SLOT_LEAVING)
			layout->pools[i] = (struct layout_pool){
				.conf = before->conf, .owner = conf_ref(before->owner), .leaving = true};
	}
	for (size_t i = 0; i < layout->server_count; i++) {
		struct layout_server *server = &layout->servers[i];

		if (layout->server_slots.list[i].state != SLOT_LEAVING)
			continue;
		*server = previous->servers[i];
		server->leaving = true;
		(void)conf_ref(server->owner);
		server->name = arena_strdup(&layout->arena, previous->servers[i].name);
		if (server->name == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int fill(struct layout *layout, const struct layout *previous, struct arena *arena)
{
	const struct conf *conf = layout->conf;
	struct numbers numbers = {
		.services = arena_alloc(&layout->arena, conf->service_count, sizeof *numbers.services),
		.pools = arena_alloc(&layout->arena, conf->pool_count, sizeof *numbers.pools),
		.servers = arena_alloc(&layout->arena, count_servers(conf), sizeof *numbers.servers),
	};
	int r;

	if (numbers.services == NULL || numbers.pools == NULL || numbers.servers == NULL)
		return -ENOMEM;
	layout->service_of = numbers.services;
	layout->pool_of = numbers.pools;
	r = allot(layout, previous, arena, &numbers);
	if (r == 0)
		r = make_arrays(layout);
	if (r < 0)
		return r;
	fill_pools(layout, numbers.servers);
	fill_services(layout, numbers.services);
	r = fill_servers(layout);
	if (r == 0 && previous != NULL)
		r = keep_leaving(layout, previous);
	return r;
}

int layout_next(const struct layout *previous, struct conf *conf, struct layout **ret_layout)
{
	struct layout *layout = calloc(1, sizeof *layout);
	struct arena keys = {0};
	int r;

	if (layout == NULL)
		return -ENOMEM;
	layout->conf = conf_ref(conf);
	r = fill(layout, previous, &keys);
	arena_free(&keys);
	if (r < 0)
		layout_free(layout);
	else
		*ret_layout = layout;
	return r;
}

void layout_free(struct layout *layout)
{
	if (layout == NULL)
		return;
	for (size_t i = 0; layout->services != NULL && i < layout->service_count; i++)
		conf_unref(layout->services[i].owner);
	for (size_t i = 0; layout->pools != NULL && i < layout->pool_count; i++)
		conf_unref(layout->pools[i].owner);
	for (size_t i = 0; layout->servers != NULL && i < layout->server_count; i++)
		conf_unref(layout->servers[i].owner);
	slots_free(&layout->service_slots);
	slots_free(&layout->pool_slots);
	slots_free(&layout->server_slots);
	arena_free(&layout->arena);
	conf_unref(layout->conf);
	free(layout);
}

uint32_t layout_pool_of(const struct layout *layout, const struct pool_conf *pool)
{
	const struct conf *conf = layout->conf;

	/* Two configurations are two arrays, which only numbers can be compared of. */
	if ((uintptr_t)pool >= (uintptr_t)conf->pools && (uintptr_t)pool < (uintptr_t)(conf->pools + conf->pool_count))
		return layout->pool_of[pool - conf->pools];
	for (size_t i = 0; i < layout->pool_count; i++) {
		if (layout->pools[i].conf != NULL && strcmp(layout->pools[i].conf->name, pool->name) == 0)
			return (uint32_t)i;
	}
	return LAYOUT_NO_SLOT;
}

uint32_t layout_find_server(const struct layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->server_count; i++) {
		const struct layout_server *server = &layout->servers[i];

		if (server->conf != NULL && !server->leaving && strcmp(server->name, name) == 0)
			return (uint32_t)i;
	}
	return LAYOUT_NO_SLOT;
}

void layout_release_service(struct layout *layout, uint32_t slot)
{
	slots_release(&layout->service_slots, slot);
	conf_unref(layout->services[slot].owner);
	layout->services[slot] = (struct layout_service){0};
}

void layout_release_pool(struct layout *layout, uint32_t slot)
{
	slots_release(&layout->pool_slots, slot);
	conf_unref(layout->pools[slot].owner);
	layout->pools[slot] = (struct layout_pool){0};
}

void layout_release_server(struct layout *layout, uint32_t slot)
{
	slots_release(&layout->server_slots, slot);
	conf_unref(layout->servers[slot].owner);
	layout->servers[slot] = (struct layout_server){0};
}

/* SPDX-License-Identifier: MIT */
/*
 * Which service, pool and server of a configuration has which slot (slots.h), and what is leaving: it stood in an
 * earlier configuration, and has connections still. A layout is made of the one before and a new configuration, and is
 * the control thread's own.
 *
 * What makes a thing the same one in another configuration: a service's name, protocol and mode; a pool's name; a
 * server's name, pool and address. A server with a name is several here, a slot for each address that it may have.
 */
#ifndef LBPAIR_LBD_LAYOUT_H
#define LBPAIR_LBD_LAYOUT_H

#include "common/model/conf.h"
#include "lbd/slots.h"

#define LAYOUT_NO_SLOT UINT32_MAX

/* In all three `conf` is NULL where the slot is free, and of an earlier configuration where it is leaving. */
struct layout_service {
	const struct service_conf *conf;
	struct conf *owner; /* of `conf`: a reference */
	bool leaving;
};

struct layout_pool {
	const struct pool_conf *conf;
	struct conf *owner;
	bool leaving;
	const uint32_t *servers; /* their slots, by place; a leaving pool has none */
	size_t server_count;
};

struct layout_server {
	const struct server_conf *conf;
	const struct pool_conf *pool_conf;
	struct conf *owner;
	bool leaving;
	uint32_t pool;
	const char *name; /* POOL/SERVER */
};

struct layout {
	struct conf *conf; /* a reference */
	struct slots service_slots;
	struct slots pool_slots;
	struct slots server_slots;
	struct layout_service *services; /* by slot, as the next two */
	struct layout_pool *pools;
	struct layout_server *servers;
	size_t service_count; /* of slots */
	size_t pool_count;
	size_t server_count;
	const uint32_t *service_of; /* the slot of a service, by its place in the configuration */
	const uint32_t *pool_of;
	struct arena arena;
};

/* Takes a reference to the configuration. `previous` (NULL: none) stays as it is. -ENOMEM. */
MUST_USE int layout_next(const struct layout *previous, struct conf *conf, struct layout **ret_layout);
/* Accepts NULL. */
void layout_free(struct layout *layout);

/* The slot of a pool of the layout's configuration, or of an earlier one, of which something is leaving. */
uint32_t layout_pool_of(const struct layout *layout, const struct pool_conf *pool);

/* The slot of a server that is there and not leaving, by POOL/SERVER; LAYOUT_NO_SLOT: there is none of that name. */
uint32_t layout_find_server(const struct layout *layout, const char *name);

/* Something that is leaving has left. */
void layout_release_service(struct layout *layout, uint32_t slot);
void layout_release_pool(struct layout *layout, uint32_t slot);
void layout_release_server(struct layout *layout, uint32_t slot);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The routes of a service: which of them a TLS client takes, by the name and the protocols that it asks for. They are
 * tried in the order of the configuration, and found by hashes: of the name and of each of its ends, however many
 * routes there are. Immutable, with counted references. Does no I/O.
 */
#ifndef LBPAIR_LBD_ROUTES_H
#define LBPAIR_LBD_ROUTES_H

#include "common/model/conf.h"
#include "lbd/client_hello.h"

struct routes;

/* Goes by a copy of what it needs. One reference, the caller's. -ENOMEM. */
MUST_USE int routes_new(const struct route_conf *list, size_t count, struct routes **ret_routes);
struct routes *routes_ref(struct routes *routes);
/* Both accept NULL. */
void routes_unref(struct routes *routes);

#define ROUTES_NONE SIZE_MAX

/* The place of the first route that is for this client, or ROUTES_NONE. */
size_t routes_find(const struct routes *routes, const struct client_hello *hello);

#endif

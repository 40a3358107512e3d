/* SPDX-License-Identifier: MIT */
/* Names made into addresses by DNS and /etc/hosts, without waiting: c-ares, driven by the loop. */
#ifndef LBPAIR_LBD_RESOLVE_H
#define LBPAIR_LBD_RESOLVE_H

#include "common/model/conf.h"
#include "common/system/loop.h"

/* More of one name are not looked at. */
#define RESOLVE_ADDRESSES_MAX 64
#define RESOLVE_WHY_MAX 64

struct resolver;
struct resolve_query;

struct resolve_answer {
	struct ip addresses[RESOLVE_ADDRESSES_MAX];
	size_t count; /* 0: none, and `why` says so */
	uint32_t ttl_s;
	char why[RESOLVE_WHY_MAX]; /* "there is no such name" */
};

typedef void resolve_fn(void *context, const struct resolve_answer *answer);

/* -ENOMEM; -EINVAL: the system's configuration of names cannot be read. */
MUST_USE int resolver_new(struct loop *loop, const struct resolver_conf *conf, struct resolver **ret_resolver);
/* No callback comes any more. Accepts NULL. */
void resolver_free(struct resolver *resolver);

/*
 * Asks for the IPv4 addresses of the name and, where it has none, for the IPv6 ones. `fn` is called once, in a later
 * round of the loop, and the query is gone then. -ENOMEM.
 */
MUST_USE int resolver_ask(
	struct resolver *resolver, const char *name, resolve_fn *fn, void *context, struct resolve_query **ret_query);
/* Its callback does not come. */
void resolver_cancel(struct resolve_query *query);

#endif

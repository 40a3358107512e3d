/* SPDX-License-Identifier: MIT */
/* What vrrpd has said about each vip, and so which addresses are not this node's: their connections are to be reset. */
#ifndef LBPAIR_LBD_ROLES_H
#define LBPAIR_LBD_ROLES_H

#include "common/model/conf.h"
#include "lbd/snapshot.h"

#define ROLE_NAME_MAX 64
#define ROLES_MAX 4096
#define ROLE_ADDRESSES_MAX 256

struct role {
	char vip[ROLE_NAME_MAX];
	char state[ROLE_NAME_MAX];
	struct ip *addresses;
	size_t address_count;
	uint64_t revision; /* of the last word that was not "active" */
};

struct roles {
	struct role *list;
	size_t count;
	uint64_t revision;
};

/*
 * Remembers the role, replacing an earlier one of that vip; `addresses` are copied. Returns 1 where connections to
 * them are to be reset, else 0. -ENOMEM; -ENOSPC: there are ROLES_MAX already.
 */
MUST_USE int roles_set(
	struct roles *roles, const char *vip, const char *state, const struct ip *addresses, size_t count);
/* The addresses that are not this node's, to be freed by the caller; NULL and 0: none, NULL else: out of memory. */
MUST_USE struct snapshot_yield *roles_yields(const struct roles *roles, size_t *ret_count);
/* Forgets those whose vip the configuration does not have any more. */
void roles_keep(struct roles *roles, const struct conf *conf);
void roles_free(struct roles *roles);

#endif

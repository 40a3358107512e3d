/* SPDX-License-Identifier: MIT */
/* The servers that have a name for an address: asked for at the start, and again as the answers' TTLs say. */
#ifndef LBPAIR_LBD_NAMES_H
#define LBPAIR_LBD_NAMES_H

#include "lbd/layout.h"
#include "lbd/resolve.h"

struct names;

struct names_setup {
	struct loop *loop;
	const struct resolver_conf *conf; /* read in names_new only */
	/*
	 * Called for each of the name's servers, the one that is written first. An answer came, and `address` is what
	 * the server of that slot has by it: of family 0, nothing (any more). NULL: there was none, and `why` says so.
	 */
	void (*fn)(void *context, uint32_t slot, const struct ip *address, const char *why);
	void *context;
};

/* Errors as of resolver_new. */
MUST_USE int names_new(const struct names_setup *setup, struct names **ret_names);
/* Accepts NULL. */
void names_free(struct names *names);

/*
 * Asks for the names of the layout's servers from now on, and for no others; what is known of those that were there
 * before stands. -ENOMEM: some are not asked for.
 */
MUST_USE int names_follow(struct names *names, const struct layout *layout);

#endif

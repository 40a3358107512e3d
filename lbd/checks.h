/* SPDX-License-Identifier: MIT */
/* The checks of all servers, and what they share. */
#ifndef LBPAIR_LBD_CHECKS_H
#define LBPAIR_LBD_CHECKS_H

#include "lbd/checker.h"
#include "lbd/layout.h"

struct checks;
struct checks_change;

struct checks_setup {
	struct loop *loop;
	checker_fn *fn; /* gets the servers' slots */
	void *context;
};

/* -ENOMEM, or the errno of children_new. */
MUST_USE int checks_new(const struct checks_setup *setup, struct checks **ret_checks);
/* Accepts NULL. */
void checks_free(struct checks *checks);

/*
 * Makes ready to check the servers of the layout instead of those that are checked now. Checks that stay as they are
 * keep their times. `addresses` are the servers' at the moment, by slot, and outlive the change. Negative errno, and a
 * line for each mistake; nothing has changed then.
 */
MUST_USE int checks_prepare(struct checks *checks, const struct layout *layout, const struct endpoint *addresses,
	struct checks_change **ret_change, struct text *errors);
/* Carries it out, or drops it. The layout outlives the checks from then on, or until the next one. */
void checks_commit(struct checks *checks, struct checks_change *change);
/* Accepts NULL. */
void checks_abandon(struct checks_change *change);

/* The server of that slot is there from now on; of family 0: nowhere, and is not checked. Not to be called in the
 * checks' callback. */
void checks_set_address(struct checks *checks, uint32_t slot, const struct ip *address);

/* Tries whether what the checks want is on this host. Negative errno, and a line for each mistake. */
MUST_USE int checks_probe(struct conf *conf, struct text *errors);

#endif

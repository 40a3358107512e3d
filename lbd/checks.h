/* SPDX-License-Identifier: MIT */
/* The checks of all servers, and what they share. */
#ifndef LBPAIR_LBD_CHECKS_H
#define LBPAIR_LBD_CHECKS_H

#include "lbd/checker.h"
#include "lbd/layout.h"

struct checks;

/*
 * Starts the checks of all servers; `fn` gets their slots. The layout outlives them. Negative errno, and a line for
 * each mistake.
 */
MUST_USE int checks_start(struct loop *loop, const struct layout *layout, checker_fn *fn, void *context,
	struct checks **ret_checks, struct text *errors);
/* Accepts NULL. */
void checks_stop(struct checks *checks);

/* Tries whether what the checks want is on this host. Negative errno, and a line for each mistake. */
MUST_USE int checks_probe(const struct conf *conf, struct text *errors);

#endif

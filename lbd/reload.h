/* SPDX-License-Identifier: MIT */
/*
 * From the file to another configuration in use. Reading and comparing take long where there is much, so a thread of
 * its own does that; the rest is the director's.
 */
#ifndef LBPAIR_LBD_RELOAD_H
#define LBPAIR_LBD_RELOAD_H

#include "lbd/director.h"

struct reload;

struct reload_setup {
	struct loop *loop;
	const char *config_path;
	const char *node; /* which this host is */
	struct director *director;
};

struct reload_result {
	int error;           /* 0, or negative errno: nothing has changed */
	const char *errors;  /* a line for each mistake */
	const char *plan;    /* what was, or would be, done, in lines */
	uint64_t generation; /* that is to be applied */
};

typedef void reload_fn(void *context, const struct reload_result *result);

/* What the setup points at outlives it. Negative errno. Reloads are told to systemd and logged. */
MUST_USE int reload_new(const struct reload_setup *setup, struct reload **ret_reload);
/* Accepts NULL. */
void reload_free(struct reload *reload);

/* As SIGHUP asks for: where one is under way, another follows. It is logged how it went. */
void reload_by_signal(struct reload *reload);
/*
 * Begins one; `fn` is called once when it is over. With `dry_run` nothing is changed. -EBUSY: one is under way; another
 * negative errno: it could not begin.
 */
MUST_USE int reload_start(struct reload *reload, bool dry_run, reload_fn *fn, void *context);

#endif

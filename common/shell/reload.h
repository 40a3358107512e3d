/* SPDX-License-Identifier: MIT */
/*
 * From the file to another configuration in use. Reading, checking and comparing take long where there is much, so a
 * thread of its own does that; putting it in use is the daemon's, in the loop's thread.
 */
#ifndef LBPAIR_COMMON_SHELL_RELOAD_H
#define LBPAIR_COMMON_SHELL_RELOAD_H

#include "common/model/conf.h"
#include "common/system/loop.h"

struct reload;

struct reload_setup {
	struct loop *loop;
	const char *daemon; /* its name, for messages */
	const char *config_path;
	const char *node;            /* which this host is; copied */
	const char *status;          /* for systemd, when a reload is over; NULL: it keeps what it was told */
	const char *const *sections; /* what of the plan is this daemon's to tell, up to a NULL */
	void *context;

	/* The configuration in use, which stays so until apply. */
	struct conf *(*current)(void *context);
	/*
	 * In the other thread: reads and checks what the configuration names. On failure there is a line in `errors`
	 * for each mistake. Both may be NULL.
	 */
	int (*prepare)(const struct conf *conf, void **ret_prepared, struct text *errors);
	void (*discard)(void *prepared);
	/*
	 * Puts the configuration in use, taking its own reference to it, or changes nothing and says why. -EAGAIN: it
	 * is too early, and is tried again for a while.
	 */
	int (*apply)(void *context, struct conf *conf, void *prepared, uint64_t *ret_generation, struct text *errors);
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

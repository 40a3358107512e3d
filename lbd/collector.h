/* SPDX-License-Identifier: MIT */
/*
 * Collects what metrics are made of, in the control thread and little by little, so that neither checks nor beats wait
 * for it. Whoever asks while a collection is under way gets that one.
 */
#ifndef LBPAIR_LBD_COLLECTOR_H
#define LBPAIR_LBD_COLLECTOR_H

#include "lbd/director.h"
#include "lbd/metric_rows.h"

#include <stdatomic.h>

/* What was collected, for as many as asked; any thread may let go of it. */
struct collected {
	_Atomic unsigned references;
	struct metric_set *set;
};

struct collected *collected_ref(struct collected *collected);
/* Accepts NULL. */
void collected_unref(struct collected *collected);

struct collector;

struct collector_setup {
	struct loop *loop;
	const struct director *director;
	const char *node;
	/* Tells everybody who has asked; `collected` is borrowed, and NULL where it could not be done. */
	void (*fn)(void *context, struct collected *collected);
	void *context;
};

MUST_USE int collector_new(const struct collector_setup *setup, struct collector **ret_collector);
/* Accepts NULL. */
void collector_free(struct collector *collector);
/* The setup's function is called once more, later. */
void collector_ask(struct collector *collector);

#endif

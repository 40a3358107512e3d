/* SPDX-License-Identifier: MIT */
/*
 * The connection log: a thread that writes a line to stderr for each record that the workers leave (record.h). A slow
 * reader of stderr, or more than CONNLOG_LINES_A_SECOND, makes it fall behind; what the workers then find no room for
 * is dropped, and a line says how many.
 *
 * The thread runs from the first connlog_set on. The functions are the control thread's.
 */
#ifndef LBPAIR_LBD_CONNLOG_H
#define LBPAIR_LBD_CONNLOG_H

#include "lbd/record.h"

#define CONNLOG_LINES_A_SECOND 10000

struct connlog;

/* Negative errno. */
MUST_USE int connlog_new(unsigned workers, struct connlog **ret_connlog);
/* Writes what there is, as far as stderr takes it soon. Nobody writes records any more. Accepts NULL. */
void connlog_free(struct connlog *connlog);
/* Whether records come. Negative errno: the thread cannot be started. */
MUST_USE int connlog_set(struct connlog *connlog, bool on);
/* The worker's, whose own it is. */
struct record_ring *connlog_ring(struct connlog *connlog, unsigned worker);
/* How many records have been dropped. */
uint64_t connlog_dropped(const struct connlog *connlog);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * lbd's own word on its health, in a page (`lbd.live` of the run dir) that lbd maps shared and writes, and vrrpd reads:
 * a counter for each of its event loops, whether its listeners are bound and each server has been checked, and the
 * state of each service.
 *
 * lbd holds a POSIX record lock (fcntl(2), F_SETLK) on the page for as long as it lives. The lock, not the page, says
 * which process is the writer: it goes with the process, and stays over an exec.
 */
#ifndef LBPAIR_COMMON_SYSTEM_LIVENESS_H
#define LBPAIR_COMMON_SYSTEM_LIVENESS_H

#include "common/pure/base.h"

#include <sys/types.h>

/* How often each loop of lbd advances its counter. */
#define LIVENESS_BEAT_MS 20
#define LIVENESS_LOOPS_MAX 64
#define LIVENESS_SERVICES_MAX 4096
#define LIVENESS_NAME_MAX 64

struct liveness; /* either side's handle */

/* Writer's side (lbd). */

/* Creates or takes over the page. -EBUSY: another lbd of this run dir holds the lock. */
MUST_USE int liveness_create(const char *run_dir, unsigned loops, struct liveness **ret_live);
/* To be called by the loop of that number, every LIVENESS_BEAT_MS. Wait-free. */
void liveness_beat(struct liveness *live, unsigned loop);
/* All listeners are bound and accept. */
void liveness_set_bound(struct liveness *live, bool bound);
/* Each server with a check has had a verdict since the start. */
void liveness_set_checked(struct liveness *live, bool checked);
/* Replaces the list of services; `up` says whether a new connection would find a server. */
struct liveness_service {
	char name[LIVENESS_NAME_MAX];
	bool up;
};
void liveness_set_services(struct liveness *live, const struct liveness_service *services, size_t count);

/* Reader's side (vrrpd). The page's content is taken as hostile: every count is bounded. */

/* -ENOENT: there is no page yet; -EINVAL: not such a page. */
MUST_USE int liveness_open(const char *run_dir, struct liveness **ret_live);
/* The process that holds the lock; 0: none, that is, lbd does not run. Negative errno. */
MUST_USE int liveness_pid(const struct liveness *live, pid_t *ret_pid);
/* Whether the path still leads to the page that is open; when not, it is to be opened anew. */
bool liveness_is_current(const struct liveness *live, const char *run_dir);

struct liveness_state {
	unsigned loops;
	uint64_t beats[LIVENESS_LOOPS_MAX];
	bool bound;
	bool checked;
};
void liveness_read(const struct liveness *live, struct liveness_state *ret_state);
/*
 * Copies at most `capacity` services out, consistently; returns how many. -EAGAIN: the writer is at it; -EINVAL: the
 * page is cut short.
 */
MUST_USE int liveness_read_services(
	const struct liveness *live, struct liveness_service *ret_services, size_t capacity);

/* Unmaps, closes and so gives up the lock. Accepts NULL. */
void liveness_free(struct liveness *live);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The guardian as the main process sees it (DESIGN section 5.2): a second, tiny process that watches the main one by
 * pidfd and by its progress, and takes the VIPs away from it when it has died or hangs. What it does is in guard.c.
 *
 * Each guardian is this program, executed anew under the name GUARDIAN_NAME with two descriptors: the page and a pidfd
 * of the main process. So it owns nothing else of the main process, no lock and no socket, and no signal that can be
 * blocked ends it. It goes when the main process has ended, or when that dismisses it.
 */
#ifndef LBPAIR_VRRPD_GUARDIAN_H
#define LBPAIR_VRRPD_GUARDIAN_H

#include "common/system/loop.h"
#include "vrrpd/fence.h"

#include <sys/types.h>

/* argv[0] of a guardian; main() hands over to guardian_main when it finds it. Its name in the process list, too. */
#define GUARDIAN_NAME "vrrpd-guard"

struct guardian;

/* Starts the first guardian. To be called first of all in main. The page stays the caller's. */
MUST_USE int guardian_start(struct fence *fence, struct guardian **ret_guardian);
/*
 * Watches the guardian from the main loop: when it dies, or makes no progress for a second, it is replaced. Until then
 * the main process is without; it does not notice.
 */
MUST_USE int guardian_watch(struct guardian *guardian, struct loop *loop);
pid_t guardian_pid(const struct guardian *guardian);
/*
 * A planned end: the main process has removed its VIPs and said goodbye; the guardian goes without fencing. Frees the
 * handle, and is to be called before the loop and the page are freed. Accepts NULL.
 */
void guardian_dismiss(struct guardian *guardian);

/*
 * Writes into `vrrpd.guardian` of the run dir which process the guardian is, now and whenever it is replaced, for the
 * vrrpd that comes after this one.
 */
MUST_USE int guardian_record(struct guardian *guardian, const char *run_dir);
/*
 * Waits until the guardian of the vrrpd before this one has ended, so that it does not take away what this one
 * installs. To be called with the run dir locked: that guardian's main process is dead then, and a guardian that has
 * not gone within a second is killed. -ETIMEDOUT: it is still there after one more.
 */
MUST_USE int guardian_await_former(const char *run_dir);

/* The guardian's main; returns its exit status. */
int guardian_main(int argc, char *argv[]);

#endif

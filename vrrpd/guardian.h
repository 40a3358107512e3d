/* SPDX-License-Identifier: MIT */
/*
 * The guardian (DESIGN section 5.2): a second, tiny process that watches the main one by pidfd and by its progress, and
 * takes the VIPs away from it when it has died or hangs.
 */
#ifndef LBPAIR_VRRPD_GUARDIAN_H
#define LBPAIR_VRRPD_GUARDIAN_H

#include "common/system/loop.h"
#include "vrrpd/fence.h"

/* argv[0] of a guardian that was exec'd; main() hands over to guardian_main when it finds it. */
#define GUARDIAN_NAME "vrrpd-guard"

struct guardian;

/*
 * Forks the first guardian. To be called first of all in main, while the process has one thread and no descriptors of
 * others. The child never returns from here.
 */
MUST_USE int guardian_start(struct fence *fence, struct guardian **ret_guardian);
/* Watches the guardian from the main loop: its death is logged and another one exec'd with the descriptors passed. */
MUST_USE int guardian_watch(struct guardian *guardian, struct loop *loop);
pid_t guardian_pid(const struct guardian *guardian);
/* A planned end: the main process has removed its VIPs and said goodbye; the guardian goes without fencing. */
void guardian_dismiss(struct guardian *guardian);

/* The exec'd guardian's main; returns its exit status. */
int guardian_main(int argc, char *argv[]);

#endif
int guardian_await_former(const char *run_dir);
int guardian_record(const struct guardian *guardian, const char *run_dir);

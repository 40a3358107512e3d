/* SPDX-License-Identifier: MIT */
/* What the kernel says of another process's first thread (proc(5): task/TID/stat, schedstat, wchan). */
#ifndef LBPAIR_VRRPD_VITALS_H
#define LBPAIR_VRRPD_VITALS_H

#include "common/pure/base.h"

#include <sys/types.h>

#define VITALS_PLACE_MAX 48

struct vitals {
	int stat_fd, schedstat_fd, place_fd; /* -1: could not be had */
};

/* Opens what is read later, since a host that is short of everything may have no room for it then. Never fails. */
void vitals_open(pid_t pid, struct vitals *ret_vitals);
void vitals_close(struct vitals *vitals);
/* R S D T t Z X; '?': not known, or the process is gone. */
char vitals_state(const struct vitals *vitals);
/* The time on a processor since the start, in ns; -1: not known. */
int64_t vitals_ran_ns(const struct vitals *vitals);
/* The kernel function in which it waits; empty: in none, or not known. */
void vitals_place(const struct vitals *vitals, char ret_place[static VITALS_PLACE_MAX]);

#endif

/* SPDX-License-Identifier: MIT */
/* The guardian's own process: its watch over the main process, and the fencing (DESIGN section 5.2). */
#ifndef LBPAIR_VRRPD_GUARD_H
#define LBPAIR_VRRPD_GUARD_H

#include "vrrpd/fence.h"

/*
 * Watches the main process of `main_pidfd` until it has ended or dismisses its guardian; fences it when it hangs or has
 * died. Takes both over. Returns when there is nothing left to guard: the process may end then.
 */
void guard_run(struct fence *fence, int main_pidfd);

#endif

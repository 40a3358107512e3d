/* SPDX-License-Identifier: MIT */
/*
 * Another host that says on the LAN that a VIP is its own while this node has it (DESIGN section 5.4): it is named, and
 * each of its words is answered by an announcement of ours, with one more when it has fallen silent.
 */
#ifndef LBPAIR_VRRPD_RIVAL_H
#define LBPAIR_VRRPD_RIVAL_H

#include "vrrpd/neighbour.h"
#include "vrrpd/vip.h"

/* A frame that came in by the vip's interface, of an address of the vip. */
void rival_heard(struct vip *vip, const struct neighbour_word *word);
/* "00:00:5e:00:01:33"; NULL: nobody is heard. */
#define RIVAL_TEXT_MAX 18
const char *rival_text(const struct vip *vip, char buffer[static RIVAL_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * When a rival's claims of a VIP are answered (DESIGN section 5.4): each by one announcement, but no more than one in a
 * gap, at whose end a claim that came within it gets its answer; and once more when the rival has gone. Pure; rival.c
 * announces.
 */
#ifndef LBPAIR_VRRPD_RETORT_H
#define LBPAIR_VRRPD_RETORT_H

#include "common/pure/mono.h"

/* One of our announcements an answer, but no more than that. */
#define RETORT_GAP_NS (100 * NS_PER_MS)
/* A rival is gone when nothing was heard of it for so long. */
#define RETORT_GONE_NS (3 * NS_PER_S)

/* Zeroed: nobody has claimed yet. */
struct retort {
	struct mono heard_at;    /* the last claim; {0}: none */
	struct mono answered_at; /* our last answer; {0}: none */
	bool owed;               /* a claim has come since */
};

enum retort_due {
	RETORT_NOTHING,
	RETORT_ANSWER,
	RETORT_GONE, /* the rival is: one answer more, and the retort is to be zeroed */
};

/* A claim is heard. Whether it is to be answered at once. */
MUST_USE bool retort_hear(struct retort *retort, struct mono now);
/* When retort_tick is due, once a claim was heard. */
struct mono retort_deadline(const struct retort *retort);
MUST_USE enum retort_due retort_tick(struct retort *retort, struct mono now);

#endif

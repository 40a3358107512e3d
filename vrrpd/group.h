/* SPDX-License-Identifier: MIT */
/*
 * Groups (DESIGN section 3): the vips of one stand and fall together. What each adds to the facts of the others, and
 * which of them follow one that has left. Pure; review.c and reports.c go through the vips.
 */
#ifndef LBPAIR_VRRPD_GROUP_H
#define LBPAIR_VRRPD_GROUP_H

#include "vrrpd/facts.h"
#include "vrrpd/word.h"

/* What the last review found of a vip by itself, for the others of its group. */
struct group_condition {
	bool fault;   /* its interface, or its LAN, is not to be used */
	bool unready; /* as a vip of its own it would not be taken over as planned */
	struct track_sum tracked;
};

/* The facts that were gathered for it. */
void group_note(struct group_condition *condition, const struct vrrp_facts *facts);

/* Another vip of the group. */
struct group_member {
	const struct vrrp_fsm *fsm;
	const struct word *word;
	const struct group_condition *condition;
	bool is_before; /* by name: the first decides where a group that was parted comes together again */
};

/*
 * Adds what is known of the other: a fault of any, the greatest penalty, any doubt. So the vips of a group have one
 * priority, and one active node. input->heartbeat says whether the peer speaks.
 */
void group_add(struct facts_input *input, const struct group_member *other);

/*
 * One vip of a group has left Active: whether the others, still active, are given away with it. Otherwise they are
 * looked at anew: a fault concerns them as well, and as planned they are asked to move themselves.
 */
bool group_is_parted_by(const struct vrrp_fsm *left);

#endif

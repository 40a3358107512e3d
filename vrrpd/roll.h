/* SPDX-License-Identifier: MIT */
/*
 * What is known of many vips, by their ids: what a node says of all of its vips in one heartbeat, and what it has heard
 * the other say. Pure.
 *
 * A datagram stays within one frame, so a heartbeat of many vips is several. Each speaks of all vips whose ids lie in a
 * range, and the ranges of a heartbeat cover all ids: which vips there are is known without the others, and one that is
 * lost leaves what was heard before of its vips, until that is too old: by the clock, and by the number of heartbeats
 * that have come since, for after a pause of either node all of it is old when the first datagram comes, and is told
 * anew by the next ones.
 */
#ifndef LBPAIR_VRRPD_ROLL_H
#define LBPAIR_VRRPD_ROLL_H

#include "common/model/conf.h"
#include "common/pure/mono.h"
#include "vrrpd/peermsg.h"

#define ROLL_VIPS_MAX CONF_VIPS_MAX

struct roll_entry {
	struct peer_vip vip;
	struct mono heard_at; /* when it was said, and in which heartbeat; of one's own vips: nothing */
	uint32_t beat;
};

struct roll {
	struct roll_entry entries[ROLL_VIPS_MAX]; /* by id, each once */
	size_t count;
};

/* Appends one, which is in its place when roll_sort has been called. There are no more than CONF_VIPS_MAX. */
void roll_add(struct roll *roll, const struct peer_vip *vip);
/* Of two with one id one stays. */
void roll_sort(struct roll *roll);
/* NULL: nothing is known of it. */
const struct peer_vip *roll_find(const struct roll *roll, uint32_t id);

/*
 * Puts the vips from index `from` on into the heartbeat, `room` (not 0) of them at most, and the range that they stand
 * for. Returns where the next one goes on; that was the last where it is roll->count.
 */
size_t roll_cut(const struct roll *roll, size_t from, size_t room, struct peer_message *heartbeat);

/* Whether the heartbeat speaks of the vip, if only by leaving it out. */
bool roll_covers(const struct peer_message *heartbeat, uint32_t id);
/* Takes over what the heartbeat says of its range. False: there would be too many; the roll is as before. */
bool roll_merge(struct roll *roll, const struct peer_message *heartbeat, struct mono now);
/*
 * Forgets what was heard before `since`, where three heartbeats before that one, or more, have not told it again;
 * returns how many vips that were.
 */
size_t roll_age(struct roll *roll, const struct peer_message *heartbeat, struct mono since);
/* The heartbeat is of a sender who has started again: what was heard counts as of its first one. */
void roll_restart(struct roll *roll, const struct peer_message *heartbeat);
/*
 * Whether it is a further datagram of the same heartbeat as `last` (NULL: there was none). Then it counts although that
 * one has overtaken it on its way: they speak of different vips.
 */
bool roll_goes_on(const struct peer_message *last, const struct peer_message *heartbeat);
/*
 * All of it: takes over what a heartbeat says that follows `before` (NULL: the sender had fallen silent, and what it
 * said until then no longer counts), and forgets what is older than `age_ns`. Returns how many vips that were, or
 * -ENOSPC: it speaks of too many, and what it says of them is passed over.
 */
int roll_hear(struct roll *roll, const struct peer_message *before, const struct peer_message *heartbeat,
	int64_t age_ns, struct mono now);

#endif

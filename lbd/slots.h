/* SPDX-License-Identifier: MIT */
/*
 * Slots: numbers for things that have names, which stay the same from one configuration to the next. Counters, arrays
 * and connections go by them. What is no longer wanted keeps its slot, which is then leaving, until it is released; if
 * it is wanted again before, it has the same one. No I/O.
 */
#ifndef LBPAIR_LBD_SLOTS_H
#define LBPAIR_LBD_SLOTS_H

#include "common/pure/arena.h"
#include "common/pure/base.h"

enum slot_state {
	SLOT_FREE,
	SLOT_USED,
	SLOT_LEAVING,
};

struct slot {
	const char *key; /* NULL while it is free */
	enum slot_state state;
};

struct slots {
	struct slot *list;
	size_t count; /* all slots in use or leaving are below it */
	struct arena arena;
};

/*
 * What follows `previous` (NULL: nothing was before) where `keys`, none of them twice, are wanted: `numbers` gets the
 * slot of each. The lowest free ones are given out first. `previous` stays as it is. -ENOMEM.
 */
MUST_USE int slots_next(
	const struct slots *previous, const char *const *keys, size_t count, struct slots *ret_next, uint32_t *numbers);
/* A leaving slot is free from now on. */
void slots_release(struct slots *slots, uint32_t number);
void slots_free(struct slots *slots);

#endif

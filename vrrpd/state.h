/* SPDX-License-Identifier: MIT */
/*
 * What vrrpd keeps over a restart, `vrrpd.json` of the state dir: maintenance, the vips that were given away as
 * planned, which of them for maintenance, and the last sequence that adverts were signed with.
 */
#ifndef LBPAIR_VRRPD_STATE_H
#define LBPAIR_VRRPD_STATE_H

#include "common/model/conf.h"

struct state {
	uint64_t sequence;
	uint64_t peer_sequence;
	bool maintenance;
	size_t yielding_count;
	char (*yielding)[64]; /* names of vips; owned, as the next */
	size_t lent_count;
	char (*lent)[64];
};

/* Where there is no file, or it cannot be read as one (which is logged), the state is empty. -ENOMEM. */
MUST_USE int state_load(const char *state_dir, struct state *ret_state);
bool state_is_yielding(const struct state *state, const char *vip);
bool state_is_lent(const struct state *state, const char *vip);
void state_free(struct state *state);

/*
 * The thread that writes the file, since syncing a disk may take seconds: to a temporary file, synced and renamed.
 * Before it runs, what is saved waits for it. Negative errno. All of these are one thread's.
 */
MUST_USE int state_start(void);
/* Has the file written anew; of several calls under way the last one wins. Failures are logged. */
void state_save(const char *state_dir, const struct state *state);
/* Waits until what was saved is on the disk, and ends the thread; for the planned end. */
void state_stop(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the director has, and telling of it: snapshots to the workers, liveness to vrrpd. For the director's own files;
 * all others have director.h.
 */
#ifndef LBPAIR_LBD_DIRECTOR_STATE_H
#define LBPAIR_LBD_DIRECTOR_STATE_H

#include "common/system/liveness.h"
#include "common/system/loop.h"
#include "lbd/checks.h"
#include "lbd/closings.h"
#include "lbd/connlog.h"
#include "lbd/entry.h"
#include "lbd/names.h"
#include "lbd/roles.h"
#include "lbd/servers.h"
#include "lbd/snapshot.h"
#include "lbd/workers.h"

struct director {
	struct loop *loop;
	struct liveness *live;
	unsigned threads;
	struct layout *layout;
	struct runtime *runtime;
	struct entry *entry;
	struct board board;
	struct servers *servers;
	struct closings *closings;
	struct checks *checks;
	struct connlog *connlog;
	struct names *names; /* NULL: no server has one */
	uint64_t reloads;
	struct workers *workers;
	struct roles roles;

	struct loop_io news_io;
	int news_fd;
	struct snapshot *snapshot; /* the last one */
	uint64_t generation;       /* of it */
	uint64_t servers_revision; /* that it was made of */
	uint64_t closings_revision;
	uint64_t layout_generation; /* of the first snapshot that was made by this layout */
	bool finishing;
	void (*applied_fn)(void *context);
	void *applied_context;

	struct loop_timer beat_timer;
	struct loop_timer change_timer;
	struct mono changed_at; /* changes were told last */
	struct loop_timer outlier_timer;
	struct loop_timer step_timer; /* of slow starts */
	struct loop_timer watchdog_timer;
	struct loop_timer release_timer; /* while something is leaving */
};

/* What a snapshot is made of, and the snapshot. */
struct director_parts {
	struct layout *layout;
	struct entry *entry;
	struct servers *servers;
	struct snapshot *snapshot;
};

/* Room for all of the layout's slots. */
MUST_USE int director_reserve_board(struct board *board, const struct layout *layout);

/* Of the next generation; nobody has it yet. */
MUST_USE int director_draw_snapshot(struct director *director, struct director_parts *parts);
/* The director's own reference goes over to the new one. */
void director_take_snapshot(struct director *director, struct snapshot *snapshot);
/* Both, of what the director has. */
MUST_USE int director_make_snapshot(struct director *director);
/* And gives it to the workers. On failure, which is logged, they keep the one that they have. */
int director_publish(struct director *director);

void director_tell_liveness(struct director *director);

/* Once for all changes of the next moment: a snapshot takes as long as there are servers, and many may fail at once. */
void director_note_change(struct director *director);

/* Sets one of the director's own timers again, which takes no memory. */
void director_again(struct director *director, struct loop_timer *timer, struct mono at, loop_timer_fn *fn);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The life of a proxied connection: what is to be done next, by what has happened and by the time. No I/O.
 *
 *	preface -> connecting <-> waiting
 *	connecting -> open -> client done or server done -> ended
 *
 * The preface is what a client has to send before a server is chosen (preface.h); most services ask for none. A
 * connection waits while all servers are full, for as long as is said when it begins to, and while this host has
 * nothing left to connect with, for as long as an attempt may take.
 *
 * A side is done when its FIN has come and all its bytes have been passed on. A reset on one side ends the life with a
 * reset of the other. The idle timeout counts from the last byte that moved; the half-close timeout is how long the
 * connection may live on after one side was done, however busy the other is.
 */
#ifndef LBPAIR_LBD_LIFE_H
#define LBPAIR_LBD_LIFE_H

#include "common/model/conf.h"
#include "common/pure/mono.h"
#include "lbd/ending.h"

enum life_state {
	/* Early ones: there is no server yet. */
	LIFE_PREFACE,
	LIFE_CONNECTING,
	LIFE_WAITING,
	LIFE_OPEN,
	LIFE_CLIENT_DONE,
	LIFE_SERVER_DONE,
	LIFE_ENDED,
};

enum life_event {
	LIFE_PREFACE_READ,
	LIFE_PREFACE_WRONG,
	LIFE_CONNECTED,
	LIFE_CONNECT_FAILED,
	LIFE_NO_SERVER, /* none is usable for the first attempt or for a further one, or none has room */
	LIFE_CLIENT_FIN,
	LIFE_SERVER_FIN,
	LIFE_CLIENT_RESET,
	LIFE_SERVER_RESET,
	LIFE_RESET,       /* by us; why is in the life's cause */
	LIFE_CLOSE,       /* the same, with a FIN where nothing has moved lately */
	LIFE_LOSE_SERVER, /* it is taken away from an attempt that is under way */
	LIFE_TIME,        /* the deadline may have been reached */
};

enum life_action {
	LIFE_DO_NOTHING,
	LIFE_DO_ADMIT,         /* the client is known: the first attempt, unless something forbids it */
	LIFE_DO_CONNECT,       /* another attempt */
	LIFE_DO_MOVE,          /* the same, though the server has not failed */
	LIFE_DO_FIN_TO_SERVER, /* close that direction */
	LIFE_DO_FIN_TO_CLIENT,
	LIFE_DO_CLOSE,  /* end both sides; with a FIN where no byte gets lost by it */
	LIFE_DO_RESET,  /* end both sides with a RST */
	LIFE_DO_REFUSE, /* the same, and no server has been reached */
};

struct life {
	enum life_state state;
	/* Once it has ended: why. Before an event of which there are several kinds: which it is. */
	enum end_cause cause;
	bool preface_optional;
	bool starving;          /* since it first did, this attempt has not been made */
	unsigned attempts_left; /* beyond the one under way */
	struct mono since;      /* the state, or the attempt, began */
	struct mono active;     /* the last byte moved */
	struct mono wait_until;
};

/* One word; what a person is shown. */
const char *life_state_name(enum life_state state);

void life_begin(struct life *life, unsigned retries, struct mono now);
enum life_action life_step(
	struct life *life, const struct timeouts_conf *timeouts, enum life_event event, struct mono now);
/* Straight after the beginning: a preface is to be read first. */
void life_expect_preface(struct life *life, struct mono now);
/* Whether it goes on without what is missing of the preface when the time is over; else it is refused. */
static inline void life_set_preface_optional(struct life *life, bool optional)
{
	life->preface_optional = optional;
}
/* In the queue, with `limit_ns` (0: none) to go; and out of it, to connect. */
void life_wait(struct life *life, int64_t limit_ns, struct mono now);
void life_go_on(struct life *life, struct mono now);
/* The same while there are no descriptors or no memory; when it does so again, its time goes on. */
void life_starve(struct life *life, const struct timeouts_conf *timeouts, struct mono now);
/* Whether there is no server yet. */
static inline bool life_is_early(const struct life *life)
{
	return life->state <= LIFE_WAITING;
}
/* When LIFE_TIME is to come; MONO_NEVER where no limit applies. */
struct mono life_deadline(const struct life *life, const struct timeouts_conf *timeouts);
/* Bytes have moved. */
static inline void life_touch(struct life *life, struct mono now)
{
	life->active = now;
}

#endif

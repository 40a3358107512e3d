/* SPDX-License-Identifier: MIT */
/*
 * Bytes one way between two connected sockets that are watched edge-triggered: with recv and send while the flow is
 * small, with splice(2) through a pipe once it is bulk. Bytes are read only when those before have been passed on, so
 * that a slow reader holds the writer back, and nothing is lost or overtaken.
 */
#ifndef LBPAIR_LBD_FLOW_H
#define LBPAIR_LBD_FLOW_H

#include "common/system/loop.h"
#include "lbd/store.h"

/* What stands between our writes and the wire: TCP_NODELAY is set at the second write. */
enum side_writes {
	SIDE_WRITES_FIRST,
	SIDE_WRITES_SECOND,
	SIDE_WRITES_AT_ONCE, /* it has been set, or was inherited */
};

/* A socket, and what is known of it since its last event. */
struct side {
	struct loop_io io;
	bool readable;
	bool writable;
	bool peer_closed; /* a FIN is at the end of what can be read */
	bool urgent;      /* urgent data has come, at whose mark a read stops */
	bool ended;       /* and it has been read */
	bool shut;        /* we have sent ours */
	bool reset;
	enum side_writes writes;
	int error; /* that it was reset with, where an event told of it: a negative errno */
};

struct flow {
	struct buffer *buffer; /* one of the two while bytes are in flight, else NULL */
	struct pipe *pipe;
	uint32_t start;   /* of the bytes in the buffer */
	uint32_t left;    /* bytes in flight */
	uint32_t streak;  /* full reads in a row */
	uint64_t *budget; /* bytes that may still be read, from which they are taken; NULL: any */
};

enum flow_result {
	FLOW_WAITS,  /* for an event of either side */
	FLOW_BUSY,   /* it has had its share of this round and could go on */
	FLOW_HELD,   /* it could go on but for its budget */
	FLOW_ENDED,  /* the source's FIN has come, and all bytes have been passed on */
	FLOW_BROKEN, /* one of the sides is reset */
};

/* What the loop is to report for a side. */
#define SIDE_EVENTS (LOOP_READ | LOOP_WRITE | LOOP_PEER_CLOSED | LOOP_URGENT | LOOP_EDGE)

/* Takes note of the events that the loop reports for a connected side. */
void side_note(struct side *side, unsigned events);

/* Moves what can be moved now. `ret_moved`, always written: how many bytes the sink has taken. */
enum flow_result flow_run(
	struct flow *flow, struct side *source, struct side *sink, struct store *store, uint64_t *ret_moved);
/* Gives up the bytes in flight. */
void flow_drop(struct flow *flow, struct store *store);

static inline bool flow_is_empty(const struct flow *flow)
{
	return flow->left == 0;
}

#endif

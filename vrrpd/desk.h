/* SPDX-License-Identifier: MIT */
/*
 * The thread that serves lbctl, apart from that of the adverts (DESIGN section 5.7): its loop, and how it comes by what
 * the other knows. It asks by requests (request.h) and never shares a lock: for a copy of what is known, however many
 * clients want one, there is one request on its way at a time; and it keeps a copy of the recorder.
 */
#ifndef LBPAIR_VRRPD_DESK_H
#define LBPAIR_VRRPD_DESK_H

#include "common/shell/control.h"
#include "common/system/mailbox.h"
#include "vrrpd/request.h"

/* So long the thread of the adverts is waited for: less than lbctl waits for us. An order may take longer. */
#define DESK_WAIT_NS (1500 * NS_PER_MS)
#define DESK_ORDER_WAIT_NS (25 * NS_PER_S)

struct desk;

/* Negative errno. */
MUST_USE int desk_new(struct desk **ret_desk);
struct loop *desk_loop(struct desk *desk);
/* The mailboxes to the thread of the adverts and back from it, for requests_serve. */
struct mailbox *desk_questions(struct desk *desk);
struct mailbox *desk_answers(struct desk *desk);

/* Starts the thread: from then on what belongs to its loop is its own. Negative errno. */
MUST_USE int desk_start(struct desk *desk);
/*
 * The other thread's: waits for the end of this one, whose loop and calls are then the caller's. Requests stay, until
 * desk_free. Accepts NULL.
 */
void desk_stop(struct desk *desk);
/* When it has stopped: answers whoever waits that vrrpd is stopping. */
void desk_refuse_all(struct desk *desk);
/* After the other side has ended. Accepts NULL. */
void desk_free(struct desk *desk);

/* The control thread's. */

enum {
	DESK_VIEW = 1 << 0,
	DESK_EVENTS = 1 << 1,
};
/* `view` and `recorder` are as fresh as `wants` asks for, and are the function's while it runs. */
typedef void desk_look_fn(
	struct control_call *call, const struct view *view, const struct recorder *recorder, void *context);

/* Calls `fn` when there is a copy that is not older than this. Where none can be had the call is refused. */
void desk_look(struct desk *desk, unsigned wants, struct control_call *call, desk_look_fn *fn, void *context);
/* The recorder as it was copied last. */
const struct recorder *desk_recorder(const struct desk *desk);

/* A new order of that kind. NULL: out of memory. */
struct order *desk_order_new(enum request_kind kind);
/* Hands the order over, and answers the call with what becomes of it. */
void desk_order(struct desk *desk, struct control_call *call, struct order *order);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The control command `connections`: what is open now, a page at a time.
 *
 * A page is of one worker. What goes on is the number `next` in the answer, which the following request has as `from`;
 * where it is null there is no more.
 */
#ifndef LBPAIR_LBD_CONNECTIONS_H
#define LBPAIR_LBD_CONNECTIONS_H

#include "common/shell/control.h"
#include "lbd/director.h"

struct connections;

/* -ENOMEM. */
MUST_USE int connections_new(struct director *director, struct connections **ret_connections);
/* Refuses those that wait. Accepts NULL. */
void connections_free(struct connections *connections);
/* Answers the call at once or later. */
void connections_ask(struct connections *connections, struct control_call *call, const json_t *params);
/* A page may have been filled. */
void connections_collect(struct connections *connections);

#endif

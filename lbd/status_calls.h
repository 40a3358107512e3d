/* SPDX-License-Identifier: MIT */
/* Those who have asked for the status: whoever asks while a page is written has the next one, together with others. */
#ifndef LBPAIR_LBD_STATUS_CALLS_H
#define LBPAIR_LBD_STATUS_CALLS_H

#include "common/shell/control.h"
#include "lbd/status.h"

struct status_calls;

/* `director` and what is in `identity` are borrowed. -ENOMEM. */
MUST_USE int status_calls_new(struct loop *loop, const struct director *director,
	const struct status_identity *identity, struct status_calls **ret_calls);
/* Those who still wait are refused, which must not bring others. Accepts NULL. */
void status_calls_free(struct status_calls *calls);

/* Takes the call over. */
void status_calls_ask(struct status_calls *calls, struct control_call *call);

#endif

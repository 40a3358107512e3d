/* SPDX-License-Identifier: MIT */
/*
 * Where the thread of the adverts answers what the control thread asks (request.h): one request a round, each a copy of
 * bounded size or the beginning of something that is answered later.
 */
#ifndef LBPAIR_VRRPD_REQUESTS_H
#define LBPAIR_VRRPD_REQUESTS_H

#include "common/system/mailbox.h"
#include "vrrpd/agent.h"

struct requests;

/* Takes from `in` and answers into `out`. Negative errno. */
MUST_USE int requests_serve(
	struct agent *agent, struct mailbox *in, struct mailbox *out, struct requests **ret_requests);
/* Before the agent is freed. Accepts NULL. */
void requests_end(struct requests *requests);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * vrrpd's main process: owns the vips and what they share, and brings together what is known (links, lbd, the peer)
 * into the facts that each vip's state machine goes by.
 */
#ifndef LBPAIR_VRRPD_AGENT_H
#define LBPAIR_VRRPD_AGENT_H

#include "common/model/conf.h"
#include "vrrpd/parts.h"

struct agent_setup {
	struct conf *conf;
	const struct node_conf *self;
	const char *config_path;
	const char *run_dir;
	const char *state_dir;
	struct loop *loop;
	struct fence *fence;
	struct guardian *guardian;
	struct runner *runner;
};

/*
 * Opens everything, removes what an earlier run left behind, and starts the vips. On failure a negative errno, with a
 * line on stderr, and nothing is left open or installed.
 */
MUST_USE int agent_new(const struct agent_setup *setup, struct agent **ret_agent);
/* Starts the thread that writes addresses; until then none is written. Negative errno. */
MUST_USE int agent_begin(struct agent *agent);
/*
 * The planned end: the vips are given away with priority 0. `fn` is called from the loop when the addresses are gone
 * and the notify programs have been told of it, or either has taken too long; agent_free may follow.
 */
void agent_finish(struct agent *agent, void (*fn)(void *context), void *context);
/* Gives the vips away where agent_finish has not, and has the state written. Accepts NULL. */
void agent_free(struct agent *agent);

/*
 * At the end: the agent reloads no more. To be freed when the guardian has been dismissed, since what is being read is
 * waited for. Accepts NULL.
 */
struct reload *agent_take_reload(struct agent *agent);
/* As SIGHUP asks for; it is logged how it went. */
void agent_reload_by_signal(struct agent *agent);

/* What has happened. Another thread may look at how much it is, and no more. */
const struct recorder *agent_recorder(const struct agent *agent);
const struct herald_news *agent_news(const struct agent *agent);

#endif

/* SPDX-License-Identifier: MIT */
/* vrrpd's control commands: status, failover, explain, config. */
#ifndef LBPAIR_VRRPD_COMMANDS_H
#define LBPAIR_VRRPD_COMMANDS_H

#include "common/shell/control.h"
#include "vrrpd/agent.h"

/* Serves them on `vrrpd.sock` of the run dir, until the server is freed, which must be before the agent is. */
MUST_USE int commands_serve(struct agent *agent, const char *run_dir, struct control_server **ret_server);

#endif

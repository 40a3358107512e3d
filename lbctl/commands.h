/* SPDX-License-Identifier: MIT */
/* What the verbs do, but for genkey and those of deploy.h; reload.c has one. Each is a row of the table in verbs.c. */
#ifndef LBPAIR_LBCTL_COMMANDS_H
#define LBPAIR_LBCTL_COMMANDS_H

#include "lbctl/lbctl.h"

verb_fn verb_check, verb_status, verb_failover, verb_maintenance, verb_events, verb_explain, verb_config_show,
	verb_reload;

#endif

/* SPDX-License-Identifier: MIT */
/* lbd's commands on its control socket, `lbd.sock` of the run dir. */
#ifndef LBPAIR_LBD_COMMANDS_H
#define LBPAIR_LBD_COMMANDS_H

#include "lbd/director.h"
#include "common/shell/reload.h"
#include "lbd/status.h"

struct commands;

struct commands_setup {
	struct loop *loop;
	const char *run_dir;
	struct status_identity identity;
	struct director *director;
	struct reload *reload;
};

/* Serves until commands_free; what the setup points at outlives it. Negative errno. */
MUST_USE int commands_new(const struct commands_setup *setup, struct commands **ret_commands);
/* Accepts NULL. */
void commands_free(struct commands *commands);

#endif

/* SPDX-License-Identifier: MIT */
/* vrrpd's control socket: the commands and the server, in the control thread (desk.h). */
#ifndef LBPAIR_VRRPD_COMMANDS_H
#define LBPAIR_VRRPD_COMMANDS_H

#include "vrrpd/desk.h"

struct commands;

/* Serves `run_dir`/vrrpd.sock; `recorder` is looked at for whether there is something new, and no more. */
MUST_USE int commands_serve(
	struct desk *desk, const struct recorder *recorder, const char *run_dir, struct commands **ret_commands);
/* When the desk has stopped: whoever waits is refused, and all of it is freed. Accepts NULL. */
void commands_end(struct commands *commands);

#endif

/* SPDX-License-Identifier: MIT */
/* The table of verbs, and the command line that it drives. */
#ifndef LBPAIR_LBCTL_VERBS_H
#define LBPAIR_LBCTL_VERBS_H

#include "lbctl/lbctl.h"

/* Runs the command line; stdout is flushed. */
MUST_USE enum lbctl_exit lbctl_run(int argc, char *argv[]);

#endif

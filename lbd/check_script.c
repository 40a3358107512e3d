/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

/* A program of the operator's judges the server: exit status 0 is good. */
const struct check_ops check_script = {
	.name = "script",
	.carrier = CHECK_BY_SCRIPT,
};

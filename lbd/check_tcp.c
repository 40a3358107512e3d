/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

/* The server takes connections; nothing is said on them. */
const struct check_ops check_tcp = {
	.name = "tcp",
	.carrier = CHECK_BY_STREAM,
};

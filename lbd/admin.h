/* SPDX-License-Identifier: MIT */
/* The pages of `admin { listen }`: metrics, and whether lbd is well. */
#ifndef LBPAIR_LBD_ADMIN_H
#define LBPAIR_LBD_ADMIN_H

#include "lbd/director.h"

struct admin;

struct admin_setup {
	struct loop *loop;
	const struct admin_conf *conf;
	const struct director *director;
	const char *node;
};

/* Serves until admin_free; what the setup points at outlives it. Negative errno, and a line for each mistake. */
MUST_USE int admin_new(const struct admin_setup *setup, struct admin **ret_admin, struct text *errors);
/* Accepts NULL. */
void admin_free(struct admin *admin);

#endif

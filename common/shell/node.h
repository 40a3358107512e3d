/* SPDX-License-Identifier: MIT */
/* Which node of the configuration a host is. Does no I/O; daemon.h asks the host. */
#ifndef LBPAIR_COMMON_SHELL_NODE_H
#define LBPAIR_COMMON_SHELL_NODE_H

#include "common/model/conf.h"
#include "common/pure/base.h"

struct node_clues {
	const char *wanted;    /* by the command line; NULL: nothing was */
	const char *host_name; /* with or without its domain */
	const struct ip *addresses;
	size_t address_count;
};

/*
 * The node that is wanted, else the one with the host's name (with its domain or without), else the one whose address
 * is on the host. -ENOENT: none; -ENOTUNIQ: the addresses of two. In `why` then one line that says what to do.
 */
MUST_USE int node_choose(
	const struct conf *conf, const struct node_clues *clues, const struct node_conf **ret_node, struct text *why);

#endif

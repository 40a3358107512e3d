/* SPDX-License-Identifier: MIT */
/* The syntax of a configuration file, by libconfuse: text in, a tree of items with their lines out. */
#ifndef LBPAIR_COMMON_MODEL_CONF_PARSE_H
#define LBPAIR_COMMON_MODEL_CONF_PARSE_H

#include "common/model/conf_error.h"
#include "common/model/conf_item.h"
#include "common/model/schema.h"

/*
 * Parses `content`, which conf_scan has found good. The tree has known and unknown names alike. 0: the whole file was
 * read. -EBADMSG: a syntax error, which has been added to `errors`; the tree ends there. -ENOMEM. The tree lives in
 * `arena`, which is emptied first.
 */
MUST_USE int conf_parse_items(
	const char *content, size_t size, struct arena *arena, struct conf_errors *errors, struct conf_item **ret_root);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the algorithms that keep a line (line.h) share: full servers step out of it when their turn comes, so that
 * nobody looks at them again and again, and come back when they have room.
 */
#ifndef LBPAIR_LBD_BALANCE_LINE_H
#define LBPAIR_LBD_BALANCE_LINE_H

#include "lbd/balance.h"
#include "lbd/line.h"

/* Takes over the shares as weights. */
void balance_line_update(struct line *line, const struct balance_pool *pool);
/* The first in line that accepts, or BALANCE_NONE; it has not had its turn yet. */
size_t balance_line_first(struct line *line, const struct balance_pool *pool, const struct balance_query *query);

#endif

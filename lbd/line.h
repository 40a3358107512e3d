/* SPDX-License-Identifier: MIT */
/*
 * Servers in line: the one with the least load for its weight stands first, and of equal ones that whose turn it is.
 *
 * Turns are dealt by stride scheduling (Waldspurger and Weihl, 1995), which is smooth weighted round robin: each server
 * has a pass, the lowest pass is next, and its server's stride, which is the inverse of the weight, is added to it.
 * The line is a heap, so that whatever happens to it costs the logarithm of its length. Passes wrap around; only their
 * differences count.
 */
#ifndef LBPAIR_LBD_LINE_H
#define LBPAIR_LBD_LINE_H

#include "common/pure/base.h"

struct line;

#define LINE_NOBODY SIZE_MAX

size_t line_size(size_t server_count);
/* Nobody is in line. `seed` shifts the first turns. */
void line_init(struct line *line, size_t server_count, uint32_t seed);

/*
 * The weight of one server; 0: it is not in line. A server that joins, and one whose weight has changed, has its turn
 * within one stride from now. To be followed by line_order, which costs the length once for all.
 */
void line_set_weight(struct line *line, size_t place, uint32_t weight);
void line_order(struct line *line);

/* Out of the line for a while, and in again; the order is kept. line_order takes all in. */
void line_step_aside(struct line *line, size_t place);
void line_step_in(struct line *line, size_t place);
/* One of those that stand aside, another each time; LINE_NOBODY: nobody does. */
size_t line_next_aside(struct line *line);

/* Keeps the order. */
void line_set_load(struct line *line, size_t place, uint32_t load);
uint32_t line_load(const struct line *line, size_t place);

/*
 * The place that is next among those that are not `excluded`, or LINE_NOBODY. As few are excluded, few are looked at:
 * below a candidate there is nothing better.
 */
size_t line_first(const struct line *line, const uint32_t *excluded, size_t excluded_count);
/* It has its turn. */
void line_take(struct line *line, size_t place);

#endif

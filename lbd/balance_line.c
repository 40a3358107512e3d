/* SPDX-License-Identifier: MIT */
#include "lbd/balance_line.h"

/* Of those that stand aside so many are looked at in each pick. */
#define RECALLS 2

void balance_line_update(struct line *line, const struct balance_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		line_set_weight(line, i, pool->servers[i].share);
	line_order(line);
}

static void recall_some(struct line *line, const struct balance_query *query)
{
	for (unsigned i = 0; i < RECALLS; i++) {
		size_t place = line_next_aside(line);

		if (place == LINE_NOBODY)
			return;
		if (!balance_is_full(query, place))
			line_step_in(line, place);
	}
}

size_t balance_line_first(struct line *line, const struct balance_pool *pool, const struct balance_query *query)
{
	size_t place;

	recall_some(line, query);
	while ((place = line_first(line, query->excluded, query->excluded_count)) != LINE_NOBODY) {
		if (!balance_is_full(query, place))
			return place;
		line_step_aside(line, place);
	}
	/* It is not in line, or it would have been found there. */
	place = balance_next(pool, query, 0);
	if (place != BALANCE_NONE)
		line_step_in(line, place);
	return place;
}

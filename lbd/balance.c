/* SPDX-License-Identifier: MIT */
#include "lbd/balance.h"

const struct balance_ops *const balance_table[] = {
	[BALANCE_ROUND_ROBIN] = &balance_round_robin,
};
static_assert(ARRAY_LEN(balance_table) == BALANCE_COUNT, "a row is missing");

bool balance_excludes(const struct balance_query *query, size_t place)
{
	for (size_t i = 0; i < query->excluded_count; i++) {
		if (query->excluded[i] == place)
			return true;
	}
	return false;
}

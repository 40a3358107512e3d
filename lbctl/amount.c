/* SPDX-License-Identifier: MIT */
#include "lbctl/amount.h"

#include <inttypes.h>
#include <stdio.h>

const char *amount_bytes(double bytes, char buffer[static AMOUNT_TEXT_MAX])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t unit = 0;

	for (; bytes >= 999.95 && unit + 1 < ARRAY_LEN(units); unit++)
		bytes /= 1000;
	snprintf(buffer, AMOUNT_TEXT_MAX, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return buffer;
}

const char *amount_span(int64_t ms, char buffer[static AMOUNT_TEXT_MAX])
{
	static const struct {
		int64_t seconds; /* up to there */
		int64_t larger, smaller;
		char units[2];
	} forms[] = {
		{60 * 60, 60, 1, {'m', 's'}},
		{24 * 60 * 60, 60 * 60, 60, {'h', 'm'}},
		{INT64_MAX, 24 * 60 * 60, 60 * 60, {'d', 'h'}},
	};
	int64_t s = ms / 1000;
	size_t i = 0;

	if (ms < 1000)
		snprintf(buffer, AMOUNT_TEXT_MAX, "%" PRId64 " ms", ms);
	else if (s < 60)
		snprintf(buffer, AMOUNT_TEXT_MAX, "%" PRId64 ".%" PRId64 " s", s, ms % 1000 / 100);
	if (s < 60)
		return buffer;
	while (s >= forms[i].seconds)
		i++;
	snprintf(buffer, AMOUNT_TEXT_MAX, "%" PRId64 "%c%02" PRId64 "%c", s / forms[i].larger, forms[i].units[0],
		s % forms[i].larger / forms[i].smaller, forms[i].units[1]);
	return buffer;
}

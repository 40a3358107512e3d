/* SPDX-License-Identifier: MIT */
#include "lbd/outlier.h"

#include <string.h>

static void forget(struct outlier *outlier)
{
	memset(outlier->failures, 0, sizeof outlier->failures);
}

/* Parts that have passed since are empty again. */
static void advance(struct outlier *outlier, int64_t part)
{
	if (part - outlier->part >= OUTLIER_PARTS)
		forget(outlier);
	else
		for (int64_t i = outlier->part + 1; i <= part; i++)
			outlier->failures[i % OUTLIER_PARTS] = 0;
	outlier->part = part;
}

static unsigned count(const struct outlier *outlier)
{
	unsigned sum = 0;

	for (size_t i = 0; i < OUTLIER_PARTS; i++)
		sum += outlier->failures[i];
	return sum;
}

bool outlier_step(
	struct outlier *outlier, const struct outlier_conf *conf, unsigned failures, bool may_eject, struct mono now)
{
	if (outlier->ejected) {
		/* Connections that were under way fail on; that is no news. */
		if (!mono_reached(outlier->until, now))
			return false;
		outlier->ejected = false;
		forget(outlier);
		return true;
	}
	advance(outlier, now.ns / MAX(conf->within_ns / OUTLIER_PARTS, INT64_C(1)));
	outlier->failures[outlier->part % OUTLIER_PARTS] += failures;
	if (!may_eject || count(outlier) < conf->failures)
		return false;
	outlier->ejected = true;
	outlier->until = mono_add(now, conf->eject_ns);
	forget(outlier);
	return true;
}

bool outlier_spares(const struct outlier_conf *conf, size_t server_count, size_t ejected)
{
	return (ejected + 1) * 100 <= server_count * conf->max_ejected;
}

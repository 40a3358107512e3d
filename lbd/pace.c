/* SPDX-License-Identifier: MIT */
#include "lbd/pace.h"

#define SAVED_MIN UINT64_C(4096)
#define SAVED_PART 8
/* What is worth a look: this, or what comes in a fiftieth of a second, and never what takes longer than one. */
#define WORTH_MIN UINT64_C(1460)
#define WORTH_PART 50

/* Rates times nanoseconds. */
typedef unsigned __int128 product;

static uint64_t saved_most(uint64_t rate)
{
	return MAX(rate / SAVED_PART, SAVED_MIN);
}

static int64_t span_of(uint64_t bytes, uint64_t rate)
{
	return (int64_t)(((product)bytes * NS_PER_S + rate - 1) / rate);
}

void pace_fill(struct pace *pace, uint64_t rate, struct mono now)
{
	int64_t span = MIN(mono_diff(now, pace->at), span_of(saved_most(rate), rate));
	uint64_t gained = span > 0 ? (uint64_t)((product)rate * (uint64_t)span / NS_PER_S) : 0;

	pace->left = MIN(pace->left + gained, saved_most(rate));
	/* What has come of the next byte is not lost. */
	if (pace->left == saved_most(rate))
		pace->at = now;
	else
		pace->at = mono_add(pace->at, (int64_t)((product)gained * NS_PER_S / rate));
}

struct mono pace_ready(const struct pace *pace, uint64_t rate)
{
	uint64_t worth = MAX(rate / WORTH_PART, MIN(rate, WORTH_MIN));

	return pace->left >= worth ? pace->at : mono_add(pace->at, span_of(worth - pace->left, rate));
}

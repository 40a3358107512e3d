/* SPDX-License-Identifier: MIT */
/* The last decisions in memory, for `lbctl explain`: a ring that never allocates and forgets the oldest. */
#ifndef LBPAIR_VRRPD_RECORDER_H
#define LBPAIR_VRRPD_RECORDER_H

#include "common/pure/mono.h"
#include "common/pure/text.h"

#define RECORDER_ENTRIES 256
#define RECORDER_TEXT_MAX 160
#define RECORDER_VIP_MAX 64

struct recorder_entry {
	struct mono at;
	int64_t real_ns;
	char vip[RECORDER_VIP_MAX]; /* "": of the node as a whole */
	char text[RECORDER_TEXT_MAX];
};

struct recorder {
	struct recorder_entry entries[RECORDER_ENTRIES];
	size_t count; /* of all that were ever added */
};

/* Adds what happened at `now` and `real_ns`; longer texts are cut. `vip` may be NULL. */
void recorder_add(struct recorder *recorder, struct mono now, int64_t real_ns, const char *vip, const char *format, ...)
	PRINTF_LIKE(5, 6);
/* Writes the newest `limit` entries that concern `vip` (NULL: all), oldest first, a line each with its time of day and
 * age. */
void recorder_print(const struct recorder *recorder, const char *vip, size_t limit, struct mono now, struct text *out);

#endif

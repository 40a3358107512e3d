/* SPDX-License-Identifier: MIT */
/* The last decisions in memory, for `lbctl explain` and `lbctl events`: a ring that never allocates and forgets the
 * oldest. */
#ifndef LBPAIR_VRRPD_RECORDER_H
#define LBPAIR_VRRPD_RECORDER_H

#include "common/pure/mono.h"
#include "common/pure/text.h"

#define RECORDER_ENTRIES 1000
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
	_Atomic size_t count; /* of all that were ever added; the one thing that another thread may look at */
};

/* Adds what happened at `now` and `real_ns`; longer texts are cut. `vip` may be NULL. */
void recorder_add(struct recorder *recorder, struct mono now, int64_t real_ns, const char *vip, const char *format, ...)
	PRINTF_LIKE(5, 6);
/* The entries are numbered from 0; the number of the oldest that is kept. */
size_t recorder_first(const struct recorder *recorder);
/* The entry of that number, which is kept. */
const struct recorder_entry *recorder_entry(const struct recorder *recorder, size_t number);
/*
 * Some of a recorder's entries, for a copy of it that another thread keeps: recorder_copy takes as many as there is
 * room for from number `first` on, or from the oldest that is kept; recorder_follow adds them to the copy.
 */
#define RECORDER_PAGE 64
struct recorder_page {
	size_t first;
	size_t length;
	size_t count; /* of the recorder at that moment */
	struct recorder_entry entries[RECORDER_PAGE];
};
void recorder_copy(const struct recorder *recorder, size_t first, struct recorder_page *ret_page);
void recorder_follow(struct recorder *copy, const struct recorder_page *page);
/* "1970-01-01T00:00:02.005Z" */
#define RECORDER_TIME_MAX 48
const char *recorder_time(int64_t real_ns, char buffer[static RECORDER_TIME_MAX]);
/* Writes the newest `limit` entries that concern `vip` (NULL: all), oldest first, a line each with its time of day and
 * age. */
void recorder_print(const struct recorder *recorder, const char *vip, size_t limit, struct mono now, struct text *out);

#endif

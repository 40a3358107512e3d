/* SPDX-License-Identifier: MIT */
#include "vrrpd/roll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STALE_BEATS 3

void roll_add(struct roll *roll, const struct peer_vip *vip)
{
	assert(roll->count < ROLL_VIPS_MAX);
	roll->entries[roll->count++] = (struct roll_entry){.vip = *vip};
}

static size_t insertion_point(const struct roll *roll, size_t count, uint32_t id)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (roll->entries[middle].vip.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t first = ((const struct roll_entry *)a)->vip.id, second = ((const struct roll_entry *)b)->vip.id;

	return (first > second) - (first < second);
}

void roll_sort(struct roll *roll)
{
	size_t kept = 0;

	qsort(roll->entries, roll->count, sizeof roll->entries[0], compare_ids);
	for (size_t i = 0; i < roll->count; i++) {
		if (kept == 0 || roll->entries[kept - 1].vip.id != roll->entries[i].vip.id)
			roll->entries[kept++] = roll->entries[i];
	}
	roll->count = kept;
}

const struct peer_vip *roll_find(const struct roll *roll, uint32_t id)
{
	size_t at = insertion_point(roll, roll->count, id);

	return at < roll->count && roll->entries[at].vip.id == id ? &roll->entries[at].vip : NULL;
}

size_t roll_cut(const struct roll *roll, size_t from, size_t room, struct peer_message *heartbeat)
{
	size_t most = MIN(room, (size_t)PEER_VIPS_MAX);
	size_t count = MIN(roll->count - from, most);
	size_t next = from + count;

	assert(room > 0);
	for (size_t i = 0; i < count; i++)
		heartbeat->vips[i] = roll->entries[from + i].vip;
	heartbeat->vip_count = count;
	heartbeat->first_id = from > 0 ? roll->entries[from].vip.id : 0;
	heartbeat->last_id = next < roll->count ? roll->entries[next].vip.id - 1 : UINT32_MAX;
	return next;
}

bool roll_covers(const struct peer_message *heartbeat, uint32_t id)
{
	return id >= heartbeat->first_id && id <= heartbeat->last_id;
}

bool roll_merge(struct roll *roll, const struct peer_message *heartbeat, struct mono now)
{
	size_t first = insertion_point(roll, roll->count, heartbeat->first_id);
	size_t end = heartbeat->last_id == UINT32_MAX ? roll->count
						      : insertion_point(roll, roll->count, heartbeat->last_id + 1);
	size_t behind = roll->count - end;

	if (first + heartbeat->vip_count + behind > ROLL_VIPS_MAX)
		return false;
	memmove(&roll->entries[first + heartbeat->vip_count], &roll->entries[end], behind * sizeof roll->entries[0]);
	for (size_t i = 0; i < heartbeat->vip_count; i++)
		roll->entries[first + i] =
			(struct roll_entry){.vip = heartbeat->vips[i], .heard_at = now, .beat = heartbeat->beat};
	roll->count = first + heartbeat->vip_count + behind;
	return true;
}

static bool is_stale(const struct roll_entry *entry, uint32_t beat, struct mono since)
{
	return mono_before(entry->heard_at, since) && (int32_t)(beat - entry->beat) > STALE_BEATS;
}

size_t roll_age(struct roll *roll, const struct peer_message *heartbeat, struct mono since)
{
	size_t kept = 0, before = roll->count;

	for (size_t i = 0; i < before; i++) {
		if (!is_stale(&roll->entries[i], heartbeat->beat, since))
			roll->entries[kept++] = roll->entries[i];
	}
	roll->count = kept;
	return before - kept;
}

void roll_restart(struct roll *roll, const struct peer_message *heartbeat)
{
	for (size_t i = 0; i < roll->count; i++)
		roll->entries[i].beat = heartbeat->beat;
}

bool roll_goes_on(const struct peer_message *last, const struct peer_message *heartbeat)
{
	return last != NULL && last->stamp.session == heartbeat->stamp.session && last->beat == heartbeat->beat;
}

int roll_hear(struct roll *roll, const struct peer_message *before, const struct peer_message *heartbeat,
	int64_t age_ns, struct mono now)
{
	if (before == NULL)
		roll->count = 0;
	else if (before->stamp.session != heartbeat->stamp.session)
		roll_restart(roll, heartbeat);
	if (!roll_merge(roll, heartbeat, now))
		return -ENOSPC;
	return (int)roll_age(roll, heartbeat, mono_add(now, -age_ns));
}

/* SPDX-License-Identifier: MIT */
#include "lbd/udp_groups.h"

static_assert(UDP_BATCH < UDP_NO_GROUP, "a group's number does not fit");

void udp_groups_add(struct udp_groups *groups, uint8_t datagram, void *owner, uint8_t *group)
{
	if (*group == UDP_NO_GROUP) {
		*group = groups->count++;
		groups->list[*group] = (struct udp_group){owner, datagram, datagram};
		return;
	}
	assert(groups->list[*group].owner == owner);
	groups->next[groups->list[*group].last] = datagram;
	groups->list[*group].last = datagram;
}

unsigned udp_groups_list(const struct udp_groups *groups, uint8_t group, uint8_t datagrams[static UDP_BATCH])
{
	uint8_t at = groups->list[group].first;
	unsigned count = 0;

	datagrams[count++] = at;
	while (at != groups->list[group].last) {
		at = groups->next[at];
		datagrams[count++] = at;
	}
	return count;
}

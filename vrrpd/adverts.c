/* SPDX-License-Identifier: MIT */
#include "vrrpd/adverts.h"

#include <errno.h>

/* Adverts taken in before others get their turn. */
#define ADVERT_BATCH 256

static void count_discard(struct agent *agent, int ifindex, enum advert_discard reason)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		if (agent->vips[i].link.ifindex == ifindex)
			agent->vips[i].counters.discarded[reason]++;
	}
}

static struct vip *find_vip_by_vrid(struct agent *agent, int ifindex, uint8_t vrid)
{
	for (size_t i = 0; i < agent->vip_count; i++) {
		struct vip *vip = &agent->vips[i];

		if (vip->conf->vrid == vrid && vip->link.ifindex == ifindex)
			return vip;
	}
	return NULL;
}

/* A packet that belongs to no vip of ours is counted at all of its interface. */
static void take_packet(struct agent *agent, const struct rawsock_packet *raw)
{
	struct advert_packet packet = {
		.bytes = raw->bytes,
		.size = raw->size,
		.ttl = raw->ttl,
		.source = raw->source,
		.destination = raw->destination,
	};
	struct advert_received received = {0};
	enum advert_discard verdict = advert_decode(&packet, &received);
	struct vip *vip = received.vrid != 0 ? find_vip_by_vrid(agent, raw->ifindex, received.vrid) : NULL;

	if (vip == NULL)
		count_discard(agent, raw->ifindex, verdict != ADVERT_TAKEN ? verdict : ADVERT_BAD_VRID);
	else if (verdict != ADVERT_TAKEN)
		vip->counters.discarded[verdict]++;
	else
		vip_receive(vip, &packet, &received, raw->age_ns);
}

void adverts_receive(struct agent *agent)
{
	static struct rawsock_packet raw;

	for (int i = 0; i < ADVERT_BATCH; i++) {
		int r = rawsock_receive(&agent->shared.rawsock, &raw);

		if (r == -EBADMSG)
			continue;
		if (r < 0)
			return;
		take_packet(agent, &raw);
	}
}

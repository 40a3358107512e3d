/* SPDX-License-Identifier: MIT */
#include "vrrpd/adverts.h"

#include "vrrpd/hearing.h"
#include "vrrpd/wanted.h"

#include <errno.h>
#include <string.h>

/* Adverts taken in before others get their turn. */
#define ADVERT_BATCH 256

static void refuse_version(struct vip *vip, const struct advert_packet *packet)
{
	hearing_refuse(vip, ADVERT_BAD_VERSION, packet, &(struct advert_received){.version = packet->bytes[0] >> 4});
}

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
	struct port *port = ports_find(agent->ports, raw->ifindex);
	struct vip *vip = port != NULL && received.vrid != 0 ? ports_find_vip(agent->ports, port, received.vrid) : NULL;

	/* Others' groups are received as well. */
	if (port == NULL)
		return;

	/* Another version's fields say something else: what is wrong with them is not looked at. */
	if (vip != NULL && verdict != ADVERT_BAD_TTL && raw->bytes[0] >> 4 != vip->conf->version)
		verdict = ADVERT_BAD_VERSION;
	if (vip == NULL)
		port->discarded[verdict != ADVERT_TAKEN ? verdict : ADVERT_BAD_VRID]++;
	else if (verdict == ADVERT_BAD_VERSION)
		refuse_version(vip, &packet);
	else if (verdict != ADVERT_TAKEN)
		vip->counters.discarded[verdict]++;
	else
		hearing_receive(vip, &packet, &received, raw->age_ns);
}

/* Whether it was emptied. */
static bool receive_from(struct agent *agent, struct rawsock *socket)
{
	static struct rawsock_packet raw;

	for (int i = 0; i < ADVERT_BATCH; i++) {
		int r = rawsock_receive(socket, &raw);

		if (r == -EBADMSG)
			continue;
		if (r < 0)
			return true;
		take_packet(agent, &raw);
	}
	return false;
}

bool adverts_receive(struct agent *agent)
{
	bool emptied = true;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (agent->shared.sockets[i].fd >= 0)
			emptied &= receive_from(agent, &agent->shared.sockets[i]);
	}
	return emptied;
}

static void on_ipv4(struct loop_io *io, unsigned events)
{
	(void)events;
	(void)adverts_receive(CONTAINER_OF(io, struct agent, advert_io[FAMILY_IPV4]));
}

static void on_ipv6(struct loop_io *io, unsigned events)
{
	(void)events;
	(void)adverts_receive(CONTAINER_OF(io, struct agent, advert_io[FAMILY_IPV6]));
}

static void close_one(struct agent *agent, enum family family)
{
	if (agent->ports != NULL)
		ports_forget_group(agent->ports, family);
	loop_io_remove(agent->loop, &agent->advert_io[family]);
	rawsock_close(&agent->shared.sockets[family]);
}

static int open_one(struct agent *agent, enum family family)
{
	static loop_io_fn *const callbacks[] = {[FAMILY_IPV4] = on_ipv4, [FAMILY_IPV6] = on_ipv6};
	int r = rawsock_open(family, &agent->shared.sockets[family]);

	if (r == 0)
		r = loop_io_add(agent->loop, &agent->advert_io[family], agent->shared.sockets[family].fd,
			LOOP_READ | LOOP_PRIORITY, callbacks[family]);
	if (r < 0)
		close_one(agent, family);
	return r;
}

int adverts_open(struct agent *agent, const struct conf *conf)
{
	int r = 0;

	for (enum family family = 0; r == 0 && family < FAMILY_COUNT; family++) {
		if (wanted_family(conf, family) && agent->shared.sockets[family].fd < 0)
			r = open_one(agent, family);
	}
	return r;
}

void adverts_trim(struct agent *agent)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (!wanted_family(agent->conf, family))
			close_one(agent, family);
	}
}

void adverts_close(struct agent *agent)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		close_one(agent, family);
}

int adverts_join(struct agent *agent, const struct vip *vip)
{
	const bool wanted[] = {[FAMILY_IPV4] = vip->conf->has_ipv4, [FAMILY_IPV6] = vip->conf->has_ipv6};
	struct port *port = vip->port;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		int r;

		if (!wanted[family] || port->joined[family])
			continue;
		r = rawsock_join(&agent->shared.sockets[family], port->ifindex);
		if (r < 0)
			return r;
		port->joined[family] = true;
	}
	return 0;
}

void adverts_leave(struct agent *agent, int ifindex)
{
	struct port *port = ports_find(agent->ports, ifindex);

	for (enum family family = 0; ifindex != 0 && family < FAMILY_COUNT; family++) {
		if (agent->shared.sockets[family].fd < 0 || (port != NULL && port->wants[family]))
			continue;
		(void)!rawsock_leave(&agent->shared.sockets[family], ifindex);
		if (port != NULL)
			port->joined[family] = false;
	}
}

void adverts_follow(struct agent *agent, const struct vip *vip, int ifindex, bool usable)
{
	struct port *port = vip->port;
	int before = port->ifindex;

	ports_move(agent->ports, port, ifindex);
	/* Memberships outlive their interface: they would fill the socket where one comes and goes. */
	if (before != ifindex)
		adverts_leave(agent, before);
	/* It may come back as another one under the same index. */
	if (!usable)
		memset(port->joined, 0, sizeof port->joined);
}

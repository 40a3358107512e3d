/* SPDX-License-Identifier: MIT */
#include "lbd/udp.h"

#include <string.h>

/* What one session may bring at once. */
#define ROOM 16

unsigned udp_answers_room(struct udp *udp, unsigned *ret_from)
{
	if (udp->answer_count + ROOM > UDP_BATCH)
		udp_answers_send(udp);
	*ret_from = udp->answer_count;
	return ROOM;
}

/* The service's address answers, also where the socket is bound to all of the host's. */
static void set_source(const struct udp_session *session, struct udp_datagram *datagram)
{
	datagram->local = (struct ip){0};
	if (!ip_is_any(&session->listener->address))
		return;
	datagram->local.family = session->listener->address.family;
	memcpy(datagram->local.bytes, session->entry.key.local, sizeof datagram->local.bytes);
}

static void on_round_over(struct loop_timer *timer, struct mono now)
{
	(void)now;
	udp_answers_send(CONTAINER_OF(timer, struct udp, answer_timer));
}

void udp_answers_add(struct udp_session *session, unsigned place)
{
	struct udp *udp = session->udp;
	struct udp_datagram *datagram = udp_batch_at(udp->answers, place);

	assert(place == udp->answer_count);
	session->bytes_out += datagram->size;
	datagram->peer = session->client;
	datagram->peer_size =
		session->listener->address.family == AF_INET6 ? sizeof datagram->peer.v6 : sizeof datagram->peer.v4;
	set_source(session, datagram);
	udp_groups_add(&udp->answer_groups, (uint8_t)place, session->listener, &session->listener->answer_group);
	udp->answer_count++;
	if (loop_timer_is_set(&udp->answer_timer))
		return;
	if (loop_timer_set(udp->env.loop, &udp->answer_timer, loop_now(udp->env.loop), on_round_over) < 0)
		udp_answers_send(udp);
}

static void count(struct udp *udp, const struct udp_listener *listener, const uint8_t *places, unsigned sent)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < sent; i++)
		bytes += udp_batch_at(udp->answers, places[i])->size;
	counter_add(&udp_counters(listener)->bytes_out, bytes);
}

/* What cannot be sent at once, as when the socket's buffer is full, is dropped, as any router would. */
static void send_group(struct udp *udp, uint8_t group)
{
	struct udp_listener *listener = udp->answer_groups.list[group].owner;
	uint8_t places[UDP_BATCH];
	unsigned left = udp_groups_list(&udp->answer_groups, group, places);

	listener->answer_group = UDP_NO_GROUP;
	for (const uint8_t *at = places; left > 0;) {
		int sent = udp_batch_send(udp->answers, listener->fd, at, left);

		if (sent > 0) {
			count(udp, listener, at, (unsigned)sent);
		} else {
			counter_add(&udp_counters(listener)->datagrams_dropped,
				udp_datagram_count(udp_batch_at(udp->answers, *at)));
			sent = 1;
		}
		at += sent;
		left -= (unsigned)sent;
	}
}

void udp_answers_send(struct udp *udp)
{
	for (uint8_t i = 0; i < udp->answer_groups.count; i++)
		send_group(udp, i);
	udp->answer_groups.count = 0;
	udp->answer_count = 0;
}

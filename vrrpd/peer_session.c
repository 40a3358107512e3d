/* SPDX-License-Identifier: MIT */
#include "vrrpd/peer_session.h"

#define SEEN_BITS 64

void peer_session_init(struct peer_session *session, uint64_t own_session, int64_t max_age_ns)
{
	assert(own_session != 0 && max_age_ns > 0);
	*session = (struct peer_session){.max_age_ns = max_age_ns, .own.session = own_session};
}

/* Lets the stamps grow old: between one and two times max_age_ns after a stamp was made, `floor` has passed it. */
static void age(struct peer_session *session, struct mono now)
{
	int64_t since_ns = mono_diff(now, session->mark_at);

	if (since_ns < session->max_age_ns)
		return;
	/* After a pause of our own all that was stamped before it is too old. */
	session->floor = since_ns < 2 * session->max_age_ns ? session->mark : session->own.counter;
	session->mark = session->own.counter;
	session->mark_at = now;
}

void peer_session_stamp(struct peer_session *session, struct mono now, struct peer_message *message)
{
	age(session, now);
	session->own.counter++;
	message->stamp = session->own;
	message->echo = session->peer_known ? session->peer : (struct peer_stamp){0};
	message->answer = session->greeting;
}

/* The counter of ours that the message was made after; 0: it shows none. */
static uint64_t echoed_counter(const struct peer_session *session, const struct peer_message *message)
{
	const struct peer_stamp *const stamps[] = {&message->echo, &message->answer};
	uint64_t newest = 0;

	for (size_t i = 0; i < ARRAY_LEN(stamps); i++) {
		if (stamps[i]->session == session->own.session && stamps[i]->counter <= session->own.counter)
			newest = MAX(newest, stamps[i]->counter);
	}
	return newest;
}

static enum peer_freshness take_other_session(
	struct peer_session *session, const struct peer_message *message, uint64_t echoed)
{
	if (echoed <= session->floor) {
		if (session->greeting.session != message->stamp.session ||
			session->greeting.counter < message->stamp.counter)
			session->greeting = message->stamp;
		return PEER_GREETING;
	}
	/* It knew of us before the present session was there: one that has ended. */
	if (session->peer_known && echoed <= session->peer_since)
		return PEER_OLD;
	session->peer_known = true;
	session->peer = message->stamp;
	session->peer_seen = 1;
	session->peer_since = session->own.counter;
	session->greeting = (struct peer_stamp){0};
	return PEER_FRESH;
}

/* Notes the counter; false: it was taken before, or is too far behind to know. */
static bool note_counter(struct peer_session *session, uint64_t counter)
{
	uint64_t ahead = counter - session->peer.counter;
	uint64_t behind = session->peer.counter - counter;

	if (counter > session->peer.counter) {
		session->peer_seen = ahead < SEEN_BITS ? session->peer_seen << ahead | 1 : 1;
		session->peer.counter = counter;
		return true;
	}
	if (behind >= SEEN_BITS || session->peer_seen >> behind & 1)
		return false;
	session->peer_seen |= UINT64_C(1) << behind;
	return true;
}

static enum peer_freshness take_known_session(
	struct peer_session *session, const struct peer_message *message, uint64_t echoed)
{
	bool is_newest = message->stamp.counter > session->peer.counter;

	if (!note_counter(session, message->stamp.counter))
		return PEER_OLD;
	if (echoed <= session->floor)
		return PEER_GREETING;
	return is_newest ? PEER_FRESH : PEER_OVERTAKEN;
}

enum peer_freshness peer_session_take(struct peer_session *session, const struct peer_message *message, struct mono now)
{
	uint64_t echoed;

	if (message->stamp.session == session->own.session)
		return PEER_OLD;
	age(session, now);
	echoed = echoed_counter(session, message);
	if (session->peer_known && message->stamp.session == session->peer.session)
		return take_known_session(session, message, echoed);
	return take_other_session(session, message, echoed);
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/peer_session.h"

#include <string.h>

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

static bool is_seen(const struct peer_session *session, uint64_t counter)
{
	uint64_t bit = counter % PEER_SEEN_BITS;

	return session->peer_seen[bit / 64] >> bit % 64 & 1;
}

static void set_seen(struct peer_session *session, uint64_t counter, bool seen)
{
	uint64_t bit = counter % PEER_SEEN_BITS;
	uint64_t mask = UINT64_C(1) << bit % 64;

	session->peer_seen[bit / 64] =
		seen ? session->peer_seen[bit / 64] | mask : session->peer_seen[bit / 64] & ~mask;
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
	memset(session->peer_seen, 0, sizeof session->peer_seen);
	set_seen(session, message->stamp.counter, true);
	session->peer_since = session->own.counter;
	session->greeting = (struct peer_stamp){0};
	return PEER_FRESH;
}

/* Notes the counter; false: it was taken before, or is too far behind to know. */
static bool note_counter(struct peer_session *session, uint64_t counter)
{
	uint64_t newest = session->peer.counter;

	if (counter > newest) {
		/* What was there before stood for the counters that those between have pushed out. */
		if (counter - newest >= PEER_SEEN_BITS)
			memset(session->peer_seen, 0, sizeof session->peer_seen);
		else
			for (uint64_t i = newest + 1; i < counter; i++)
				set_seen(session, i, false);
		session->peer.counter = counter;
	} else if (newest - counter >= PEER_SEEN_BITS || is_seen(session, counter)) {
		return false;
	}
	set_seen(session, counter, true);
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

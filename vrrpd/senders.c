/* SPDX-License-Identifier: MIT */
#include "vrrpd/senders.h"

#include "vrrpd/advert.h"

/* VRRP.md: an authentic advert may be off our clock by max(3 x interval, 5 s). */
#define WINDOW_MIN_NS (5 * NS_PER_S)
/* By so much a datagram is behind at most that an advert has overtaken. */
#define OVERTAKEN_NS (100 * NS_PER_MS)

/* The record for the sender, taken from whoever was silent for longest where all are in use. */
static struct sender *find_sender(struct senders *senders, const struct ip *source)
{
	struct sender *oldest = &senders->list[0];

	for (size_t i = 0; i < SENDERS_MAX; i++) {
		struct sender *sender = &senders->list[i];

		if (sender->source.family != 0 && ip_equal(&sender->source, source))
			return sender;
		if (mono_before(sender->heard_at, oldest->heard_at))
			oldest = sender;
	}
	*oldest = (struct sender){.source = *source};
	replay_restore(&oldest->replay, senders->kept_sequence);
	if (senders->proven_at.ns != 0)
		replay_prove(&oldest->replay, senders->proven_sequence, senders->proven_real_ns, senders->proven_at);
	return oldest;
}

bool senders_check(
	struct senders *senders, const struct senders_advert *advert, const struct sender **ret_sender, bool *ret_news)
{
	struct sender *sender = find_sender(senders, &advert->source);
	int64_t window_ns = MAX(3 * advert->interval_ns, WINDOW_MIN_NS);
	enum replay_verdict verdict =
		replay_check(&sender->replay, advert->sequence, advert->real_ns, advert->at, window_ns);

	*ret_news = verdict != sender->last;
	*ret_sender = sender;
	sender->heard_at = advert->at;
	sender->offset_ns = advert_sequence_time(advert->sequence) - advert->real_ns;
	sender->last = verdict;
	switch (verdict) {
	case REPLAY_FRESH:
	case REPLAY_FRESH_SHIFTED:
	case REPLAY_FRESH_PACED:
		return true;
	case REPLAY_OLD:
	case REPLAY_STALE:
		break;
	}
	return false;
}

bool senders_last_is_stale(const struct senders *senders, const struct ip *source)
{
	for (size_t i = 0; i < SENDERS_MAX; i++) {
		const struct sender *sender = &senders->list[i];

		if (sender->source.family != 0 && ip_equal(&sender->source, source))
			return sender->last == REPLAY_STALE;
	}
	return false;
}

/*
 * Of the first session that is heard: whether what was accepted before is of an earlier one, whose last sequences were
 * lost. That is so where the sender's clock will not be past them presently.
 */
static bool is_behind(const struct replay *replay, int64_t peer_real_ns)
{
	return replay->marked && advert_sequence_time(replay->mark.sequence) - peer_real_ns > OVERTAKEN_NS;
}

void senders_prove(struct senders *senders, uint64_t session, uint64_t sequence, int64_t peer_real_ns, struct mono now)
{
	senders->proven_at = now;
	senders->proven_sequence = sequence;
	senders->proven_real_ns = peer_real_ns;
	for (size_t i = 0; i < SENDERS_MAX; i++) {
		struct replay *replay = &senders->list[i].replay;

		if (senders->peer_session == 0 ? is_behind(replay, peer_real_ns) : senders->peer_session != session)
			replay_restart(replay, sequence, now);
		replay_prove(replay, sequence, peer_real_ns, now);
	}
	senders->peer_session = session;
}

uint64_t senders_highest(const struct senders *senders)
{
	uint64_t highest = senders->kept_sequence;

	for (size_t i = 0; i < SENDERS_MAX; i++)
		highest = MAX(highest, senders->list[i].replay.high);
	return highest;
}

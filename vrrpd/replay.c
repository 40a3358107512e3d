/* SPDX-License-Identifier: MIT */
#include "vrrpd/replay.h"

#include "vrrpd/advert.h"

/* How far a sequence may be from where the sender's clock, or the mark and the time since, would have it. */
#define ON_TIME_NS (100 * NS_PER_MS)
/* Clocks that run apart are slewed by no more than 1 in 1000 of the time that passes (adjtimex(2): 500 ppm each). */
#define DRIFT_DIVISOR 1000
/* A sender whose clock is behind its last sequence counts: these are the steps within 1/65536 s, which no clock makes.
 */
#define COUNTED_MAX UINT16_MAX
/* A sender starts again from its clock only when its sequence is over 5 s ahead of that; some time may have passed. */
#define REWIND_NS (4 * NS_PER_S)
/* Late wake-ups of sender and receiver, which weigh at short intervals. */
#define PACE_JITTER_NS (2 * NS_PER_MS)

static bool is_above(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

/* From `b` to `a` in nanoseconds, by serial arithmetic: sequences count in 2^-32 s. */
static int64_t distance_ns(uint64_t a, uint64_t b)
{
	int64_t steps = (int64_t)(a - b);

	return (steps >> 32) * NS_PER_S + ((steps & UINT32_MAX) * NS_PER_S >> 32);
}

static bool is_near(int64_t span_ns, int64_t expected_ns, int64_t tolerance_ns)
{
	return span_ns - expected_ns <= tolerance_ns && expected_ns - span_ns <= tolerance_ns;
}

static bool is_within(uint64_t sequence, int64_t centre_ns, int64_t window_ns)
{
	return is_near(distance_ns(sequence, advert_sequence_of(centre_ns)), 0, window_ns);
}

static bool is_above_high(const struct replay *replay, uint64_t sequence)
{
	return !replay->has_high || is_above(sequence, replay->high);
}

/* Whether real time has passed from `before` to a sequence that comes now as it has for the sender. */
static bool keeps_pace(const struct replay_point *before, uint64_t sequence, struct mono now)
{
	int64_t sent_ns = distance_ns(sequence, before->sequence);

	return sent_ns > 0 && is_near(mono_diff(now, before->at), sent_ns, sent_ns / 2 + PACE_JITTER_NS);
}

/* Whether a sequence above the mark is where the sender's clock would be by now had it gone on from the mark. */
static bool continues(const struct replay *replay, uint64_t sequence, struct mono now)
{
	int64_t passed_ns = mono_diff(now, replay->mark.at);

	return replay->marked && is_above(sequence, replay->mark.sequence) &&
	       is_near(distance_ns(sequence, replay->mark.sequence), passed_ns, ON_TIME_NS + passed_ns / DRIFT_DIVISOR);
}

static void take_in(struct replay *replay, uint64_t sequence, struct mono now)
{
	bool kept = replay->marked && keeps_pace(&replay->mark, sequence, now);

	replay->steady = kept ? MIN(replay->steady + 1, (unsigned)REPLAY_RUN) : 1;
	replay->marked = true;
	replay->mark = (struct replay_point){sequence, now};
	if (is_above_high(replay, sequence))
		replay->high = sequence;
	replay->has_high = true;
	replay->run_length = 0;
}

/* Takes one that is not accepted for itself into the run; true when the run is long enough. */
static bool extend_run(struct replay *replay, uint64_t sequence, struct mono now)
{
	if (replay->run_length > 0 && sequence == replay->run.sequence)
		return false;
	if (replay->run_length > 0 && keeps_pace(&replay->run, sequence, now))
		replay->run_length++;
	else
		replay->run_length = 1;
	replay->run = (struct replay_point){sequence, now};
	return replay->run_length >= REPLAY_RUN;
}

/* What is known of the sender's time of day; `ret_proven` says whether a nonce has shown it lately. */
static int64_t sender_time(
	const struct replay *replay, int64_t real_ns, struct mono now, int64_t window_ns, bool *ret_proven)
{
	int64_t age_ns = mono_diff(now, replay->proven_at);

	*ret_proven = replay->proven && age_ns <= window_ns;
	return *ret_proven ? replay->proven_real_ns + age_ns : real_ns;
}

/* Whether it is of the run that a sender counts whose clock is behind what it has proven to be its last sequence. */
static bool counts_on(const struct replay *replay, uint64_t sequence)
{
	int64_t ahead = (int64_t)(sequence - replay->proven_sequence);

	/* The word of it may be here before the advert. */
	return replay->proven_sequence != 0 && ahead >= -COUNTED_MAX && ahead <= COUNTED_MAX;
}

/* A sequence that was not accepted for itself, inside the window. */
static bool is_taken_in_lived_time(
	const struct replay *replay, uint64_t sequence, int64_t sender_ns, bool proven, struct mono now)
{
	return continues(replay, sequence, now) ||
	       (proven && (is_within(sequence, sender_ns, ON_TIME_NS) || counts_on(replay, sequence)));
}

static enum replay_verdict check_inside(
	struct replay *replay, uint64_t sequence, int64_t sender_ns, bool proven, struct mono now, int64_t window_ns)
{
	if (!is_above_high(replay, sequence)) {
		bool above_mark = replay->marked && is_above(sequence, replay->mark.sequence);
		bool expired = !replay->marked || !is_within(replay->mark.sequence, sender_ns, window_ns);

		if (!above_mark && !expired)
			return REPLAY_OLD;
		if (!is_taken_in_lived_time(replay, sequence, sender_ns, proven, now)) {
			if (!extend_run(replay, sequence, now))
				return REPLAY_OLD;
			take_in(replay, sequence, now);
			return REPLAY_FRESH_PACED;
		}
	}
	take_in(replay, sequence, now);
	return REPLAY_FRESH;
}

static enum replay_verdict check_outside(struct replay *replay, uint64_t sequence, struct mono now)
{
	bool goes_on = replay->steady >= REPLAY_RUN && keeps_pace(&replay->mark, sequence, now);

	if (!is_above_high(replay, sequence))
		return REPLAY_OLD;
	if (!goes_on && !extend_run(replay, sequence, now))
		return REPLAY_STALE;
	take_in(replay, sequence, now);
	/* The run that led here goes on, as the accepted stream. */
	replay->steady = REPLAY_RUN;
	return REPLAY_FRESH_PACED;
}

enum replay_verdict replay_check(
	struct replay *replay, uint64_t sequence, int64_t real_ns, struct mono now, int64_t window_ns)
{
	bool proven;
	int64_t sender_ns = sender_time(replay, real_ns, now, window_ns, &proven);
	enum replay_verdict verdict;

	if (!is_within(sequence, sender_ns, window_ns)) {
		if (proven)
			return is_above_high(replay, sequence) ? REPLAY_STALE : REPLAY_OLD;
		return check_outside(replay, sequence, now);
	}
	verdict = check_inside(replay, sequence, sender_ns, proven, now, window_ns);
	if (verdict == REPLAY_FRESH && !is_within(sequence, real_ns, window_ns))
		verdict = REPLAY_FRESH_SHIFTED;
	return verdict;
}

/*
 * A datagram that was made before the last advert is behind it by no more than it took, less the time since that
 * advert: what is further behind says that the sender's clock was put back.
 */
static bool has_rewound(const struct replay *replay, uint64_t sequence, struct mono now)
{
	int64_t slack_ns = MAX(REWIND_NS - mono_diff(now, replay->mark.at), (int64_t)0);

	return distance_ns(replay->mark.sequence, sequence) > slack_ns;
}

void replay_prove(struct replay *replay, uint64_t sequence, int64_t peer_real_ns, struct mono now)
{
	replay->proven = true;
	replay->proven_real_ns = peer_real_ns;
	replay->proven_at = now;
	replay->proven_sequence = sequence;
	if (sequence == 0)
		return;
	if (replay->marked && has_rewound(replay, sequence, now))
		replay->mark = (struct replay_point){sequence, now};
	if (is_above_high(replay, sequence))
		replay->high = sequence;
	replay->has_high = true;
}

void replay_restart(struct replay *replay, uint64_t sequence, struct mono now)
{
	if (sequence != 0 && replay->marked && is_above(replay->mark.sequence, sequence))
		replay->mark = (struct replay_point){sequence, now};
}

void replay_restore(struct replay *replay, uint64_t high)
{
	replay->has_high = high != 0;
	replay->high = high;
}

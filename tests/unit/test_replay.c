/* SPDX-License-Identifier: MIT */
#include "vrrpd/replay.h"

#include "tests/unit/unit.h"
#include "vrrpd/advert.h"

#include <string.h>

#define WINDOW (5 * NS_PER_S)
#define HOUR (3600 * NS_PER_S)
#define START_NS (INT64_C(0x68000000) * NS_PER_S)

/*
 * Tables: each row is one step at `at_ms` on the monotonic clock. The sender's clock is `sender_ms` from the true time
 * then, ours `own_ms`; the advert's sequence is the sender's clock `ago_ms` earlier (a replay), or now.
 */
enum step_kind {
	END,
	ADVERT,
	PROOF, /* a fresh datagram of the sender, whose last sequence was of `ago_ms` earlier */
	FORGET,
	RESTORE, /* forget, but for the highest sequence */
};

struct step {
	enum step_kind kind;
	int64_t at_ms;
	int64_t sender_ms;
	int64_t own_ms;
	int64_t ago_ms;
	enum replay_verdict verdict;
};

static uint64_t sequence_at(const struct step *step)
{
	return advert_sequence_of(START_NS + (step->at_ms + step->sender_ms - step->ago_ms) * NS_PER_MS);
}

static void play(const char *name, const struct step *steps)
{
	struct replay replay = {0};

	for (const struct step *step = steps; step->kind != END; step++) {
		struct mono now = {step->at_ms * NS_PER_MS};
		int64_t own_ns = START_NS + (step->at_ms + step->own_ms) * NS_PER_MS;
		int64_t sender_ns = START_NS + (step->at_ms + step->sender_ms) * NS_PER_MS;
		uint64_t high = replay.high;

		if (step->kind == PROOF) {
			replay_prove(&replay, sequence_at(step), sender_ns, now);
		} else if (step->kind == ADVERT) {
			enum replay_verdict got = replay_check(&replay, sequence_at(step), own_ns, now, WINDOW);

			if (got != step->verdict)
				fail_msg("%s, step %td: %d, not %d", name, step - steps, (int)got, (int)step->verdict);
		} else {
			replay = (struct replay){0};
			if (step->kind == RESTORE)
				replay_restore(&replay, high);
		}
	}
}

#define H 3600000 /* an hour in ms */

static const struct step in_step[] = {
	{ADVERT, 0, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 100, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 150, 0, 0, 50, REPLAY_OLD},  /* the same again */
	{ADVERT, 150, 0, 0, 100, REPLAY_OLD}, /* between the two */
	{ADVERT, 200, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 300, 4900, 0, 0, REPLAY_FRESH}, /* the sender's clock within the window */
	{ADVERT, 400, 4900, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
static const struct step window_edges[] = {
	{ADVERT, 0, 5001, 0, 0, REPLAY_STALE},
	{ADVERT, 0, -5001, 0, 0, REPLAY_STALE},
	{ADVERT, 0, -5000, 0, 0, REPLAY_FRESH},
	{ADVERT, 0, 5000, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* Recorded a minute and a day ago, played as slowly as it was sent: in vain, also after a restart. */
static const struct step slow_replay[] = {
	{ADVERT, 0, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 1000, 0, 0, 60000, REPLAY_OLD},
	{ADVERT, 1100, 0, 0, 60000, REPLAY_OLD},
	{ADVERT, 1200, 0, 0, 60000, REPLAY_OLD},
	{ADVERT, 1300, 0, 0, 60000, REPLAY_OLD},
	{RESTORE, 0, 0, 0, 0, 0},
	{ADVERT, 2000, 0, 0, 24 * H, REPLAY_OLD},
	{ADVERT, 2100, 0, 0, 24 * H, REPLAY_OLD},
	{ADVERT, 2200, 0, 0, 24 * H, REPLAY_OLD},
	{ADVERT, 2300, 0, 0, 24 * H, REPLAY_OLD},
	/* The sender itself is taken at once. */
	{ADVERT, 2400, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* What the header says is not defended: nothing is remembered, no nonce is answered, and the pace is right. */
static const struct step slow_replay_to_one_that_forgot[] = {
	{ADVERT, 1000, 0, 0, 60000, REPLAY_STALE},
	{ADVERT, 1100, 0, 0, 60000, REPLAY_STALE},
	{ADVERT, 1200, 0, 0, 60000, REPLAY_FRESH_PACED},
	/* A nonce ends it. */
	{PROOF, 1250, 0, 0, 0, 0},
	{ADVERT, 1300, 0, 0, 60000, REPLAY_OLD},
	{ADVERT, 1400, 0, 0, 60000, REPLAY_OLD},
	{ADVERT, 1500, 0, 0, 60000, REPLAY_OLD},
	{ADVERT, 1600, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* A burst, a single one, and a stream that is played too fast do nothing. */
static const struct step fast_replay[] = {
	{ADVERT, 1000, H, 0, 300, REPLAY_STALE},
	{ADVERT, 1001, H, 0, 201, REPLAY_STALE},
	{ADVERT, 1002, H, 0, 102, REPLAY_STALE},
	{ADVERT, 1003, H, 0, 3, REPLAY_STALE},
	{ADVERT, 1050, H, 0, -150, REPLAY_STALE},
	{ADVERT, 1100, H, 0, -300, REPLAY_STALE},
	{ADVERT, 1150, H, 0, -450, REPLAY_STALE},
	{.kind = END},
};
static const struct step too_slow_a_replay[] = {
	{ADVERT, 1000, H, 0, 0, REPLAY_STALE},
	{ADVERT, 1300, H, 0, 200, REPLAY_STALE},
	{ADVERT, 1600, H, 0, 400, REPLAY_STALE},
	{ADVERT, 1900, H, 0, 600, REPLAY_STALE},
	{.kind = END},
};
static const struct step the_same_advert_again_and_again[] = {
	{ADVERT, 1000, H, 0, 0, REPLAY_STALE},
	{ADVERT, 1100, H, 0, 100, REPLAY_STALE},
	{ADVERT, 1200, H, 0, 200, REPLAY_STALE},
	{ADVERT, 1300, H, 0, 300, REPLAY_STALE},
	{.kind = END},
};
/* A wrong clock, and no nonce to be had: taken at pace, and not when replayed. */
static const struct step paced[] = {
	{ADVERT, 0, H, 0, 0, REPLAY_STALE},
	{ADVERT, 100, H, 0, 0, REPLAY_STALE},
	{ADVERT, 200, H, 0, 0, REPLAY_FRESH_PACED},
	{ADVERT, 300, H, 0, 0, REPLAY_FRESH_PACED},
	{ADVERT, 350, H, 0, 150, REPLAY_OLD},
	{ADVERT, 500, H, 0, 0, REPLAY_FRESH_PACED}, /* one was lost */
	/* The clock leaps: three again, no more. */
	{ADVERT, 600, 2 * H, 0, 0, REPLAY_STALE},
	{ADVERT, 700, 2 * H, 0, 0, REPLAY_STALE},
	{ADVERT, 800, 2 * H, 0, 0, REPLAY_FRESH_PACED},
	{.kind = END},
};
/* The sender's clock is behind: the same, for there is no mark yet that would forbid it. */
static const struct step paced_behind[] = {
	{ADVERT, 0, -H, 0, 0, REPLAY_STALE},
	{ADVERT, 100, -H, 0, 0, REPLAY_STALE},
	{ADVERT, 200, -H, 0, 0, REPLAY_FRESH_PACED},
	{ADVERT, 300, -H, 0, 0, REPLAY_FRESH_PACED},
	{.kind = END},
};
/* A nonce answered: at once, and the alarm says that the clock is off. */
static const struct step proven[] = {
	{PROOF, 0, H, 0, 10, 0},
	{ADVERT, 10, H, 0, 0, REPLAY_FRESH_SHIFTED},
	{ADVERT, 110, H, 0, 0, REPLAY_FRESH_SHIFTED},
	{ADVERT, 120, H, 0, 110, REPLAY_OLD},
	/* Of an hour ago, when the sender's clock was where ours is now: singly and at pace. */
	{ADVERT, 130, H, 0, H, REPLAY_OLD},
	{ADVERT, 230, H, 0, H, REPLAY_OLD},
	{ADVERT, 330, H, 0, H, REPLAY_OLD},
	{ADVERT, 430, H, 0, H, REPLAY_OLD},
	{ADVERT, 510, H, 0, 0, REPLAY_FRESH_SHIFTED},
	{ADVERT, 610, H, 0, 0, REPLAY_FRESH_SHIFTED},
	{ADVERT, 710, H, 0, 0, REPLAY_FRESH_SHIFTED},
	/* No answer any more: the stream goes on by its pace, without a gap. */
	{ADVERT, 5100, H, 0, 0, REPLAY_FRESH_PACED},
	{.kind = END},
};

/* Unheard for 3.2 s, in which its clock was put back by 7 s. */
static const struct step proven_to_have_been_put_back[] = {
	{PROOF, 900, 8000, 0, 0, 0},
	{ADVERT, 1000, 8000, 0, 0, REPLAY_FRESH_SHIFTED},
	{PROOF, 4200, 1000, 0, 0, 0},
	{ADVERT, 4210, 1000, 0, 0, REPLAY_FRESH},
	{ADVERT, 4220, 1000, 0, 10, REPLAY_OLD},
	{.kind = END},
};

/* The proof tells that recordings are stale, however they are played, after a start with nothing remembered. */
static const struct step proven_after_a_start[] = {
	{PROOF, 0, 0, 0, 50, 0},
	{ADVERT, 10, 0, 0, 8000, REPLAY_OLD},
	{ADVERT, 20, 0, 0, 1500, REPLAY_OLD},
	{ADVERT, 50, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* What was withheld from us and is out of the sender's time: not even at pace. */
static const struct step proven_leaves_no_room_for_pace[] = {
	{PROOF, 0, 0, 0, 24 * H, 0},
	{ADVERT, 100, 0, 0, 6000, REPLAY_STALE},
	{ADVERT, 200, 0, 0, 6000, REPLAY_STALE},
	{ADVERT, 300, 0, 0, 6000, REPLAY_STALE},
	{ADVERT, 400, 0, 0, 6000, REPLAY_STALE},
	{.kind = END},
};
/* Signed before the datagram that overtook it. */
static const struct step overtaken_by_the_proof[] = {
	{ADVERT, 0, 0, 0, 0, REPLAY_FRESH},
	{PROOF, 100, 0, 0, 0, 0},
	{ADVERT, 101, 0, 0, 2, REPLAY_FRESH},
	{ADVERT, 102, 0, 0, 2, REPLAY_FRESH},
	{.kind = END},
};
/* Ours is put forth, and back again: a stream that is heard is taken throughout. */
static const struct step own_clock_steps[] = {
	{ADVERT, 0, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 100, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 200, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 300, 0, H, 0, REPLAY_FRESH_PACED},
	{ADVERT, 400, 0, H, 0, REPLAY_FRESH_PACED},
	{ADVERT, 500, 0, -H, 0, REPLAY_FRESH_PACED},
	/* Old ones whose time is ours: not beside the living sender. */
	{ADVERT, 550, 0, -H, H, REPLAY_OLD},
	{ADVERT, 600, 0, -H, 0, REPLAY_FRESH_PACED},
	{ADVERT, 650, 0, -H, H, REPLAY_OLD},
	{ADVERT, 700, 0, -H, 0, REPLAY_FRESH_PACED},
	{ADVERT, 750, 0, -H, H, REPLAY_OLD},
	{ADVERT, 800, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 850, 0, 0, H, REPLAY_OLD},
	{.kind = END},
};
/* The sender was ahead and is corrected, into times that it has lived: the mark expires, three at pace, then as ever.
 */
static const struct step corrected[] = {
	{ADVERT, 0, 60000, 0, 0, REPLAY_STALE},
	{ADVERT, 100, 60000, 0, 0, REPLAY_STALE},
	{ADVERT, 200, 60000, 0, 0, REPLAY_FRESH_PACED},
	{ADVERT, 300, 0, 0, 0, REPLAY_OLD},
	{ADVERT, 400, 0, 0, 0, REPLAY_OLD},
	{ADVERT, 500, 0, 0, 0, REPLAY_FRESH_PACED},
	{ADVERT, 600, 0, 0, 0, REPLAY_FRESH},
	/* Where the sender has been before, a single recording does nothing though its time has come. */
	{ADVERT, 58300, 60000, 0, 58300, REPLAY_OLD},
	{ADVERT, 58400, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 58500, 60000, 0, 58300, REPLAY_OLD},
	{ADVERT, 70000, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* The same with nonces answered, and by a step that leaves the mark within the window: at once. */
static const struct step corrected_and_proven[] = {
	{PROOF, 0, 5500, 0, 0, 0},
	{ADVERT, 100, 5500, 0, 0, REPLAY_FRESH_SHIFTED},
	{ADVERT, 900, 5500, 0, 0, REPLAY_FRESH_SHIFTED},
	{PROOF, 2000, 0, 0, 0, 0},
	{ADVERT, 2000, 0, 0, 0, REPLAY_OLD}, /* the same sequence is never taken twice */
	{ADVERT, 2100, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, 2200, 0, 0, 0, REPLAY_FRESH},
	/* Of the sender's former clock, still ahead of it. */
	{ADVERT, 2300, 5500, 0, 1400, REPLAY_OLD},
	{ADVERT, 2400, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* The sender was corrected while it was backup: its last sequence is still of its former clock. */
static const struct step corrected_in_silence[] = {
	{PROOF, 0, H, 0, 0, 0},
	{ADVERT, 100, H, 0, 0, REPLAY_FRESH_SHIFTED},
	{PROOF, H / 2, 0, 0, H / 2 - 100 - H, 0},
	{ADVERT, H / 2 + 100, 0, 0, 0, REPLAY_FRESH},
	{ADVERT, H / 2 + 200, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* The network doubles adverts: that does not spoil their pace. */
static const struct step paced_and_doubled[] = {
	{ADVERT, 0, H, 0, 0, REPLAY_STALE},
	{ADVERT, 100, H, 0, 0, REPLAY_STALE},
	{ADVERT, 190, H, 0, 90, REPLAY_STALE},
	{ADVERT, 200, H, 0, 0, REPLAY_FRESH_PACED},
	{.kind = END},
};
/* A node that was backup for a day, and whose last advert was of before that. */
static const struct step long_silence[] = {
	{PROOF, 0, 0, 0, 24 * H, 0},
	{ADVERT, 100, 0, 0, 0, REPLAY_FRESH},
	{PROOF, 24 * H, 0, 0, 24 * H - 100, 0},
	{ADVERT, 24 * H + 100, 0, 0, 24 * H, REPLAY_OLD},
	{ADVERT, 24 * H + 200, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};
/* Everything forgotten: the last window's are taken once more. The header says so. */
static const struct step forgotten[] = {
	{ADVERT, 0, 0, 0, 0, REPLAY_FRESH},
	{FORGET, 0, 0, 0, 0, 0},
	{ADVERT, 100, 0, 0, 100, REPLAY_FRESH},
	{RESTORE, 0, 0, 0, 0, 0},
	{ADVERT, 200, 0, 0, 200, REPLAY_OLD},
	{ADVERT, 200, 0, 0, 0, REPLAY_FRESH},
	{.kind = END},
};

#define STORY(name) \
	{ \
#name, name \
	}
static const struct {
	const char *name;
	const struct step *steps;
} stories[] = {
	STORY(in_step),
	STORY(window_edges),
	STORY(slow_replay),
	STORY(slow_replay_to_one_that_forgot),
	STORY(fast_replay),
	STORY(too_slow_a_replay),
	STORY(the_same_advert_again_and_again),
	STORY(paced),
	STORY(paced_behind),
	STORY(proven),
	STORY(proven_to_have_been_put_back),
	STORY(proven_after_a_start),
	STORY(proven_leaves_no_room_for_pace),
	STORY(corrected_in_silence),
	STORY(paced_and_doubled),
	STORY(overtaken_by_the_proof),
	STORY(own_clock_steps),
	STORY(corrected),
	STORY(corrected_and_proven),
	STORY(long_silence),
	STORY(forgotten),
};

static void stories_end_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++)
		play(stories[i].name, stories[i].steps);
}

/* In 2106 the seconds wrap; adverts go on. */
static void the_sequence_may_wrap(void **state)
{
	struct replay replay = {0};
	int64_t wrap_ns = INT64_C(4294967296) * NS_PER_S;

	(void)state;
	for (int64_t ms = -1000; ms <= 1000; ms += 100) {
		struct mono now = {(ms + 1000) * NS_PER_MS};
		int64_t real_ns = wrap_ns + ms * NS_PER_MS;

		assert_int_equal(
			replay_check(&replay, advert_sequence_of(real_ns), real_ns, now, WINDOW), REPLAY_FRESH);
		assert_int_equal(
			replay_check(&replay, advert_sequence_of(real_ns - 50 * NS_PER_MS), real_ns, now, WINDOW),
			REPLAY_OLD);
	}
}

/* A sender, a receiver and an attacker who records everything, with clocks that step. */

#define RECORDS 4096

struct world {
	uint32_t random;
	struct mono now;
	int64_t interval_ns;
	int64_t sender_offset_ns;
	int64_t own_offset_ns;
	uint64_t last; /* the sender's, by the rule of DESIGN 5.4 */
	bool rewound;  /* it has put that back */
	bool answers;  /* nonces */
	bool attacked;
	struct replay replay;
	uint64_t records[RECORDS];
	bool taken[RECORDS];
	size_t record_count;
	unsigned missed; /* of the sender's adverts, in a row */
	unsigned most_missed;
};

static uint32_t draw(struct world *world, uint32_t bound)
{
	world->random = world->random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(world->random) * bound >> 32);
}

static int64_t own_time(const struct world *world)
{
	return START_NS + world->now.ns + world->own_offset_ns;
}

static int64_t sender_time(const struct world *world)
{
	return START_NS + world->now.ns + world->sender_offset_ns;
}

static bool hear(struct world *world, uint64_t sequence)
{
	enum replay_verdict verdict = replay_check(&world->replay, sequence, own_time(world), world->now, WINDOW);

	return verdict != REPLAY_OLD && verdict != REPLAY_STALE;
}

static void send_advert(struct world *world, bool is_lost)
{
	uint64_t clock = advert_sequence_of(sender_time(world));
	size_t i = world->record_count++;

	assert_true(i < RECORDS);
	if ((int64_t)(clock - world->last) > 0) {
		world->last = clock;
	} else if ((int64_t)(world->last - clock) > INT64_C(5) << 32) {
		world->last = clock;
		world->rewound = true;
	} else {
		world->last++;
	}
	world->records[i] = world->last;
	if (is_lost)
		return;
	world->taken[i] = hear(world, world->last);
	world->missed = world->taken[i] ? 0 : world->missed + 1;
	world->most_missed = MAX(world->most_missed, world->missed);
}

/*
 * The exceptions that the header names: the sender was put back, and the record's moment is to come a second time; or
 * the sender is not heard, since its clock has just leapt, and records happen to come at pace.
 */
static bool may_be_taken(const struct world *world, uint64_t sequence)
{
	int64_t away_ns = advert_sequence_time(sequence) - sender_time(world);

	if (world->rewound &&
		((int64_t)(sequence - world->replay.mark.sequence) > 0 || llabs(away_ns) < 300 * NS_PER_MS))
		return true;
	return world->missed >= 2;
}

/* Plays a record, or a few in their order, that the receiver has taken before: none may be taken again. */
static void replay_some(struct world *world, unsigned seed)
{
	size_t first = draw(world, (uint32_t)world->record_count);
	size_t count = 1 + draw(world, 4);

	for (size_t i = first; i < MIN(first + count, world->record_count); i++) {
		if (!world->taken[i] || may_be_taken(world, world->records[i]))
			continue;
		if (hear(world, world->records[i]))
			fail_msg("seed %u: record %zu of %zu was taken twice", seed, i, world->record_count);
	}
}

static int64_t some_step(struct world *world)
{
	static const int64_t sizes_ms[] = {0, 3, 700, 2000, 4990, 5010, 6000, 20000, 3600000};
	int64_t size_ms = sizes_ms[draw(world, (uint32_t)ARRAY_LEN(sizes_ms))];

	return (draw(world, 2) == 0 ? size_ms : -size_ms) * NS_PER_MS;
}

static void start_world(struct world *world, unsigned seed, bool answers, bool attacked)
{
	*world = (struct world){
		.random = seed * 2654435761u,
		.answers = answers,
		.attacked = attacked,
		.interval_ns = 100 * NS_PER_MS,
	};
	world->sender_offset_ns = some_step(world);
	world->own_offset_ns = some_step(world);
}

/* One interval: perhaps a step of a clock, the heartbeat, the advert, and the attacker. */
static void pass_interval(struct world *world, unsigned seed, uint32_t step_odds)
{
	int64_t jitter_ns = draw(world, 2000) * NS_PER_US;

	if (draw(world, step_odds) == 0)
		world->sender_offset_ns = some_step(world);
	if (draw(world, step_odds) == 0)
		world->own_offset_ns = some_step(world);
	world->now.ns += world->interval_ns - jitter_ns;
	if (world->answers)
		replay_prove(&world->replay, world->last, sender_time(world), world->now);
	world->now.ns += jitter_ns;
	send_advert(world, draw(world, 10) == 0);
	while (world->attacked && draw(world, 2) == 0)
		replay_some(world, seed);
}

static void what_was_taken_is_never_taken_again(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 2000; seed++) {
		struct world world;

		start_world(&world, seed, seed % 2 == 0, true);
		for (unsigned i = 0; i < 400; i++)
			pass_interval(&world, seed, 40);
	}
}

/*
 * With nonces answered no step of any clock costs more than the one advert that was signed before the answer; without,
 * a step of ours costs nothing once three have come, and none costs more than two adverts, but a sender that is put
 * back to where our clock is not.
 */
static void clock_steps_cost_few_adverts(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 500; seed++) {
		struct world world;

		start_world(&world, seed, seed % 2 == 0, false);
		for (unsigned i = 0; i < 20; i++)
			pass_interval(&world, seed, UINT32_MAX);
		world.most_missed = 0;
		if (seed % 2 == 0)
			world.sender_offset_ns = some_step(&world);
		world.own_offset_ns = some_step(&world);
		for (unsigned i = 0; i < 100; i++)
			pass_interval(&world, seed, UINT32_MAX);
		if (world.most_missed > (world.answers ? 1u : 0u))
			fail_msg("seed %u: %u missed", seed, world.most_missed);
	}
}

/* The sender dies, and the attacker plays all that it has ever sent, as slowly as it was sent. */
static void a_dead_sender_is_not_brought_back(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 300; seed++) {
		struct world world;
		uint64_t before;

		start_world(&world, seed, false, true);
		world.own_offset_ns = 0;
		world.sender_offset_ns = -(int64_t)draw(&world, 2) * 4 * NS_PER_S;
		for (unsigned i = 0; i < 200; i++)
			pass_interval(&world, seed, UINT32_MAX);
		world.now.ns += draw(&world, 10) * NS_PER_S;
		before = world.replay.mark.sequence;
		for (size_t i = 0; i < world.record_count; i++) {
			world.now.ns += world.interval_ns;
			if (world.taken[i])
				assert_false(hear(&world, world.records[i]));
		}
		assert_true(world.replay.mark.sequence >= before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_end_as_told),
		cmocka_unit_test(the_sequence_may_wrap),
		cmocka_unit_test(what_was_taken_is_never_taken_again),
		cmocka_unit_test(clock_steps_cost_few_adverts),
		cmocka_unit_test(a_dead_sender_is_not_brought_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

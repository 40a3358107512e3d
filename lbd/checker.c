/* SPDX-License-Identifier: MIT */
#include "lbd/checker.h"

#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <stdio.h>

/* When a round is full. */
#define RETRY_NS NS_PER_MS

struct checker {
	struct checker_setup setup;
	const struct probe_ops *ops;
	uint32_t random;
	struct mono began;       /* the check under way, else the last one */
	struct loop_timer timer; /* the next check, or the timeout of the one under way */
	struct list waiting;     /* in the gate */
	struct probe *probe;     /* NULL between checks */
};

static void on_next(struct loop_timer *timer, struct mono now);

/* Marsaglia's xorshift: enough to keep checks from marching in step. */
static uint32_t next_random(struct checker *checker)
{
	checker->random ^= checker->random << 13;
	checker->random ^= checker->random >> 17;
	checker->random ^= checker->random << 5;
	return checker->random;
}

/* An interval after the last one began, give or take a twentieth, but not before now. */
static struct mono next_time(struct checker *checker, struct mono now)
{
	int64_t interval_ns = checker->setup.target.conf->interval_ns;
	int64_t jitter_ns = (int64_t)(next_random(checker) % 1024) * (interval_ns / 10240) - interval_ns / 20;
	struct mono next = mono_add(checker->began, interval_ns + jitter_ns);

	return mono_before(next, now) ? now : next;
}

static void set_timer(struct checker *checker, struct mono at, loop_timer_fn *fn)
{
	/* Setting a timer again takes no memory; a checker without one would leave its server as it is for ever. */
	if (loop_timer_set(checker->setup.loop, &checker->timer, at, fn) < 0)
		abort();
}

/* Whoever waits first begins in this very round. */
static void leave_gate(struct checker_gate *gate)
{
	struct checker *first;

	gate->under_way--;
	if (list_is_empty(&gate->waiting))
		return;
	first = LIST_ENTRY(gate->waiting.next, struct checker, waiting);
	list_remove(&first->waiting);
	set_timer(first, loop_now(first->setup.loop), on_next);
}

/* Whether the round can bear one more; else the checker comes again in a moment. */
static bool enter_round(struct checker *checker, struct mono now)
{
	struct checker_gate *gate = checker->setup.gate;

	if (gate->round.ns != now.ns) {
		gate->round = now;
		gate->begun = 0;
	}
	if (gate->begun >= CHECKER_BEGUN_MAX) {
		set_timer(checker, mono_add(now, RETRY_NS), on_next);
		return false;
	}
	gate->begun++;
	return true;
}

static bool enter_gate(struct checker *checker)
{
	struct checker_gate *gate = checker->setup.gate;

	if (checker->ops->at_once_max > 0 && gate->under_way >= checker->ops->at_once_max) {
		list_append(&gate->waiting, &checker->waiting);
		return false;
	}
	gate->under_way++;
	return true;
}

static void finish(struct checker *checker, const struct check_result *result)
{
	struct mono now = clock_mono();
	char text[CHECK_RESULT_TEXT_MAX];

	/* The result may stand in the probe's memory. */
	struct check_result kept = *result;

	kept.took_ns = mono_diff(now, checker->began);
	kept.agent = checker->setup.target.conf->kind == CHECK_AGENT;

	if (checker->probe != NULL)
		checker->ops->free(TAKE(checker->probe));
	leave_gate(checker->setup.gate);
	check_result_text(&kept, kept.took_ns, text);
	set_timer(checker, next_time(checker, now), on_next);
	checker->setup.fn(checker->setup.context, checker->setup.slot, &kept, text);
}

static void on_result(void *context, const struct check_result *result)
{
	finish(context, result);
}

static void on_timeout(struct loop_timer *timer, struct mono now)
{
	struct checker *checker = CONTAINER_OF(timer, struct checker, timer);
	struct check_result result = {0};

	(void)now;
	snprintf(result.what, sizeof result.what, "timeout after %lld ms",
		(long long)(checker->setup.target.conf->timeout_ns / NS_PER_MS));
	if (checker->ops->silence != NULL)
		checker->ops->silence(checker->probe, &result);
	finish(checker, &result);
}

/* What this host lacks is not held against the server: it keeps its health, and the next check may do better. */
static void skip(struct checker *checker, int error)
{
	log_warning("a check could not be made", log_str("pool", checker->setup.target.pool),
		log_str("server", checker->setup.target.name), log_errno(error));
	leave_gate(checker->setup.gate);
	set_timer(checker, next_time(checker, clock_mono()), on_next);
}

static bool has_address(const struct checker *checker)
{
	return checker->setup.target.server.ip.family != 0 || checker->setup.target.path != NULL;
}

static void on_next(struct loop_timer *timer, struct mono now)
{
	struct checker *checker = CONTAINER_OF(timer, struct checker, timer);
	struct probe_setup setup = {
		.loop = checker->setup.loop,
		.children = checker->setup.children,
		.target = &checker->setup.target,
		.fn = on_result,
		.context = checker,
	};
	struct check_result result = {0};
	int r;

	if (!has_address(checker) || !enter_round(checker, now) || !enter_gate(checker))
		return;
	checker->began = now;
	r = checker->ops->start(&setup, &checker->probe);
	if (r == 0) {
		set_timer(checker, mono_add(now, checker->setup.target.conf->timeout_ns), on_timeout);
	} else if (probe_is_exhaustion(r)) {
		skip(checker, r);
	} else {
		check_result_error(&result, -r);
		finish(checker, &result);
	}
}

int checker_new(const struct checker_setup *setup, struct checker **ret_checker)
{
	struct checker *checker = calloc(1, sizeof *checker);
	int r;

	if (checker == NULL)
		return -ENOMEM;
	checker->setup = *setup;
	checker->ops = probe_table[check_table[setup->target.conf->kind]->carrier];
	checker->random = (uint32_t)clock_mono().ns * UINT32_C(2654435761) + setup->slot * 2 + 1;
	list_init(&checker->waiting);
	r = loop_timer_set(setup->loop, &checker->timer, mono_add(loop_now(setup->loop), setup->delay_ns), on_next);
	if (r < 0) {
		free(checker);
		return r;
	}
	*ret_checker = checker;
	return 0;
}

/* Its place in the gate goes to whoever waits. */
static void drop_probe(struct checker *checker)
{
	if (checker->probe == NULL)
		return;
	checker->ops->free(TAKE(checker->probe));
	leave_gate(checker->setup.gate);
}

void checker_retarget(struct checker *checker, const struct probe_target *target)
{
	bool under_way = checker->probe != NULL;

	drop_probe(checker);
	checker->setup.target = *target;
	if (under_way)
		set_timer(checker, loop_now(checker->setup.loop), on_next);
}

const struct check_conf *checker_conf(const struct checker *checker)
{
	return checker->setup.target.conf;
}

void checker_set_address(struct checker *checker, const struct ip *address)
{
	drop_probe(checker);
	list_remove(&checker->waiting);
	checker->setup.target.server.ip = *address;
	set_timer(checker, loop_now(checker->setup.loop), on_next);
}

void checker_free(struct checker *checker)
{
	if (checker == NULL)
		return;
	list_remove(&checker->waiting);
	drop_probe(checker);
	loop_timer_clear(checker->setup.loop, &checker->timer);
	free(checker);
}

/* SPDX-License-Identifier: MIT */
#include "lbd/life.h"

const char *life_state_name(enum life_state state)
{
	static const char *const names[] = {
		[LIFE_PREFACE] = "preface",
		[LIFE_CONNECTING] = "connecting",
		[LIFE_WAITING] = "waiting",
		[LIFE_OPEN] = "open",
		[LIFE_CLIENT_DONE] = "client-done",
		[LIFE_SERVER_DONE] = "server-done",
		[LIFE_ENDED] = "ended",
	};
	static_assert(ARRAY_LEN(names) == LIFE_ENDED + 1, "a row is missing");

	return names[state];
}

void life_begin(struct life *life, unsigned retries, struct mono now)
{
	*life = (struct life){.state = LIFE_CONNECTING, .attempts_left = retries, .since = now, .active = now};
}

static enum life_action enter(struct life *life, enum life_state state, struct mono now, enum life_action action)
{
	life->state = state;
	life->since = now;
	return action;
}

static struct mono after(struct mono since, int64_t limit_ns)
{
	return limit_ns == 0 ? MONO_NEVER : mono_add(since, limit_ns);
}

struct mono life_deadline(const struct life *life, const struct timeouts_conf *timeouts)
{
	switch (life->state) {
	case LIFE_PREFACE:
		return after(life->since, timeouts->hello_ns);
	case LIFE_CONNECTING:
		return after(life->since, timeouts->connect_ns);
	case LIFE_WAITING:
		return life->wait_until;
	case LIFE_OPEN:
		return after(life->active, timeouts->idle_ns);
	case LIFE_CLIENT_DONE:
	case LIFE_SERVER_DONE:
		return mono_min(after(life->since, timeouts->half_close_ns), after(life->active, timeouts->idle_ns));
	case LIFE_ENDED:
		break;
	}
	return MONO_NEVER;
}

void life_expect_preface(struct life *life, struct mono now)
{
	assert(life->state == LIFE_CONNECTING);
	(void)enter(life, LIFE_PREFACE, now, LIFE_DO_NOTHING);
}

void life_wait(struct life *life, int64_t limit_ns, struct mono now)
{
	assert(life->state == LIFE_CONNECTING);
	life->wait_until = after(now, limit_ns);
	life->starving = false;
	(void)enter(life, LIFE_WAITING, now, LIFE_DO_NOTHING);
}

void life_starve(struct life *life, const struct timeouts_conf *timeouts, struct mono now)
{
	assert(life->state == LIFE_CONNECTING);
	if (!life->starving)
		life->wait_until = after(now, timeouts->connect_ns);
	life->starving = true;
	(void)enter(life, LIFE_WAITING, now, LIFE_DO_NOTHING);
}

void life_go_on(struct life *life, struct mono now)
{
	assert(life->state == LIFE_WAITING);
	(void)enter(life, LIFE_CONNECTING, now, LIFE_DO_NOTHING);
}

static enum life_action end(struct life *life, enum end_cause cause, struct mono now, enum life_action action)
{
	life->cause = cause;
	return enter(life, LIFE_ENDED, now, action);
}

/* As an event that says no more comes to `usual`. */
static enum end_cause cause_or(const struct life *life, enum end_cause usual)
{
	return life->cause != END_OPEN ? life->cause : usual;
}

/* Another attempt. */
static enum life_action attempt(struct life *life, struct mono now, enum life_action action)
{
	life->starving = false;
	return enter(life, LIFE_CONNECTING, now, action);
}

static enum life_action attempt_failed(struct life *life, enum end_cause cause, struct mono now)
{
	if (life->attempts_left == 0)
		return end(life, cause, now, LIFE_DO_REFUSE);
	life->attempts_left--;
	life->cause = END_OPEN;
	return attempt(life, now, LIFE_DO_CONNECT);
}

static enum life_action time_passed(struct life *life, const struct timeouts_conf *timeouts, struct mono now)
{
	bool idle = mono_reached(after(life->active, timeouts->idle_ns), now);

	if (!mono_reached(life_deadline(life, timeouts), now))
		return LIFE_DO_NOTHING;
	if (life->state == LIFE_CONNECTING)
		return attempt_failed(life, END_CONNECT_TIMEOUT, now);
	if (life->state == LIFE_PREFACE && life->preface_optional)
		return enter(life, LIFE_CONNECTING, now, LIFE_DO_ADMIT);
	if (life->state == LIFE_PREFACE)
		return end(life, END_PREFACE_TIMEOUT, now, LIFE_DO_REFUSE);
	if (life->state == LIFE_WAITING)
		return end(life, life->starving ? END_OUT_OF_RESOURCES : END_QUEUE_TIMEOUT, now, LIFE_DO_REFUSE);
	return end(life, idle ? END_IDLE_TIMEOUT : END_HALF_CLOSE_TIMEOUT, now, LIFE_DO_CLOSE);
}

static enum life_action side_done(
	struct life *life, enum life_state mine, enum life_state others, enum life_action pass_on, struct mono now)
{
	if (life->state == LIFE_OPEN) {
		life->active = now;
		return enter(life, mine, now, pass_on);
	}
	if (life->state == others)
		return end(
			life, others == LIFE_CLIENT_DONE ? END_CLIENT_CLOSED : END_SERVER_CLOSED, now, LIFE_DO_CLOSE);
	return LIFE_DO_NOTHING;
}

/* A FIN in the middle of an answer could be taken for its end. */
#define REST_NS NS_PER_S

static bool is_at_rest(const struct life *life, struct mono now)
{
	return !life_is_early(life) && mono_diff(now, life->active) >= REST_NS;
}

enum life_action life_step(
	struct life *life, const struct timeouts_conf *timeouts, enum life_event event, struct mono now)
{
	bool connecting = life->state == LIFE_CONNECTING;
	bool preface = life->state == LIFE_PREFACE;

	if (life->state == LIFE_ENDED)
		return LIFE_DO_NOTHING;
	switch (event) {
	case LIFE_PREFACE_READ:
		return preface ? enter(life, LIFE_CONNECTING, now, LIFE_DO_ADMIT) : LIFE_DO_NOTHING;
	case LIFE_PREFACE_WRONG:
		return preface ? end(life, cause_or(life, END_PREFACE_ERROR), now, LIFE_DO_REFUSE) : LIFE_DO_NOTHING;
	case LIFE_CONNECTED:
		life->active = now;
		return connecting ? enter(life, LIFE_OPEN, now, LIFE_DO_NOTHING) : LIFE_DO_NOTHING;
	case LIFE_CONNECT_FAILED:
		return connecting ? attempt_failed(life, cause_or(life, END_CONNECT_FAILED), now) : LIFE_DO_NOTHING;
	case LIFE_NO_SERVER:
		return life_is_early(life) ? end(life, cause_or(life, END_NO_SERVER), now, LIFE_DO_REFUSE)
					   : LIFE_DO_NOTHING;
	case LIFE_CLIENT_FIN:
		return side_done(life, LIFE_CLIENT_DONE, LIFE_SERVER_DONE, LIFE_DO_FIN_TO_SERVER, now);
	case LIFE_SERVER_FIN:
		return side_done(life, LIFE_SERVER_DONE, LIFE_CLIENT_DONE, LIFE_DO_FIN_TO_CLIENT, now);
	case LIFE_CLIENT_RESET:
		return end(life, END_CLIENT_RESET, now, LIFE_DO_RESET);
	case LIFE_SERVER_RESET:
		return end(life, END_SERVER_RESET, now, LIFE_DO_RESET);
	case LIFE_RESET:
		return end(life, life->cause, now, LIFE_DO_RESET);
	case LIFE_CLOSE:
		return end(life, life->cause, now, is_at_rest(life, now) ? LIFE_DO_CLOSE : LIFE_DO_RESET);
	case LIFE_LOSE_SERVER:
		return connecting ? attempt(life, now, LIFE_DO_MOVE) : LIFE_DO_NOTHING;
	case LIFE_TIME:
		return time_passed(life, timeouts, now);
	}
	return LIFE_DO_NOTHING;
}

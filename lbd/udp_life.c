/* SPDX-License-Identifier: MIT */
#include "lbd/udp_life.h"

/* What is at work is not given up for strangers, whose source addresses may be forged. */
#define REST_NS NS_PER_S

void udp_life_begin(struct udp_life *life, unsigned retries, struct mono now)
{
	*life = (struct udp_life){.retries = retries, .attempts_left = retries, .active = now};
}

void udp_life_request(struct udp_life *life, unsigned count, struct mono now)
{
	life->requests += count;
	life->active = now;
}

bool udp_life_answer(struct udp_life *life, unsigned limit, struct mono now)
{
	life->answers++;
	life->active = now;
	life->attempts_left = life->retries;
	return limit > 0 && life->answers >= limit && life->answers >= life->requests;
}

bool udp_life_failed(struct udp_life *life)
{
	life->requests = life->answers;
	if (life->attempts_left == 0)
		return false;
	life->attempts_left--;
	return true;
}

struct mono udp_life_deadline(const struct udp_life *life, int64_t idle_ns)
{
	return idle_ns == 0 ? MONO_NEVER : mono_add(life->active, idle_ns);
}

bool udp_life_is_resting(const struct udp_life *life, struct mono now)
{
	return mono_diff(now, life->active) >= REST_NS;
}

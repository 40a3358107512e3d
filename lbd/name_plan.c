/* SPDX-License-Identifier: MIT */
#include "lbd/name_plan.h"

static const struct ip *choose(const struct name_plan *plan, const struct ip *addresses, size_t count)
{
	const struct ip *first = addresses;

	for (size_t i = 0; i < count; i++) {
		if (ip_equal(&addresses[i], &plan->address))
			return &addresses[i];
		if (ip_compare(&addresses[i], first) < 0)
			first = &addresses[i];
	}
	return first;
}

struct mono name_plan_answer(struct name_plan *plan, const struct ip *addresses, size_t count, uint32_t ttl_s,
	struct mono now, bool *ret_changed)
{
	const struct ip *chosen = choose(plan, addresses, count);
	uint32_t good_s = MIN(MAX(ttl_s, (uint32_t)NAME_TTL_MIN_S), (uint32_t)NAME_TTL_MAX_S);

	*ret_changed = !ip_equal(chosen, &plan->address);
	plan->address = *chosen;
	plan->retry_ns = 0;
	return mono_add(now, good_s * NS_PER_S);
}

struct mono name_plan_failure(struct name_plan *plan, struct mono now)
{
	plan->retry_ns = plan->retry_ns == 0 ? NAME_RETRY_MIN_NS : MIN(2 * plan->retry_ns, NAME_RETRY_MAX_NS);
	return mono_add(now, plan->retry_ns);
}

/* SPDX-License-Identifier: MIT */
#include "lbd/name_plan.h"

static bool is_among(const struct ip *addresses, size_t count, const struct ip *address)
{
	for (size_t i = 0; i < count; i++) {
		if (ip_equal(&addresses[i], address))
			return true;
	}
	return false;
}

static void leave_places(struct name_plan *plan, const struct ip *addresses, size_t count)
{
	for (size_t i = 0; i < SERVER_PLACES_MAX; i++) {
		if (!is_among(addresses, count, &plan->places[i]))
			plan->places[i] = (struct ip){0};
	}
}

/* The lowest above `last` that has no place. NULL: there is none. */
static const struct ip *next_without_place(
	const struct name_plan *plan, const struct ip *addresses, size_t count, const struct ip *last)
{
	const struct ip *next = NULL;

	for (size_t i = 0; i < count; i++) {
		if ((last != NULL && ip_compare(&addresses[i], last) <= 0) ||
			is_among(plan->places, SERVER_PLACES_MAX, &addresses[i]))
			continue;
		if (next == NULL || ip_compare(&addresses[i], next) < 0)
			next = &addresses[i];
	}
	return next;
}

struct mono name_plan_answer(struct name_plan *plan, const struct ip *addresses, size_t count, uint32_t ttl_s,
	struct mono now, size_t *ret_passed_over)
{
	uint32_t good_s = MIN(MAX(ttl_s, (uint32_t)NAME_TTL_MIN_S), (uint32_t)NAME_TTL_MAX_S);
	const struct ip *address = NULL;
	size_t place = 0, passed_over = 0;

	leave_places(plan, addresses, count);
	while ((address = next_without_place(plan, addresses, count, address)) != NULL) {
		while (place < SERVER_PLACES_MAX && plan->places[place].family != 0)
			place++;
		if (place < SERVER_PLACES_MAX)
			plan->places[place] = *address;
		else
			passed_over++;
	}
	plan->retry_ns = 0;
	*ret_passed_over = passed_over;
	return mono_add(now, good_s * NS_PER_S);
}

struct mono name_plan_failure(struct name_plan *plan, struct mono now)
{
	plan->retry_ns = plan->retry_ns == 0 ? NAME_RETRY_MIN_NS : MIN(2 * plan->retry_ns, NAME_RETRY_MAX_NS);
	return mono_add(now, plan->retry_ns);
}

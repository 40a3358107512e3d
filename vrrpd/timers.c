/* SPDX-License-Identifier: MIT */
#include "vrrpd/timers.h"

#include "common/pure/mono.h"

int64_t timers_skew_ns(uint8_t version, uint8_t priority, int64_t interval_ns)
{
	int64_t whole_ns = version == 2 ? NS_PER_S : interval_ns;

	/* Divided last: a quotient first would lose the skew of short intervals. 2^53 ns of interval fit. */
	return (256 - priority) * whole_ns / 256;
}

int64_t timers_active_down_ns(uint8_t version, uint8_t priority, int64_t interval_ns)
{
	return 3 * interval_ns + timers_skew_ns(version, priority, interval_ns);
}

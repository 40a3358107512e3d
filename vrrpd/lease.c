/* SPDX-License-Identifier: MIT */
/*
 * How late the kernel lets addresses lapse depends on when they were renewed. One look (addrconf_verify, and
 * check_lifetime for IPv4) removes all that have lapsed by then, up to 0.25 s after the first; the next look comes a
 * second later at the earliest, whatever lapses meanwhile.
 *
 * - Few addresses, renewed in one burst, lapse in one look: up to 0.25 s late.
 * - Many take longer to renew than the 20 ms that a look forgives. Renewed in a burst, which then ends at the worst
 *   moment, all but the first would lapse in the second look, up to 1.25 s late. Spread over a whole second or several,
 *   the first look comes when the oldest lapse, which is that much earlier, and the last one when the youngest do: up
 *   to 0.25 s late again. So their renewals also cost no burst of processor time.
 *
 * To renew costs the kernel time that grows with the addresses that the interface has: each message for IPv6 makes it
 * walk all of them, and all multicast groups of the interface (inet6_rtm_newaddr). So a lease is renewed as seldom as
 * a renewal that is late by more than the guardian lets pass (DESIGN section 5.2: 300 ms) allows.
 */
#include "vrrpd/lease.h"

/* Of 2^32, the golden section's share: multiples of it, as a fraction, are evenly spread however many there are. */
#define GOLDEN_SHARE UINT32_C(2654435769)

/* In whole seconds where it can be, for the looks' sake. */
static int64_t period_ns(int64_t length_ns)
{
	int64_t half_ns = length_ns / 2;

	return half_ns < NS_PER_S ? half_ns : half_ns - half_ns % NS_PER_S;
}

struct mono lease_next(int64_t length_ns, uint8_t vrid, bool together, struct mono now)
{
	int64_t period = period_ns(length_ns);
	uint32_t share = together ? 0 : vrid * GOLDEN_SHARE;
	int64_t offset = (int64_t)(share >> 16) * period >> 16;
	int64_t since = (now.ns - offset) % period;

	return (struct mono){now.ns + period - (since < 0 ? since + period : since)};
}

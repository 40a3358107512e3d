/* SPDX-License-Identifier: MIT */
/*
 * Whether the addresses may be renewed (DESIGN section 5.1): renewing replaces, and so would bring back what the
 * guardian took away or what the kernel let lapse. Pure.
 */
#ifndef LBPAIR_VRRPD_LEASE_H
#define LBPAIR_VRRPD_LEASE_H

#include "common/pure/mono.h"

/* As many addresses as a node renews in a burst of all vips, of a few milliseconds. */
#define LEASE_TOGETHER_MAX 20

struct lease {
	bool held;               /* the addresses are ours */
	int64_t renewed_boot_ns; /* when they were last written, CLOCK_BOOTTIME, read before */
	int64_t length_ns;       /* and for how long */
	uint64_t epoch;          /* of the fence when they were installed */
};

/* Neither has the guardian fenced since, nor has the lease lapsed. */
static inline bool lease_is_whole(const struct lease *lease, uint64_t epoch, int64_t boot_ns)
{
	return lease->epoch == epoch && boot_ns - lease->renewed_boot_ns < lease->length_ns;
}

/* How long after a renewal that failed the next one comes. */
static inline int64_t lease_retry_ns(int64_t length_ns)
{
	return length_ns / 8;
}

/*
 * When the lease of a vip is renewed next: which is about twice in its course, at fixed moments of
 * the clock. Those that go `together` have the same moments; otherwise a vip has its own, and all of them
 * are spread over the time between two renewals (lease.c has why).
 */
struct mono lease_next(int64_t length_ns, uint8_t vrid, bool together, struct mono now);

#endif

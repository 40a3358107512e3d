/* SPDX-License-Identifier: MIT */
/*
 * Whether the addresses may be renewed (DESIGN section 5.1): renewing replaces, and so would bring back what the
 * guardian took away or what the kernel let lapse. Pure.
 */
#ifndef LBPAIR_VRRPD_LEASE_H
#define LBPAIR_VRRPD_LEASE_H

#include "common/pure/mono.h"

/* Renewed so many times within its length. */
#define LEASE_RENEWALS 4

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

#endif

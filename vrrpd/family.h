/* SPDX-License-Identifier: MIT */
/* The two IP versions as an index, and what VRRP has of its own in each. */
#ifndef LBPAIR_VRRPD_FAMILY_H
#define LBPAIR_VRRPD_FAMILY_H

#include "common/pure/addr.h"

enum family {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_COUNT,
};

/* The address is one of either version. */
static inline enum family family_of(const struct ip *ip)
{
	return ip->family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* The group that adverts go to: 224.0.0.18 or ff02::12 (RFC 9568 sections 5.1.1.2 and 5.1.2.2). */
static inline struct ip family_group(enum family family)
{
	if (family == FAMILY_IPV4)
		return (struct ip){.family = AF_INET, .bytes = {224, 0, 0, 18}};
	return (struct ip){.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 0x12}};
}

#endif

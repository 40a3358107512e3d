/* SPDX-License-Identifier: MIT */
#include "vrrpd/wanted.h"

#include "common/pure/mono.h"
#include "vrrpd/lease.h"

/* Two intervals, within these bounds. */
#define THRESHOLD_MIN_NS (100 * NS_PER_MS)
#define THRESHOLD_MAX_NS (300 * NS_PER_MS)

bool wanted_key(const struct conf *conf)
{
	for (size_t i = 0; i < conf->vip_count; i++) {
		if (conf->vips[i].authentication == VIP_AUTHENTICATION_HMAC)
			return true;
	}
	return false;
}

const struct node_conf *wanted_other(const struct conf *conf, const struct node_conf *self)
{
	const struct node_conf *other = NULL;

	for (size_t i = 0; i < conf->pair.node_count; i++) {
		if (&conf->pair.nodes[i] != self)
			other = &conf->pair.nodes[i];
	}
	return other;
}

bool wanted_family(const struct conf *conf, enum family family)
{
	for (size_t i = 0; i < conf->vip_count; i++) {
		if (family == FAMILY_IPV4 ? conf->vips[i].has_ipv4 : conf->vips[i].has_ipv6)
			return true;
	}
	return false;
}

int64_t wanted_interval_ns(const struct conf *conf)
{
	int64_t shortest_ns = NS_PER_S;

	for (size_t i = 0; i < conf->vip_count; i++)
		shortest_ns =
			i == 0 ? conf->vips[i].advert_interval_ns : MIN(shortest_ns, conf->vips[i].advert_interval_ns);
	return shortest_ns;
}

int64_t wanted_threshold_ns(const struct conf *conf)
{
	return MAX(MIN(2 * wanted_interval_ns(conf), THRESHOLD_MAX_NS), THRESHOLD_MIN_NS);
}

bool wanted_together(const struct conf *conf)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->vip_count; i++)
		count += conf->vips[i].address_count;
	return count <= LEASE_TOGETHER_MAX;
}

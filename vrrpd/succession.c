/* SPDX-License-Identifier: MIT */
#include "vrrpd/succession.h"

#include <string.h>

static bool is_same_router(const struct vip_conf *a, const struct vip_conf *b)
{
	return a->vrid == b->vrid && a->version == b->version && a->virtual_mac == b->virtual_mac &&
	       strcmp(a->interface, b->interface) == 0;
}

const struct vip_conf *succession_find(const struct conf *conf, const struct vip_conf *vip)
{
	const struct vip_conf *found = conf_find_vip(conf, vip->name);

	return found != NULL && is_same_router(found, vip) ? found : NULL;
}

static bool have_same_addresses(const struct vip_conf *a, const struct vip_conf *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (size_t i = 0; i < a->address_count; i++) {
		if (a->addresses[i].length != b->addresses[i].length ||
			!ip_equal(&a->addresses[i].ip, &b->addresses[i].ip))
			return false;
	}
	return true;
}

static unsigned flag(bool set, unsigned bit)
{
	return set ? bit : 0;
}

unsigned succession_changes(const struct vip_conf *before, const struct vip_conf *after)
{
	bool addresses = !have_same_addresses(before, after);
	bool interval = before->advert_interval_ns != after->advert_interval_ns;
	bool advert = before->authentication != after->authentication || before->rollout != after->rollout ||
		      before->checksum != after->checksum || before->unicast != after->unicast ||
		      strcmp(before->password, after->password) != 0;
	bool election = before->preempt != after->preempt || before->preempt_delay_ns != after->preempt_delay_ns ||
			before->start_delay_ns != after->start_delay_ns;
	bool garp = before->garp.count != after->garp.count || before->garp.interval_ns != after->garp.interval_ns ||
		    before->garp.refresh_ns != after->garp.refresh_ns;

	return flag(addresses, SUCCESSION_ADDRESSES) | flag(before->lease_ns != after->lease_ns, SUCCESSION_LEASE) |
	       flag(addresses || interval || advert, SUCCESSION_ADVERT) |
	       flag(interval || election, SUCCESSION_ELECTION) | flag(garp, SUCCESSION_GARP);
}

static bool has_address(const struct vip_conf *vip, const struct prefix *address)
{
	for (size_t i = 0; i < vip->address_count; i++) {
		if (vip->addresses[i].length == address->length && ip_equal(&vip->addresses[i].ip, &address->ip))
			return true;
	}
	return false;
}

size_t succession_missing(
	const struct vip_conf *vip, const struct vip_conf *other, struct prefix ret_list[static SUCCESSION_LIST_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < vip->address_count && count < SUCCESSION_LIST_MAX; i++) {
		if (!has_address(other, &vip->addresses[i]))
			ret_list[count++] = vip->addresses[i];
	}
	return count;
}

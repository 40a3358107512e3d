/* SPDX-License-Identifier: MIT */
#include "vrrpd/place.h"

int place_prepare(
	struct macvlan_socket *socket, const struct vip_conf *conf, int parent, int macvlans[static FAMILY_COUNT])
{
	const bool wanted[FAMILY_COUNT] = {[FAMILY_IPV4] = conf->has_ipv4, [FAMILY_IPV6] = conf->has_ipv6};
	int r = 0;

	if (!conf->virtual_mac)
		return 0;
	for (enum family family = 0; r == 0 && family < FAMILY_COUNT; family++) {
		if (wanted[family])
			r = macvlan_ensure(socket, parent, conf->interface, family, conf->vrid, &macvlans[family]);
	}
	return r;
}

int place_set_up(struct macvlan_socket *socket, const int macvlans[static FAMILY_COUNT], bool up)
{
	int error = 0;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		int r = macvlans[i] != 0 ? macvlan_set_up(socket, macvlans[i], up) : 0;

		if (error == 0)
			error = r;
	}
	return error;
}

void place_clear(struct macvlan_socket *socket, int macvlans[static FAMILY_COUNT])
{
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (macvlans[i] != 0)
			(void)!macvlan_remove(socket, macvlans[i]);
		macvlans[i] = 0;
	}
}

/* The IPv4 addresses come first (conf.h). */
static size_t count_ipv4(const struct fence_vip *vip)
{
	size_t count = 0;

	while (count < vip->address_count && vip->addresses[count].ip.family == AF_INET)
		count++;
	return count;
}

struct part {
	int ifindex;
	const struct prefix *list;
	size_t count;
};

/* One where all sit on the interface, so that one burst serves both families; returns how many. */
static size_t split(const struct fence_vip *vip, struct part ret_parts[static FAMILY_COUNT])
{
	size_t v4 = count_ipv4(vip);

	ret_parts[0] = (struct part){vip->ifindex, vip->addresses, vip->address_count};
	if (vip->macvlans[FAMILY_IPV4] == 0 && vip->macvlans[FAMILY_IPV6] == 0)
		return 1;
	ret_parts[0] = (struct part){vip->macvlans[FAMILY_IPV4], vip->addresses, v4};
	ret_parts[1] = (struct part){vip->macvlans[FAMILY_IPV6], vip->addresses + v4, vip->address_count - v4};
	return 2;
}

int place_write(struct address_socket *socket, const struct fence_vip *vip, place_fn *write, unsigned lease_s)
{
	struct part parts[FAMILY_COUNT];
	size_t count = split(vip, parts);
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		int r = parts[i].count > 0 ? write(socket, parts[i].ifindex, parts[i].list, parts[i].count, lease_s)
					   : 0;

		if (error == 0)
			error = r;
	}
	return error;
}

int place_remove(struct address_socket *socket, const struct fence_vip *vip)
{
	struct part parts[FAMILY_COUNT];
	size_t count = split(vip, parts);
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		int r = parts[i].count > 0 ? address_remove(socket, parts[i].ifindex, parts[i].list, parts[i].count)
					   : 0;

		if (error == 0)
			error = r;
	}
	return error;
}

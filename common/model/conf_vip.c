/* SPDX-License-Identifier: MIT */
#include "common/model/conf_vip.h"

#include "common/pure/mono.h"

#include <errno.h>
#include <string.h>

/* An advert counts its addresses in one byte. */
#define ADDRESSES_MAX 255

/* The line to blame: the option's, or that of the section where the default is at fault. */
static unsigned line_of(const struct conf_item *vip, const char *name)
{
	const struct conf_item *option = conf_item_option(vip, name);

	return option != NULL ? option->line : vip->line;
}

static bool has_family(const struct vip_conf *vip, int family)
{
	for (size_t i = 0; i < vip->address_count; i++) {
		if (vip->addresses[i].ip.family == family)
			return true;
	}
	return false;
}

/* RFC 3768: IPv4, whole seconds up to 255 of them, and its own authentication. */
static void check_version_2(const struct vip_conf *conf, const struct conf_item *vip, struct conf_errors *errors)
{
	if (conf->authentication == VIP_AUTHENTICATION_HMAC)
		conf_error(errors, line_of(vip, "authentication"),
			"option 'authentication': version 2 cannot carry hmac: write none or password");
	if (conf->advert_interval_ns % NS_PER_S != 0)
		conf_error(errors, line_of(vip, "advert-interval"),
			"option 'advert-interval': version 2 knows whole seconds only: write 1s or more");
	if (has_family(conf, AF_INET6))
		conf_error(errors, line_of(vip, "addresses"),
			"option 'addresses': version 2 is for IPv4 alone: take the IPv6 addresses out, or write "
			"version = 3");
	if (conf->checksum != VIP_CHECKSUM_AUTO)
		conf_error(errors, line_of(vip, "checksum"),
			"option 'checksum': version 2 has one form only: write auto, or take it out");
}

static void check_password(const struct vip_conf *conf, const struct conf_item *vip, struct conf_errors *errors)
{
	bool wanted = conf->authentication == VIP_AUTHENTICATION_PASSWORD;

	/* Bad in itself, and reported as that. */
	if (conf->password == NULL)
		return;
	if (wanted && conf->version == 3)
		conf_error(errors, line_of(vip, "authentication"),
			"option 'authentication': version 3 knows no password: write hmac or none, or version = 2");
	else if (wanted && *conf->password == '\0')
		conf_error(errors, line_of(vip, "authentication"),
			"option 'authentication': there is no password: write password = \"...\", 1 to %d characters",
			VIP_PASSWORD_MAX);
	else if (!wanted && *conf->password != '\0')
		conf_error(errors, line_of(vip, "password"),
			"option 'password': it goes with authentication = password only: take it out");
}

/* Adverts go to one address of the other node, and can have no other family than that. */
static void check_unicast(const struct conf *conf, const struct vip_conf *vip_conf, const struct conf_item *vip,
	struct conf_errors *errors)
{
	static const struct {
		int family;
		const char *name;
	} families[] = {{AF_INET, "IPv4"}, {AF_INET6, "IPv6"}};

	for (size_t i = 0; i < conf->pair.node_count; i++) {
		const struct node_conf *node = &conf->pair.nodes[i];

		for (size_t k = 0; k < ARRAY_LEN(families); k++) {
			if (node->address.family == families[k].family || node->address.family == 0 ||
				!has_family(vip_conf, families[k].family))
				continue;
			conf_error(errors, line_of(vip, "unicast"),
				"option 'unicast': the vip has %s addresses and node '%s' has none to send its adverts "
				"to: "
				"write unicast = no, or make a vip of its own of them",
				families[k].name, node->name);
			return;
		}
	}
}

void conf_vip_check(const struct conf *conf, const struct conf_item *vip, struct conf_errors *errors)
{
	const struct vip_conf *vip_conf = vip->object;

	if (vip_conf->version == 2)
		check_version_2(vip_conf, vip, errors);
	check_password(vip_conf, vip, errors);
	if (vip_conf->rollout != VIP_ROLLOUT_ENFORCE && vip_conf->authentication != VIP_AUTHENTICATION_HMAC)
		conf_error(errors, line_of(vip, "rollout"),
			"option 'rollout': it goes with authentication = hmac only: take it out");
	if (vip_conf->unicast)
		check_unicast(conf, vip_conf, vip, errors);
}

static bool is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

/* The interface identifier of the virtual MAC 00-00-5E-00-02-XX (RFC 9568 section 7.4; RFC 4291 appendix A). */
static struct prefix link_local_of(uint8_t vrid)
{
	return (struct prefix){
		.ip = {.family = AF_INET6, .bytes = {0xfe, 0x80, [8] = 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x02, vrid}},
		.length = 128,
	};
}

int conf_vip_complete(struct conf *conf, const struct conf_item *vip, struct conf_errors *errors)
{
	struct vip_conf *vip_conf = vip->object;
	struct prefix first = link_local_of(vip_conf->vrid);
	struct prefix *list;
	size_t count = 0;

	vip_conf->has_ipv4 = has_family(vip_conf, AF_INET);
	vip_conf->has_ipv6 = has_family(vip_conf, AF_INET6);
	if (!vip_conf->has_ipv6)
		return 0;
	list = arena_alloc(&conf->arena, vip_conf->address_count + 1, sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	for (size_t i = vip_conf->address_count; i-- > 0;) {
		if (is_link_local(&vip_conf->addresses[i].ip))
			first = vip_conf->addresses[i];
	}
	for (size_t i = 0; i < vip_conf->address_count; i++) {
		if (vip_conf->addresses[i].ip.family == AF_INET)
			list[count++] = vip_conf->addresses[i];
	}
	list[count++] = first;
	for (size_t i = 0; i < vip_conf->address_count; i++) {
		const struct ip *ip = &vip_conf->addresses[i].ip;

		if (ip->family == AF_INET6 && !ip_equal(ip, &first.ip))
			list[count++] = vip_conf->addresses[i];
	}
	if (count > ADDRESSES_MAX) {
		conf_error(errors, line_of(vip, "addresses"),
			"option 'addresses': there is no room for the link-local address: write %d of them at most",
			ADDRESSES_MAX - 1);
		return -EINVAL;
	}
	vip_conf->addresses = list;
	vip_conf->address_count = count;
	return 0;
}

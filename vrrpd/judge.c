/* SPDX-License-Identifier: MIT */
#include "vrrpd/judge.h"

#include "common/system/crypto.h"

#include <string.h>

/* An advert of this priority may name other addresses: they are the sender's own (RFC 3768 section 7.1). */
#define PRIORITY_OWNER 255

bool judge_same_list(const struct vip_conf *conf, const struct advert_received *received)
{
	size_t wanted = 0, found = 0;

	for (size_t i = 0; i < conf->address_count; i++) {
		const struct ip *ip = &conf->addresses[i].ip;
		bool there = false;

		if (ip->family != received->addresses[0].family)
			continue;
		for (size_t k = 0; k < received->address_count; k++)
			there = there || ip_equal(ip, &received->addresses[k]);
		wanted++;
		found += there;
	}
	return wanted == received->address_count && found == wanted;
}

/* RFC 3768 section 7.1: what does not agree is dropped, but for a list that the owner has. */
static enum advert_discard judge_version_2(const struct vip_conf *conf, const struct advert_received *received)
{
	bool wants_password = conf->authentication == VIP_AUTHENTICATION_PASSWORD;
	uint8_t password[ADVERT_PASSWORD_SIZE] = {0};

	if (received->auth != (wants_password ? ADVERT_AUTH_PASSWORD : ADVERT_AUTH_NONE))
		return ADVERT_BAD_AUTH;
	if (wants_password) {
		memcpy(password, conf->password, strnlen(conf->password, sizeof password));
		if (!crypto_equal(password, received->password, sizeof password))
			return ADVERT_BAD_AUTH;
	}
	if (received->interval_ns != conf->advert_interval_ns)
		return ADVERT_BAD_INTERVAL;
	if (received->priority != PRIORITY_OWNER && !judge_same_list(conf, received))
		return ADVERT_BAD_COUNT;
	return ADVERT_TAKEN;
}

static bool has_family(const struct vip_conf *conf, const struct ip *source)
{
	return family_of(source) == FAMILY_IPV4 ? conf->has_ipv4 : conf->has_ipv6;
}

enum advert_discard judge_advert(const struct vip_conf *conf, const struct ip sources[static FAMILY_COUNT],
	const struct keyring *ring, const struct advert_packet *packet, const struct advert_received *received)
{
	bool is_signed = conf->authentication == VIP_AUTHENTICATION_HMAC;

	/* RFC 9568 section 7.1: this router's own advert, brought back to it. */
	if (ip_equal(&packet->source, &sources[family_of(&packet->source)]))
		return ADVERT_REFLECTED;
	/* Routers in between are let pass where what they might forge is signed. */
	if (received->far && !(conf->unicast && is_signed && received->is_signed))
		return ADVERT_BAD_TTL;
	if (received->version != conf->version)
		return ADVERT_BAD_VERSION;
	if (!has_family(conf, &packet->source))
		return ADVERT_BAD_VRID;
	if (received->version == 2)
		return judge_version_2(conf, received);
	if (is_signed && !received->is_signed && conf->rollout == VIP_ROLLOUT_ENFORCE)
		return ADVERT_BAD_AUTH;
	if (is_signed && received->is_signed && !advert_verify(packet, received, ring))
		return ADVERT_BAD_AUTH;
	return ADVERT_TAKEN;
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/transmit.h"

#include "common/system/clock.h"

#include <errno.h>

static size_t addresses_of(const struct fence_vip *vip, enum family family, struct ip list[static ADVERT_ADDRESSES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < vip->address_count && count < ADVERT_ADDRESSES_MAX; i++) {
		if (family_of(&vip->addresses[i].ip) == family)
			list[count++] = vip->addresses[i].ip;
	}
	return count;
}

static int send_one(const struct transmit *transmit, const struct fence_vip *vip, const struct advert *advert,
	enum family family, enum advert_checksum form)
{
	const struct ip *source = &vip->sources[family], *destination = &vip->destinations[family];
	const struct key *key = vip->is_signed ? transmit->key : NULL;
	uint8_t bytes[ADVERT_SIZE_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);
	uint64_t sequence = 0;

	if (vip->is_signed && key == NULL)
		return -ENOKEY;
	if (key != NULL)
		sequence = fence_next_sequence(transmit->fence, advert_sequence_of(clock_real_ns()));
	advert_encode(advert, source, destination, form, key, sequence, &out);
	if (out.bad)
		return -EMSGSIZE;
	return rawsock_send(&transmit->sockets[family], vip->ifindex, source, destination, bytes, out.length);
}

/* Version 2 and IPv6 know one form alone. */
static bool is_wanted(const struct fence_vip *vip, enum family family, enum advert_checksum form)
{
	if (family == FAMILY_IPV6 || vip->version == 2)
		return form == ADVERT_CHECKSUM_MESSAGE;
	return (vip->forms & 1 << form) != 0;
}

static int send_family(const struct transmit *transmit, const struct fence_vip *vip, uint8_t priority,
	enum family family, uint64_t *sent)
{
	struct ip addresses[ADVERT_ADDRESSES_MAX];
	struct advert advert = {
		.version = vip->version,
		.vrid = vip->vrid,
		.priority = priority,
		.interval_ns = vip->interval_ns,
		.addresses = addresses,
		.address_count = addresses_of(vip, family, addresses),
		.password = vip->has_password ? vip->password : NULL,
	};
	int error = 0;

	if (advert.address_count == 0 || vip->sources[family].family == 0 || vip->destinations[family].family == 0 ||
		transmit->sockets[family].fd < 0)
		return 0;
	for (enum advert_checksum form = 0; form < ADVERT_CHECKSUM_COUNT; form++) {
		int r = is_wanted(vip, family, form) ? send_one(transmit, vip, &advert, family, form) : -EALREADY;

		if (r == 0)
			++*sent;
		else if (r != -EALREADY && error == 0)
			error = r;
	}
	return error;
}

int transmit_advert(const struct transmit *transmit, const struct fence_vip *vip, uint8_t priority, uint64_t *sent)
{
	int error = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		int r = send_family(transmit, vip, priority, family, sent);

		if (error == 0)
			error = r;
	}
	return error;
}

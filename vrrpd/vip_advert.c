/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip_advert.h"

#include "common/system/clock.h"
#include "vrrpd/forms.h"
#include "vrrpd/transmit.h"

#include <string.h>

/* Where a family's adverts go: to the group, or to the other node's address of that family. */
static struct ip destination_of(const struct vip *vip, enum family family)
{
	const struct node_conf *other = vip->shared->other;

	if (!vip->conf->unicast)
		return family_group(family);
	if (other == NULL || family_of(&other->address) != family)
		return (struct ip){0};
	return other->address;
}

struct fence_vip vip_fence_entry(const struct vip *vip)
{
	struct fence_vip entry = {
		/* What is about to go is still there to be taken away. */
		.active = vip->tenure.lease.held || vip->tenure.leaving > 0,
		.vrid = vip->conf->vrid,
		.version = vip->conf->version,
		.forms = vip_forms(vip),
		.ifindex = vip->link.ifindex,
		.interval_ns = vip->conf->advert_interval_ns,
		.virtual_mac = vip->conf->virtual_mac,
		.addresses = vip->conf->addresses,
		.address_count = vip->conf->address_count,
		.is_signed = vip->conf->authentication == VIP_AUTHENTICATION_HMAC &&
			     vip->conf->rollout != VIP_ROLLOUT_RECEIVE_ONLY,
		.has_password = vip->conf->authentication == VIP_AUTHENTICATION_PASSWORD,
	};

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		entry.macvlans[family] = vip->macvlans[family];
		entry.sources[family] = vip->sources[family];
		entry.destinations[family] = destination_of(vip, family);
	}
	/* Padded with zeros (RFC 2338 section 5.3.10). */
	if (entry.has_password)
		memcpy(entry.password, vip->conf->password, strnlen(vip->conf->password, sizeof entry.password));
	return entry;
}

void vip_advert_send_entry(struct vip_shared *shared, struct vip *vip, const struct fence_vip *entry, uint8_t priority)
{
	const struct transmit transmit = {.sockets = shared->sockets,
		.fence = shared->fence,
		.key = shared->key,
		.packet_fd = shared->announce_fd};
	uint64_t sent = 0;
	int r = transmit_advert(&transmit, entry, priority, &sent);

	if (vip == NULL)
		return;
	if (r < 0 && r != vip->send_error)
		log_warning("an advert could not be sent", log_str("vip", vip->conf->name), log_errno(r));
	vip->send_error = r;
	vip->advert_sent_at = clock_mono();
	vip->counters.adverts_sent += sent;
}

void vip_advert_send(struct vip *vip, uint8_t priority)
{
	const struct fence_vip entry = vip_fence_entry(vip);

	vip_advert_send_entry(vip->shared, vip, &entry, priority);
}

uint8_t vip_forms(const struct vip *vip)
{
	const struct node_conf *other = vip->shared->other;

	return forms_to_send(vip->conf->checksum, other != NULL && other->foreign, vip->heard_forms);
}

void vip_heard_form(struct vip *vip, enum advert_checksum form)
{
	uint8_t before = vip_forms(vip), now;

	vip->counters.checksums[form]++;
	vip->heard_forms |= (uint8_t)(1 << form);
	now = vip_forms(vip);
	if (now == before)
		return;
	log_warning("adverts of another checksum form are heard, and answered in it", log_str("vip", vip->conf->name),
		log_str("before", forms_name(before)), log_str("now", forms_name(now)));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"adverts are sent with checksum %s, by what is heard", forms_name(now));
	vip->shared->publish(vip->shared->context);
}

void vip_set_sources(struct vip *vip, const struct ip sources[static FAMILY_COUNT])
{
	bool same = true;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		same = same && ip_equal(&vip->sources[i], &sources[i]);
		vip->sources[i] = sources[i];
	}
	if (!same && vip->tenure.lease.held)
		vip->shared->publish(vip->shared->context);
}

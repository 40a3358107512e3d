/* SPDX-License-Identifier: MIT */
#include "vrrpd/hearing.h"

#include "common/system/clock.h"
#include "common/system/crypto.h"

#include <string.h>

/* A rival that is heard for so many intervals is told of. */
#define RIVAL_INTERVALS 3

static void warn_of_clocks(const struct vip *vip, const struct sender *sender)
{
	switch (sender->last) {
	case REPLAY_FRESH_SHIFTED:
	case REPLAY_FRESH_PACED:
		log_warning("the clocks of the two nodes differ", log_str("vip", vip->conf->name),
			log_ip("peer", &sender->source), log_ms("offset", sender->offset_ns),
			log_str("accepted_by", sender->last == REPLAY_FRESH_PACED ? "pace" : "nonce"));
		break;
	case REPLAY_STALE:
		log_warning("signed adverts are outside the time window", log_str("vip", vip->conf->name),
			log_ip("peer", &sender->source), log_ms("offset", sender->offset_ns));
		break;
	case REPLAY_FRESH:
	case REPLAY_OLD:
		break;
	}
}

static enum advert_discard check_freshness(struct vip *vip, const struct advert_packet *packet,
	const struct advert_received *received, struct mono at, int64_t real_ns)
{
	struct senders_advert advert = {
		.source = packet->source,
		.sequence = received->sequence,
		.interval_ns = received->interval_ns,
		.at = at,
		.real_ns = real_ns,
	};
	const struct sender *sender;
	bool news;
	bool taken = senders_check(&vip->senders, &advert, &sender, &news);

	if (news)
		warn_of_clocks(vip, sender);
	return taken ? ADVERT_TAKEN : ADVERT_REPLAYED;
}

/* The addresses of that family that the advert speaks of are those of the vip, in whatever order. */
static bool has_same_list(const struct vip_conf *conf, const struct advert_received *received)
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
	if (received->priority != VRRP_PRIORITY_OWNER && !has_same_list(conf, received))
		return ADVERT_BAD_COUNT;
	return ADVERT_TAKEN;
}

static bool has_family(const struct vip_conf *conf, const struct ip *source)
{
	return family_of(source) == FAMILY_IPV4 ? conf->has_ipv4 : conf->has_ipv6;
}

static enum advert_discard judge(struct vip *vip, const struct advert_packet *packet,
	const struct advert_received *received, struct mono at, int64_t real_ns)
{
	bool is_signed = vip->conf->authentication == VIP_AUTHENTICATION_HMAC;

	if (ip_equal(&packet->source, &vip->sources[family_of(&packet->source)]))
		return ADVERT_REFLECTED;
	/* Routers in between are let pass where what they might forge is signed. */
	if (received->far && !(vip->conf->unicast && is_signed))
		return ADVERT_BAD_TTL;
	if (!has_family(vip->conf, &packet->source))
		return ADVERT_BAD_VRID;
	if (received->version == 2)
		return judge_version_2(vip->conf, received);
	if (!is_signed)
		return ADVERT_TAKEN;
	if (!received->is_signed || !advert_verify(packet, received, vip->shared->ring))
		return ADVERT_BAD_AUTH;
	return check_freshness(vip, packet, received, at, real_ns);
}

/* RFC 9568 section 7.1: in version 3 what does not agree is said, once, and changes nothing. */
static void note_differences(
	struct vip *vip, const struct advert_packet *packet, const struct advert_received *received)
{
	bool list_differs = !has_same_list(vip->conf, received);
	bool interval_differs = received->interval_ns != vip->conf->advert_interval_ns;

	if (list_differs && !vip->list_differs)
		log_warning("adverts speak of other addresses than this node has", log_str("vip", vip->conf->name),
			log_ip("from", &packet->source));
	if (interval_differs && !vip->interval_differs)
		log_warning("adverts come at another interval than this node has; it is adopted while they do",
			log_str("vip", vip->conf->name), log_ip("from", &packet->source),
			log_ms("interval", received->interval_ns));
	vip->list_differs = list_differs;
	vip->interval_differs = interval_differs;
}

/*
 * RFC 9568 erratum 8298: the owner has nobody to yield to, and says that there is somebody; and so does who finds that
 * the other does not yield. The last words of a node that is preempted are no rival's.
 */
static void note_rival(struct vip *vip, const struct advert_packet *packet, const struct advert_received *received)
{
	struct mono now = clock_mono();

	if (!vrrp_in_conflict(&vip->fsm)) {
		vip->rival_since = (struct mono){0};
		vip->rival_told = false;
		return;
	}
	if (vip->rival_since.ns == 0)
		vip->rival_since = now;
	if (vip->rival_told || mono_diff(now, vip->rival_since) < RIVAL_INTERVALS * received->interval_ns)
		return;
	vip->rival_told = true;
	log_warning("another node goes on sending adverts while this one is active", log_str("vip", vip->conf->name),
		log_ip("from", &packet->source), log_uint("priority", received->priority));
}

static void take(struct vip *vip, const struct advert_packet *packet, const struct advert_received *received)
{
	struct vrrp_event event = {
		.kind = VRRP_EVENT_ADVERT,
		.source = packet->source,
		.priority = received->priority,
		.interval_ns = received->interval_ns,
	};

	vip->counters.adverts_received++;
	vip->heard_source = packet->source;
	note_differences(vip, packet, received);
	if (packet->source.family == AF_INET && received->version == 3)
		vip_heard_form(vip, received->checksum);
	vip_step(vip, &event);
	note_rival(vip, packet, received);
}

void hearing_receive(
	struct vip *vip, const struct advert_packet *packet, const struct advert_received *received, int64_t age_ns)
{
	struct mono at = mono_add(clock_mono(), -age_ns);
	enum advert_discard verdict = judge(vip, packet, received, at, clock_real_ns() - age_ns);

	if (verdict == ADVERT_TAKEN) {
		take(vip, packet, received);
		return;
	}
	vip->counters.discarded[verdict]++;
	if (verdict == ADVERT_REPLAYED && senders_last_is_stale(&vip->senders, &packet->source))
		vip_event(vip, VRRP_EVENT_STALE);
}

void hearing_prove_clock(struct vip *vip, uint64_t session, uint64_t sequence, int64_t peer_real_ns)
{
	senders_prove(&vip->senders, session, sequence, peer_real_ns, clock_mono());
}

uint64_t hearing_highest_sequence(const struct vip *vip)
{
	return senders_highest(&vip->senders);
}

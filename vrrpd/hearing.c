/* SPDX-License-Identifier: MIT */
#include "vrrpd/hearing.h"

#include "common/system/clock.h"
#include "vrrpd/judge.h"
#include "vrrpd/vip_advert.h"

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

static enum advert_discard judge(struct vip *vip, const struct advert_packet *packet,
	const struct advert_received *received, struct mono at, int64_t real_ns)
{
	enum advert_discard verdict = judge_advert(vip->conf, vip->sources, vip->shared->ring, packet, received);

	if (verdict != ADVERT_TAKEN || vip->conf->authentication != VIP_AUTHENTICATION_HMAC || !received->is_signed)
		return verdict;
	return check_freshness(vip, packet, received, at, real_ns);
}

/* RFC 9568 section 7.1: in version 3 what does not agree is said, once, and changes nothing. */
static void note_differences(
	struct vip *vip, const struct advert_packet *packet, const struct advert_received *received)
{
	struct mono now = clock_mono();

	if (misfit_differs(&vip->other_list, !judge_same_list(vip->conf, received), now))
		log_warning("adverts speak of other addresses than this node has", log_str("vip", vip->conf->name),
			log_ip("from", &packet->source));
	if (misfit_differs(&vip->other_interval, received->interval_ns != vip->conf->advert_interval_ns, now))
		log_warning("adverts come at another interval than this node has; it is adopted while they do",
			log_str("vip", vip->conf->name), log_ip("from", &packet->source),
			log_ms("interval", received->interval_ns));
}

/*
 * RFC 9568 erratum 8298: the owner has nobody to yield to, and says that there is somebody; and so does who finds that
 * the other does not yield. The last words of a node that is preempted are no rival's.
 */
static void note_rival(struct vip *vip, const struct advert_packet *packet, const struct advert_received *received,
	bool was_in_conflict)
{
	struct mono now = clock_mono();

	if (!was_in_conflict) {
		vip->rival_since = now;
		vip->rival_told = false;
	}
	if (!vrrp_in_conflict(&vip->fsm))
		return;
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

	bool was_in_conflict = vrrp_in_conflict(&vip->fsm);

	vip->counters.adverts_received++;
	misfit_clear(&vip->misfit, clock_mono());
	vip->heard_source = packet->source;
	note_differences(vip, packet, received);
	if (packet->source.family == AF_INET && received->version == 3)
		vip_heard_form(vip, received->checksum);
	vip_step(vip, &event);
	note_rival(vip, packet, received, was_in_conflict);
}

void hearing_refuse(struct vip *vip, enum advert_discard verdict, const struct advert_packet *packet,
	const struct advert_received *received)
{
	char text[MISFIT_TEXT_MAX];

	vip->counters.discarded[verdict]++;
	if (!misfit_note(&vip->misfit, verdict, received, &packet->source, vip->shared->ring, clock_mono()))
		return;
	misfit_text(&vip->misfit, vip->conf, text);
	log_warning("adverts are refused", log_str("vip", vip->conf->name), log_str("reason", text));
	recorder_add(vip->shared->recorder, clock_mono(), clock_real_ns(), vip->conf->name, "%s", text);
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
	hearing_refuse(vip, verdict, packet, received);
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

/* SPDX-License-Identifier: MIT */
#include "vrrpd/misfit.h"

#include <stdio.h>

#define TOLD_AGAIN_NS (60 * NS_PER_S)
/* A sender has fallen silent after so many intervals; of short ones, after a second. */
#define CURRENT_INTERVALS 4
#define CURRENT_MIN_NS (1 * NS_PER_S)

static bool is_of_configuration(enum advert_discard verdict)
{
	switch (verdict) {
	case ADVERT_BAD_TTL:
	case ADVERT_BAD_VERSION:
	case ADVERT_BAD_VRID:
	case ADVERT_BAD_COUNT:
	case ADVERT_BAD_INTERVAL:
	case ADVERT_BAD_AUTH:
		return true;
	case ADVERT_TAKEN:
	case ADVERT_BAD_LENGTH:
	case ADVERT_BAD_CHECKSUM:
	case ADVERT_REPLAYED:
	case ADVERT_REFLECTED:
	case ADVERT_DISCARD_COUNT:
		break;
	}
	return false;
}

bool misfit_note(struct misfit *misfit, enum advert_discard verdict, const struct advert_received *received,
	const struct ip *source, const struct keyring *ring, struct mono now)
{
	if (!is_of_configuration(verdict))
		return false;
	misfit->verdict = verdict;
	misfit->at = now;
	misfit->source = *source;
	misfit->version = received->version;
	misfit->interval_ns = received->interval_ns;
	misfit->auth = received->auth;
	misfit->is_signed = received->is_signed;
	misfit->key_id = received->key_id;
	misfit->key_known = ring != NULL && keyring_find(ring, received->key_id) != NULL;
	if (misfit->told_at[verdict].ns != 0)
		return false;
	misfit->told_at[verdict] = now;
	return true;
}

void misfit_clear(struct misfit *misfit, struct mono now)
{
	if (misfit->verdict == ADVERT_TAKEN)
		return;
	misfit->verdict = ADVERT_TAKEN;
	for (size_t i = 0; i < ADVERT_DISCARD_COUNT; i++) {
		if (mono_diff(now, misfit->told_at[i]) >= TOLD_AGAIN_NS)
			misfit->told_at[i] = (struct mono){0};
	}
}

bool misfit_is_current(const struct misfit *misfit, const struct vip_conf *conf, struct mono now)
{
	int64_t interval_ns = MAX(misfit->interval_ns, conf->advert_interval_ns);

	return misfit->verdict != ADVERT_TAKEN &&
	       mono_diff(now, misfit->at) < MAX(CURRENT_INTERVALS * interval_ns, CURRENT_MIN_NS);
}

bool misfit_differs(struct misfit_difference *difference, bool differs, struct mono now)
{
	bool news = differs && (difference->seen_at.ns == 0 || mono_diff(now, difference->seen_at) >= TOLD_AGAIN_NS);

	difference->now = differs;
	if (differs)
		difference->seen_at = now;
	return news;
}

static const char *password_fault(const struct misfit *misfit, const struct vip_conf *conf)
{
	bool wanted = conf->authentication == VIP_AUTHENTICATION_PASSWORD;

	if (wanted && misfit->auth == ADVERT_AUTH_PASSWORD)
		return "their password is another one than this node's";
	if (wanted && misfit->auth == ADVERT_AUTH_NONE)
		return "they carry no password, and this node wants one";
	if (!wanted && misfit->auth == ADVERT_AUTH_PASSWORD)
		return "they carry a password, and this node is to have none";
	return "their authentication is of a type that is not known here";
}

static void signature_fault(const struct misfit *misfit, char *buffer, size_t size)
{
	if (!misfit->is_signed)
		snprintf(buffer, size, "they are not signed, and this node wants authentication = hmac");
	else if (!misfit->key_known)
		snprintf(buffer, size, "they are signed with key %u, which this node's key file lacks", misfit->key_id);
	else
		snprintf(buffer, size, "their signature is wrong: key %u is another one in that node's key file",
			misfit->key_id);
}

static void fault_of(const struct misfit *misfit, const struct vip_conf *conf, char *buffer, size_t size)
{
	if (misfit->verdict == ADVERT_BAD_TTL)
		snprintf(buffer, size, "they came through a router, which only signed unicast ones may");
	else if (misfit->verdict == ADVERT_BAD_VERSION)
		snprintf(buffer, size, "they are of version %u, this node's of version %u", misfit->version,
			conf->version);
	else if (misfit->verdict == ADVERT_BAD_VRID)
		snprintf(buffer, size, "they are of %s, of which the vip has no address here",
			misfit->source.family == AF_INET ? "IPv4" : "IPv6");
	else if (misfit->verdict == ADVERT_BAD_COUNT)
		snprintf(buffer, size, "they name other addresses than the vip has here");
	else if (misfit->verdict == ADVERT_BAD_INTERVAL)
		snprintf(buffer, size, "they say an interval of %lld ms, and this node's is %lld ms",
			(long long)(misfit->interval_ns / NS_PER_MS),
			(long long)(conf->advert_interval_ns / NS_PER_MS));
	else if (misfit->version == 2)
		snprintf(buffer, size, "%s", password_fault(misfit, conf));
	else
		signature_fault(misfit, buffer, size);
}

const char *misfit_text(const struct misfit *misfit, const struct vip_conf *conf, char buffer[static MISFIT_TEXT_MAX])
{
	char source[IP_TEXT_MAX], fault[96];

	fault_of(misfit, conf, fault, sizeof fault);
	snprintf(buffer, MISFIT_TEXT_MAX, "adverts of %s are refused: %s", ip_text(&misfit->source, source), fault);
	return buffer;
}

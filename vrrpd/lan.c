/* SPDX-License-Identifier: MIT */
#include "vrrpd/lan.h"

static bool knows_any(const struct lan *lan)
{
	for (size_t i = 0; i < LAN_HOSTS; i++) {
		if (lan->hosts[i].ip.family != 0)
			return true;
	}
	return lan->target.family != 0;
}

/* The place of that host; where it is new, a free one or that of the host that was not heard for longest. */
static struct lan_host *place_of(struct lan *lan, const struct ip *ip)
{
	struct lan_host *oldest = &lan->hosts[0];

	for (size_t i = 0; i < LAN_HOSTS; i++) {
		struct lan_host *host = &lan->hosts[i];

		if (ip_equal(&host->ip, ip))
			return host;
		/* A free place was heard at zero. */
		if (mono_before(host->heard_at, oldest->heard_at))
			oldest = host;
	}
	*oldest = (struct lan_host){.ip = *ip};
	return oldest;
}

static bool is_gateway(const struct lan *lan, const struct ip *ip)
{
	for (size_t i = 0; i < lan->gateway_count; i++) {
		if (ip_equal(&lan->gateways[i], ip))
			return true;
	}
	return false;
}

static void note_answer(struct lan_silence *silence)
{
	*silence = (struct lan_silence){.answered = true};
}

void lan_hear(struct lan *lan, const struct ip *ip, bool answer, struct mono now)
{
	struct lan_host *host = place_of(lan, ip);

	host->heard_at = now;
	lan->heard_at = now;
	if (!answer)
		return;
	host->answered_at = now;
	note_answer(&lan->from_all);
	if (is_gateway(lan, ip))
		note_answer(&lan->from_gateways);
	if (ip_equal(&lan->target, ip))
		note_answer(&lan->from_target);
	if (is_gateway(lan, ip) || !is_gateway(lan, &lan->target))
		lan->dead = false;
}

void lan_forget(struct lan *lan, const struct ip *ip)
{
	for (size_t i = 0; i < LAN_HOSTS; i++) {
		if (ip_equal(&lan->hosts[i].ip, ip))
			lan->hosts[i] = (struct lan_host){0};
	}
}

void lan_set_gateways(struct lan *lan, const struct ip *ips, size_t count)
{
	lan->gateway_count = MIN(count, (size_t)LAN_GATEWAYS);
	for (size_t i = 0; i < lan->gateway_count; i++)
		lan->gateways[i] = ips[i];
}

void lan_set_target(struct lan *lan, const struct ip *target)
{
	/* Who has given up goes on asking what has decided it. */
	if (lan->dead || (target != NULL && ip_equal(&lan->target, target)))
		return;
	lan->target = target != NULL ? *target : (struct ip){0};
	/* It has not been asked yet. */
	note_answer(&lan->from_target);
	note_answer(&lan->from_gateways);
	note_answer(&lan->from_all);
}

/* Each is asked once, however many reasons there are. */
static void add(struct ip *ips, size_t *count, const struct ip *ip)
{
	if (ip->family == 0)
		return;
	for (size_t i = 0; i < *count; i++) {
		if (ip_equal(&ips[i], ip))
			return;
	}
	ips[(*count)++] = *ip;
}

/* Whether the rounds before this one, three of them at least, had no answer. */
static bool is_missed(struct lan_silence *silence)
{
	if (!silence->answered)
		silence->missed++;
	silence->answered = false;
	return silence->missed >= LAN_PROBES;
}

static bool has_died(struct lan *lan)
{
	bool target = is_missed(&lan->from_target);
	bool gateways = is_missed(&lan->from_gateways);
	bool all = is_missed(&lan->from_all);

	return target && (all || (gateways && is_gateway(lan, &lan->target)));
}

size_t lan_ask(struct lan *lan, struct ip ret_ips[static LAN_ASKED_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < LAN_HOSTS; i++)
		add(ret_ips, &count, &lan->hosts[i].ip);
	for (size_t i = 0; i < lan->gateway_count; i++)
		add(ret_ips, &count, &lan->gateways[i]);
	add(ret_ips, &count, &lan->target);
	if (lan->target.family != 0 && has_died(lan))
		lan->dead = true;
	lan->rounds++;
	return count;
}

void lan_rest(struct lan *lan)
{
	lan->rounds = 0;
	lan_set_target(lan, NULL);
}

bool lan_is_heard(const struct lan *lan, int64_t interval_ns, struct mono now)
{
	return lan->heard_at.ns != 0 && mono_diff(now, lan->heard_at) <= LAN_PROBES * interval_ns;
}

bool lan_is_silent(const struct lan *lan, int64_t interval_ns, struct mono now)
{
	/* The third question has had its interval when the fourth round begins. */
	return lan->rounds > LAN_PROBES && knows_any(lan) && !lan_is_heard(lan, interval_ns, now);
}

bool lan_was_answered(const struct lan *lan, struct mono since)
{
	for (size_t i = 0; i < LAN_HOSTS; i++) {
		const struct lan_host *host = &lan->hosts[i];

		if (host->answered_at.ns != 0 && !mono_before(host->answered_at, since))
			return true;
	}
	return false;
}

bool lan_is_mute(const struct lan *lan, int64_t interval_ns, struct mono now)
{
	return lan->rounds > LAN_PROBES && knows_any(lan) &&
	       !lan_was_answered(lan, mono_add(now, -LAN_PROBES * interval_ns));
}

bool lan_is_dead(const struct lan *lan)
{
	return lan->dead;
}

bool lan_answering(const struct lan *lan, int64_t interval_ns, struct mono now, struct ip *ret_ip)
{
	const struct lan_host *found = NULL;

	/* Always the same one while it answers: the peer asks it three times. */
	for (size_t i = 0; i < LAN_HOSTS; i++) {
		const struct lan_host *host = &lan->hosts[i];

		if (host->answered_at.ns == 0 || mono_diff(now, host->answered_at) > 2 * interval_ns)
			continue;
		if (found == NULL || (is_gateway(lan, &host->ip) && !is_gateway(lan, &found->ip)))
			found = host;
	}
	if (found == NULL)
		return false;
	*ret_ip = found->ip;
	return true;
}

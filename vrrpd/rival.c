/* SPDX-License-Identifier: MIT */
#include "vrrpd/rival.h"

#include "common/system/clock.h"
#include "vrrpd/vip_announce.h"

#include <stdio.h>
#include <string.h>

/* Right after a takeover the last words of the former owner are on their way, and are answered without a warning. */
#define SETTLE_NS (1 * NS_PER_S)

const char *rival_text(const struct vip *vip, char buffer[static RIVAL_TEXT_MAX])
{
	const uint8_t *mac = vip->lan_rival.mac;

	if (!vip->lan_rival.told)
		return NULL;
	snprintf(buffer, RIVAL_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		mac[5]);
	return buffer;
}

static void tell_gone(const struct vip *vip)
{
	char mac[RIVAL_TEXT_MAX];

	if (rival_text(vip, mac) == NULL)
		return;
	log_info("the rival is no longer heard", log_str("vip", vip->conf->name), log_str("mac", mac));
	recorder_add(vip->shared->recorder, clock_mono(), clock_real_ns(), vip->conf->name,
		"the rival %s is no longer heard", mac);
}

static void on_due(struct loop_timer *timer, struct mono now);

static void set_due(struct vip *vip)
{
	struct vip_rival *rival = &vip->lan_rival;

	if (loop_timer_set(vip->shared->loop, &rival->due, retort_deadline(&rival->retort), on_due) < 0)
		log_error("no memory for a timer");
}

static void on_due(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, lan_rival.due);

	switch (retort_tick(&vip->lan_rival.retort, now)) {
	case RETORT_NOTHING:
		set_due(vip);
		return;
	case RETORT_ANSWER:
		vip_announce_once(vip);
		set_due(vip);
		return;
	case RETORT_GONE:
		break;
	}
	tell_gone(vip);
	vip_forget_rival(vip);
	vip_announce_once(vip);
}

static void tell(struct vip *vip, const struct ip *address)
{
	char mac[RIVAL_TEXT_MAX];

	vip->lan_rival.told = true;
	(void)rival_text(vip, mac);
	log_warning("another host says that it has the address", log_str("vip", vip->conf->name),
		log_ip("address", address), log_str("mac", mac));
	recorder_add(vip->shared->recorder, clock_mono(), clock_real_ns(), vip->conf->name,
		"another host, %s, says that it has the address", mac);
}

void rival_heard(struct vip *vip, const struct neighbour_word *word)
{
	struct vip_rival *rival = &vip->lan_rival;
	struct mono now = clock_mono();
	uint8_t own[NEIGHBOUR_MAC_SIZE];

	vip_mac(vip, &word->sender, own);
	if (!vrrp_minds_rivals(&vip->fsm) || memcmp(word->mac, own, sizeof own) == 0)
		return;
	if (memcmp(rival->mac, word->mac, sizeof rival->mac) != 0) {
		memcpy(rival->mac, word->mac, sizeof rival->mac);
		rival->told = false;
	}
	if (!rival->told && mono_diff(now, vip->moved_at) >= SETTLE_NS)
		tell(vip, &word->sender);
	if (retort_hear(&rival->retort, now))
		vip_announce_once(vip);
	set_due(vip);
}

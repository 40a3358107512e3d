/* SPDX-License-Identifier: MIT */
#include "vrrpd/rival.h"

#include "common/system/clock.h"

#include <stdio.h>
#include <string.h>

/* One of our announcements an answer, but no more than that. */
#define ANSWER_GAP_NS (100 * NS_PER_MS)
/* It is gone when nothing was heard of it for so long. */
#define GONE_NS (3 * NS_PER_S)
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

static void on_gone(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, lan_rival.gone);
	char mac[RIVAL_TEXT_MAX];

	(void)now;
	if (rival_text(vip, mac) != NULL) {
		log_info("the rival is no longer heard", log_str("vip", vip->conf->name), log_str("mac", mac));
		recorder_add(vip->shared->recorder, clock_mono(), clock_real_ns(), vip->conf->name,
			"the rival %s is no longer heard", mac);
	}
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
	if (vip->fsm.state != VRRP_ACTIVE || memcmp(word->mac, own, sizeof own) == 0)
		return;
	if (memcmp(rival->mac, word->mac, sizeof rival->mac) != 0) {
		memcpy(rival->mac, word->mac, sizeof rival->mac);
		rival->told = false;
	}
	if (!rival->told && mono_diff(now, vip->moved_at) >= SETTLE_NS)
		tell(vip, &word->sender);
	if (mono_diff(now, rival->answered_at) >= ANSWER_GAP_NS) {
		rival->answered_at = now;
		vip_announce_once(vip);
	}
	if (loop_timer_set(vip->shared->loop, &rival->gone, mono_add(now, GONE_NS), on_gone) < 0)
		log_error("no memory for a timer");
}

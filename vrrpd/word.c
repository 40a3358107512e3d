/* SPDX-License-Identifier: MIT */
#include "vrrpd/word.h"

static const enum peer_vip_state states[] = {
	[VRRP_INITIALIZE] = PEER_VIP_INITIALIZE,
	[VRRP_BACKUP] = PEER_VIP_BACKUP,
	[VRRP_ACTIVE] = PEER_VIP_ACTIVE,
	[VRRP_FAULT] = PEER_VIP_FAULT,
};
static_assert(ARRAY_LEN(states) == VRRP_STATE_COUNT, "a state has no word");

struct word_change word_take(struct word *word, const struct peer_vip *other)
{
	struct word before = *word;
	bool is_backup = other != NULL && other->state == PEER_VIP_BACKUP;

	word->state = other != NULL ? other->state : PEER_VIP_INITIALIZE;
	/* It may stop and start again before it says that it hears adverts. */
	word->missed = other != NULL && (other->missing || (before.missed && !is_backup));
	return (struct word_change){
		.left = before.state == PEER_VIP_ACTIVE && word->state != PEER_VIP_ACTIVE,
		.for_another = is_backup && !other->missing,
		.hears_again = before.missed && is_backup && !word->missed,
	};
}

bool word_resigned(const struct word_change *change, enum vrrp_state own)
{
	return change->left && (own == VRRP_ACTIVE || !change->for_another);
}

void word_offer(struct word *word)
{
	word->state = PEER_VIP_INITIALIZE;
}

void word_silent(struct word *word)
{
	word->state = PEER_VIP_INITIALIZE;
}

struct peer_vip word_of(uint32_t id, const struct vrrp_fsm *fsm, struct mono now)
{
	return (struct peer_vip){
		.id = id,
		.state = states[fsm->state],
		.effective_priority = fsm->facts.priority,
		.missing = vrrp_misses_adverts(fsm),
		.holds_back = vrrp_holds_back(fsm, now),
	};
}

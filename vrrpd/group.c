/* SPDX-License-Identifier: MIT */
#include "vrrpd/group.h"

void group_note(struct group_condition *condition, const struct vrrp_facts *facts)
{
	condition->fault = !facts->link_ok || facts->lan_dead;
	condition->unready = !facts->ready;
}

/* By the peer's word; where it says nothing, by the adverts of whoever is active. */
static bool is_elsewhere(const struct group_member *member, bool peer_speaks)
{
	if (member->fsm->state != VRRP_BACKUP)
		return false;
	return peer_speaks ? member->word->state == PEER_VIP_ACTIVE : !vrrp_misses_adverts(member->fsm);
}

void group_add(struct facts_input *input, const struct group_member *other)
{
	const struct group_condition *condition = other->condition;

	input->group_fault |= condition->fault;
	input->group_unready |= condition->unready;
	input->group_elsewhere |= other->is_before && is_elsewhere(other, input->heartbeat != NULL);
	input->tracked.penalty = MAX(input->tracked.penalty, condition->tracked.penalty);
	input->tracked.fault |= condition->tracked.fault;
	input->tracked.unsure |= condition->tracked.unsure;
}

bool group_is_parted_by(const struct vrrp_fsm *left)
{
	return left->state == VRRP_BACKUP && !left->yielding;
}

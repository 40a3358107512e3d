/* SPDX-License-Identifier: MIT */
#include "vrrpd/drain.h"

#include "common/system/clock.h"
#include "vrrpd/adverts.h"

bool drain_until(struct agent *agent, struct mono due)
{
	struct look *look = &agent->look;
	bool emptied;

	if (!look_wants_slice(look, due, clock_mono()))
		return true;
	emptied = adverts_receive(agent);
	if (agent->peer != NULL)
		emptied &= peer_receive(agent->peer);
	drain_note_losses(agent);
	look_end_slice(look, emptied);
	return !mono_before(look->covers, due);
}

void drain_note_losses(struct agent *agent)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		uint32_t lost = rawsock_lost(&agent->shared.sockets[family]);

		if (lost != agent->look.lost[family])
			agent->look.lost_at = clock_mono();
		agent->look.lost[family] = lost;
	}
}

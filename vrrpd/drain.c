/* SPDX-License-Identifier: MIT */
#include "vrrpd/drain.h"

#include "common/system/clock.h"
#include "vrrpd/adverts.h"

static void look_for_losses(struct agent *agent)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		rawsock_look_for_losses(&agent->shared.sockets[family]);
}

bool drain_until(struct agent *agent, struct mono due)
{
	struct look *look = &agent->look;
	bool emptied;

	if (!look_wants_slice(look, due, clock_mono()))
		return true;
	emptied = adverts_receive(agent);
	if (agent->peer != NULL)
		emptied &= peer_receive(agent->peer);
	look_for_losses(agent);
	look_end_slice(look, emptied);
	return !mono_before(look->covers, due);
}

struct mono drain_lost_at(const struct agent *agent)
{
	struct mono latest = {0};

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct mono lost_at = rawsock_lost_at(&agent->shared.sockets[family]);

		if (mono_before(latest, lost_at))
			latest = lost_at;
	}
	return latest;
}

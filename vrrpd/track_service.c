/* SPDX-License-Identifier: MIT */
#include "vrrpd/forwarder.h"
#include "vrrpd/services.h"
#include "vrrpd/watch.h"

/* While lbd does not serve or has not checked its servers, its health says it all (DESIGN section 5.5). */
static void look(struct watch *watch)
{
	struct forwarder_view view;

	if (watch->forwarder == NULL)
		return;
	view = forwarder_view(watch->forwarder);
	if (view.health == PEER_HEALTH_SERVING && view.checked)
		watch->report(watch, services_is_up(&view, watch->conf.name), "no server of it is up");
}

const struct watch_kind watch_service = {
	.name = "service",
	.offset = offsetof(struct vip_conf, track_services),
	.count_offset = offsetof(struct vip_conf, track_service_count),
	.look = look,
};

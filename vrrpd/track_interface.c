/* SPDX-License-Identifier: MIT */
#include "vrrpd/monitor.h"
#include "vrrpd/watch.h"

static void look(struct watch *watch)
{
	struct monitor_link link = monitor_find(watch->monitor, watch->conf.name);
	const char *why = link.ifindex == 0 ? "it does not exist"
			  : !link.up        ? "it is down"
			  : !link.carrier   ? "it has no carrier"
					    : NULL;

	watch->report(watch, why == NULL, why);
}

const struct watch_kind watch_interface = {
	.name = "interface",
	.offset = offsetof(struct vip_conf, track_interfaces),
	.count_offset = offsetof(struct vip_conf, track_interface_count),
	.look = look,
};

/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip_base.h"

#include "common/system/clock.h"

void vip_note(struct vip *vip, const char *text)
{
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name, "%s", text);
}

/* Setting a timer fails for want of memory alone, and then only for the first few of the process. */
void vip_check_timer(const struct vip *vip, int r)
{
	if (r < 0) {
		log_error("no memory for a timer", log_str("vip", vip->conf->name));
		log_flush();
		abort();
	}
}

void vip_set_timer(struct vip *vip, struct loop_timer *timer, struct mono at, loop_timer_fn *fn)
{
	vip_check_timer(vip, loop_timer_set(vip->shared->loop, timer, at, fn));
}

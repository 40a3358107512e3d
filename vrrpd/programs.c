/* SPDX-License-Identifier: MIT */
#include "vrrpd/programs.h"

#include "common/system/log.h"
#include "vrrpd/script.h"

#include <errno.h>

#define WHY_MAX 512

static int check_one(const struct vip_conf *vip, const char *program)
{
	char why[WHY_MAX];

	if (*program == '\0' || script_check(program, why, sizeof why) == 0)
		return 0;
	log_error("a program that vrrpd is to run as root is refused", log_str("vip", vip->name),
		log_str("program", program), log_str("reason", why));
	return -EACCES;
}

int programs_check(const struct conf *conf)
{
	bool refused = false;

	for (size_t i = 0; i < conf->vip_count; i++) {
		const struct vip_conf *vip = &conf->vips[i];

		refused |= check_one(vip, vip->notify) < 0;
		for (size_t k = 0; k < vip->track_script_count; k++)
			refused |= check_one(vip, vip->track_scripts[k].name) < 0;
	}
	return refused ? -EACCES : 0;
}

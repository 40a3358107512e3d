/* SPDX-License-Identifier: MIT */
#include "vrrpd/programs.h"

#include "vrrpd/script.h"

#include <errno.h>

#define WHY_MAX 512

static int check_one(const struct vip_conf *vip, const char *program, struct text *errors)
{
	char why[WHY_MAX];

	if (*program == '\0' || script_check(program, why, sizeof why) == 0)
		return 0;
	text_addf(errors, "vip %s: the program %s, which vrrpd is to run as root, is refused: %s\n", vip->name, program,
		why);
	return -EACCES;
}

int programs_check(const struct conf *conf, struct text *errors)
{
	bool refused = false;

	for (size_t i = 0; i < conf->vip_count; i++) {
		const struct vip_conf *vip = &conf->vips[i];

		refused |= check_one(vip, vip->notify, errors) < 0;
		for (size_t k = 0; k < vip->track_script_count; k++)
			refused |= check_one(vip, vip->track_scripts[k].name, errors) < 0;
	}
	return refused ? -EACCES : 0;
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/look.h"

/*
 * A slice takes 256 packets of an adverts' socket and 64 of a path. The kernel counts at least 768 bytes for the
 * smallest packet and twice the size that was asked for: 10,923 packets in the 4 MiB of the first, 2,731 in the 1 MiB
 * of the second, which is 43 slices of either.
 */
#define SLICES_MAX 48

bool look_wants_slice(struct look *look, struct mono due, struct mono now)
{
	if (!mono_before(look->covers, due))
		return false;
	if (look->slices_left == 0) {
		look->began_at = now;
		look->slices_left = SLICES_MAX;
	}
	return true;
}

void look_end_slice(struct look *look, bool emptied)
{
	look->slices_left = emptied ? 0 : look->slices_left - 1;
	if (look->slices_left == 0)
		look->covers = look->began_at;
}

/* SPDX-License-Identifier: MIT */
#include "common/model/pool_share.h"

#include "common/pure/text.h"

#include <errno.h>
#include <string.h>

int pool_share_parse(const char *text, struct pool_share *ret_share)
{
	size_t length = strcspn(text, ":");
	uint64_t parts = POOL_SHARE_WHOLE;
	struct pool_share share = {0};

	if (length == 0 || length > POOL_SHARE_NAME_MAX || text[strcspn(text, " \t/")] != '\0')
		return -EINVAL;
	if (text[length] == ':') {
		int r = text_to_u64(text + length + 1, 0, POOL_SHARE_MAX, &parts);

		if (r < 0)
			return r;
	}
	memcpy(share.name, text, length);
	share.parts = (unsigned)parts;
	*ret_share = share;
	return 0;
}

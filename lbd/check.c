/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

const struct check_ops *const check_table[] = {
	[CHECK_NONE] = NULL,
	[CHECK_TCP] = &check_tcp,
	[CHECK_HTTP] = &check_http,
};
static_assert(ARRAY_LEN(check_table) == CHECK_COUNT, "a row is missing");

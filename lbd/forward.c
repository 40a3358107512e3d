/* SPDX-License-Identifier: MIT */
#include "lbd/forward.h"

const struct forward_ops *const forward_table[] = {
	[FORWARD_PROXY_TCP] = &forward_proxy_tcp,
	[FORWARD_PROXY_UDP] = &forward_proxy_udp,
};
static_assert(ARRAY_LEN(forward_table) == FORWARD_COUNT, "a row is missing");

/* SPDX-License-Identifier: MIT */
#include "lbd/probe.h"

#include <errno.h>

const struct probe_ops *const probe_table[] = {
	[CHECK_BY_STREAM] = &probe_stream,
	[CHECK_BY_DATAGRAM] = &probe_datagram,
	[CHECK_BY_SCRIPT] = &probe_script,
};
static_assert(ARRAY_LEN(probe_table) == CHECK_CARRIER_COUNT, "a row is missing");

bool probe_is_exhaustion(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM || error == -ENOSPC ||
	       error == -EAGAIN || error == -EADDRNOTAVAIL;
}

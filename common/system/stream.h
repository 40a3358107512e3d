/* SPDX-License-Identifier: MIT */
/* Unix stream sockets by path, non-blocking, closed on exec. */
#ifndef LBPAIR_COMMON_SYSTEM_STREAM_H
#define LBPAIR_COMMON_SYSTEM_STREAM_H

#include "common/pure/base.h"
#include "common/pure/text.h"

#include <sys/types.h>

/*
 * Listens on `path` with mode 0660, and of group `group` where that exists and we may give it away; NULL: none. A
 * socket that is left there is replaced, anything else is -EEXIST. -ENAMETOOLONG: longer than sun_path (unix(7)).
 */
MUST_USE int stream_listen(const char *path, const char *group, int *ret_fd);
/* -EAGAIN: the listener's queue is full; -ENOENT, -ECONNREFUSED: nobody listens there. */
MUST_USE int stream_connect(const char *path, int *ret_fd);
/* Sends what the socket takes of `out` and removes it there. 0, also when a part stays; negative errno. */
MUST_USE int stream_flush(int fd, struct text *out);

#endif

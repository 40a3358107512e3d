/* SPDX-License-Identifier: MIT */
/*
 * A lasting connection to another daemon's control socket, for words that want no answer: it is opened again whenever
 * it is lost, and its loss is the first sign that the daemon has died. It never blocks.
 *
 * Nothing is kept over a loss: who uses it says all that matters anew each time it comes up. A daemon that takes
 * nothing for so long that the queue is full counts as lost.
 */
#ifndef LBPAIR_COMMON_SHELL_LINK_H
#define LBPAIR_COMMON_SHELL_LINK_H

#include "common/pure/base.h"
#include "common/system/loop.h"

#include <jansson.h>

struct link;

/* Called from the loop alone, never from link_send; the link may be used and freed in it. */
typedef void link_event_fn(struct link *link, bool up, void *context);

/* Connects to `path` in the loop's next round, and every `retry_ns` while nobody answers there. */
MUST_USE int link_new(struct loop *loop, const char *path, int64_t retry_ns, link_event_fn *fn, void *context,
	struct link **ret_link);
/* Closes without a call. What the kernel has taken is still delivered. Accepts NULL. */
void link_free(struct link *link);

/* Sends the notification `method`, taking the reference to `params` (NULL: none). -ENOTCONN: the link is down. */
MUST_USE int link_send(struct link *link, const char *method, json_t *params);
bool link_is_up(const struct link *link);

#endif

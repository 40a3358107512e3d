/* SPDX-License-Identifier: MIT */
/* How a connection reaches its server, from which address, and how the server is told of the client. */
#ifndef LBPAIR_LBD_PROXY_REACH_H
#define LBPAIR_LBD_PROXY_REACH_H

#include "lbd/proxy.h"

/* Connects to the server that is held; `fn` is told of the rest. 0: under way. Errors as dial, or of the loop. */
MUST_USE int proxy_reach(struct conn *conn, loop_io_fn *fn);
/* Whether the error says that no server can be reached, for want of resources here. */
bool proxy_reach_is_exhaustion(int error);
/* Whether it says nothing of the server, but that this host has no address or no port left for that one. It is logged.
 */
bool proxy_reach_is_ours(struct conn *conn, int error);
/* The connection stands: sends what has to come before the client's bytes. Negative errno: it is of no use. */
MUST_USE int proxy_greet(const struct conn *conn);
/* The client's socket's own address; of family 0 where it has none any more. */
struct endpoint proxy_local(const struct conn *conn);

#endif

/* SPDX-License-Identifier: MIT */
/* What a connection lets go of, while it goes on and at its end. */
#ifndef LBPAIR_LBD_PROXY_RELEASE_H
#define LBPAIR_LBD_PROXY_RELEASE_H

#include "lbd/proxy.h"

/* The server's side is closed, and what is held of the server is given back; nothing where there is none. */
void proxy_leave_server(struct conn *conn, bool reset);
/* It waits no more; nothing where it does not. */
void proxy_leave_queue(struct conn *conn);
/* Everything; the connection is gone afterwards. Its life has ended, and says why. */
void proxy_release(struct conn *conn, bool reset);

#endif

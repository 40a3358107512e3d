/* SPDX-License-Identifier: MIT */
/* What the users of libnl-3 share: a socket of rtnetlink(7), and libnl's errors as errnos. */
#ifndef LBPAIR_VRRPD_RTNL_H
#define LBPAIR_VRRPD_RTNL_H

#include "common/pure/base.h"

struct nl_sock;

/* A connected socket, for nl_socket_free. Where the kernel does not answer in 2 s, receiving from it fails. */
MUST_USE int rtnl_open(struct nl_sock **ret_socket);

/* The negative errno of one of libnl's negative codes: -EIO for those that nobody asks for. */
int rtnl_errno(int nl_error);

#endif

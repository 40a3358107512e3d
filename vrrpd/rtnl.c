/* SPDX-License-Identifier: MIT */
#include "vrrpd/rtnl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/* The kernel answers within the request; what takes this long will not come. */
#define ANSWER_TIMEOUT_S 2

int rtnl_open(struct nl_sock **ret_socket)
{
	const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	struct nl_sock *nl = nl_socket_alloc();
	int r;

	if (nl == NULL)
		return -ENOMEM;
	r = nl_connect(nl, NETLINK_ROUTE);
	if (r < 0) {
		nl_socket_free(nl);
		return rtnl_errno(r);
	}
	(void)setsockopt(nl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	*ret_socket = nl;
	return 0;
}

int rtnl_errno(int nl_error)
{
	switch (-nl_error) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_AGAIN:
		return -ETIMEDOUT;
	case NLE_PERM:
		return -EPERM;
	case NLE_DUMP_INTR:
		return -EINTR;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

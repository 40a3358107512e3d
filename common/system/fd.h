/* SPDX-License-Identifier: MIT */
/* File descriptors with an owner: closed at the scope's end unless taken. */
#ifndef LBPAIR_COMMON_SYSTEM_FD_H
#define LBPAIR_COMMON_SYSTEM_FD_H

#include "common/pure/base.h"

#include <unistd.h>

static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define AUTO_FD AUTO(fd_close) int

/* Hands the descriptor out of an AUTO_FD variable. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif

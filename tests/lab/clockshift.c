/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a daemon, it makes the host's wall clock wrong by CLOCKSHIFT_S seconds: CLOCK_REALTIME is not among
 * the clocks that a time namespace can shift (time_namespaces(7)). The kernel's receive timestamps are shifted along,
 * as they would be by a clock that is really wrong.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t shift(void)
{
	const char *text = getenv("CLOCKSHIFT_S");

	return text == NULL ? 0 : atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	long r = syscall(SYS_clock_gettime, clock, ts);

	if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += shift();
	return (int)r;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t size = syscall(SYS_recvmsg, fd, message, flags);

	if (size < 0)
		return size;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof ts);
		ts.tv_sec += shift();
		memcpy(CMSG_DATA(c), &ts, sizeof ts);
	}
	return size;
}

/* SPDX-License-Identifier: MIT */
#include "lbd/limits.h"

#include "common/system/log.h"

#include <errno.h>
#include <sys/resource.h>

/* With room for fewer connections than this an operator wants to hear of it. */
#define CONNECTIONS_WANTED 20000
/* A connection takes a descriptor on each side. */
#define FDS_A_CONNECTION 2
/* Standard streams, locks, sockets of the control server; a loop, a mailbox and some pipes for each worker. */
#define FDS_ALWAYS 128
#define FDS_A_WORKER 160

static uint64_t fds_besides_connections(const struct conf *conf, unsigned threads)
{
	uint64_t fds = FDS_ALWAYS + (uint64_t)threads * FDS_A_WORKER;

	for (size_t i = 0; i < conf->service_count; i++)
		fds += (uint64_t)conf->services[i].listen_count * threads;
	for (size_t i = 0; i < conf->pool_count; i++)
		fds += conf->pools[i].check_count * conf->pools[i].server_count;
	return fds;
}

void limits_raise(const struct conf *conf, unsigned threads)
{
	uint64_t besides = fds_besides_connections(conf, threads);
	struct rlimit limit;
	uint64_t room;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("cannot raise the limit of open files", log_errno(-errno));
	room = limit.rlim_cur > besides ? (limit.rlim_cur - besides) / FDS_A_CONNECTION : 0;
	if (room < CONNECTIONS_WANTED)
		log_warning("few open files are allowed: raise the hard limit (LimitNOFILE= of the unit, ulimit -Hn)",
			log_uint("open_files", limit.rlim_cur), log_uint("room_for_connections", room));
}

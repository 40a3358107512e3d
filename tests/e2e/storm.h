/* SPDX-License-Identifier: MIT */
/*
 * A storm of connections through a forwarder, all at once: each end sends what the other can compute, in pieces of
 * random sizes with random pauses, reads fast or slowly, and ends with a FIN, so that the connection is half closed
 * until the other end has sent all of its own, with a RST, or with a FIN and then a RST. Each byte that arrives is
 * compared, and each end must come as it was sent.
 */
#ifndef LBPAIR_TESTS_E2E_STORM_H
#define LBPAIR_TESTS_E2E_STORM_H

#include "common/pure/addr.h"
#include "common/system/loop.h"

struct storm_setup {
	struct endpoint to;    /* where the clients connect */
	const int *server_fds; /* listening sockets behind the forwarder */
	size_t server_count;
	uint32_t connections;
	uint32_t seed;
	int64_t limit_ns; /* for the whole */
};

/* What has gone wrong, the first of it in `error`; 0: nothing. */
struct storm_result {
	unsigned failures;
	char error[256];
	uint64_t bytes;
	unsigned fins;
	unsigned resets;
	unsigned late_resets; /* that were sent by an end that had sent its FIN */
};

void storm_run(const struct storm_setup *setup, struct storm_result *ret_result);

#endif

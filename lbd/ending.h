/* SPDX-License-Identifier: MIT */
/*
 * Why connections and UDP sessions end: a fixed list, by which they are counted and logged. lbd(8) has it, too. No I/O.
 */
#ifndef LBPAIR_LBD_ENDING_H
#define LBPAIR_LBD_ENDING_H

#include "common/pure/base.h"

enum end_cause {
	END_OPEN, /* it has not ended */
	END_CLIENT_CLOSED,
	END_SERVER_CLOSED,
	END_CLIENT_RESET,
	END_SERVER_RESET,
	END_IDLE_TIMEOUT,
	END_HALF_CLOSE_TIMEOUT,
	END_CONNECT_TIMEOUT,
	END_CONNECT_REFUSED,
	END_CONNECT_FAILED,
	END_NO_SERVER,
	END_SERVERS_FULL,
	END_QUEUE_TIMEOUT,
	END_NO_ROUTE,
	END_DENIED,
	END_SOURCE_LIMIT,
	END_PREFACE_ERROR,
	END_PREFACE_TIMEOUT,
	END_DRAINED,
	END_DISABLED,
	END_SWITCHED,
	END_SERVER_DOWN,
	END_VIP_LEFT,
	END_REMOVED,
	END_SHUTDOWN,
	END_OUT_OF_PORTS,
	END_OUT_OF_RESOURCES,
	END_EVICTED,
	END_ANSWERED,
	END_COUNT,
};

struct ending {
	const char *name; /* letters and hyphens */
	const char *help; /* a sentence */
};

extern const struct ending ending_table[END_COUNT];

/* What a failed connect(2) to the last server that was tried comes to; `error` is a negative errno. */
enum end_cause ending_of_connect(int error);

#endif

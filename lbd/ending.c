/* SPDX-License-Identifier: MIT */
#include "lbd/ending.h"

#include <errno.h>

const struct ending ending_table[] = {
	[END_OPEN] = {"open", "It has not ended."},
	[END_CLIENT_CLOSED] = {"client-closed", "The client closed, and then the server."},
	[END_SERVER_CLOSED] = {"server-closed", "The server closed, and then the client."},
	[END_CLIENT_RESET] = {"client-reset", "The client reset it, or left before a server had been reached."},
	[END_SERVER_RESET] = {"server-reset", "The server reset it."},
	[END_IDLE_TIMEOUT] = {"idle-timeout", "Nothing moved for `timeouts { idle }`."},
	[END_HALF_CLOSE_TIMEOUT] = {"half-close-timeout",
		"One side had closed, and the other did not within `timeouts { half-close }`."},
	[END_CONNECT_TIMEOUT] = {"connect-timeout",
		"The last server that was tried did not answer within `timeouts { connect }`."},
	[END_CONNECT_REFUSED] = {"connect-refused", "The last server that was tried refused it."},
	[END_CONNECT_FAILED] = {"connect-failed", "The last server that was tried could not be reached."},
	[END_NO_SERVER] = {"no-server", "No server of the pool was usable."},
	[END_SERVERS_FULL] = {"servers-full",
		"All usable servers had `max-connections`, and the queue was full or there is none."},
	[END_QUEUE_TIMEOUT] = {"queue-timeout", "It waited for `queue { timeout }`."},
	[END_NO_ROUTE] = {"no-route", "No route was for it, and the service has no pool."},
	[END_DENIED] = {"denied", "The client's address is denied, or not allowed."},
	[END_SOURCE_LIMIT] = {"source-limit", "The client's address had its share of `per-source`."},
	[END_PREFACE_ERROR] = {"preface-error", "The PROXY header was none."},
	[END_PREFACE_TIMEOUT] = {"preface-timeout", "The PROXY header did not come within `timeouts { hello }`."},
	[END_DRAINED] = {"drained", "Its server was being drained at a pace."},
	[END_DISABLED] = {"disabled", "Its server was disabled."},
	[END_SWITCHED] = {"switched", "The service had been switched to another pool, and this one was to be left."},
	[END_SERVER_DOWN] = {"server-down", "Its server went down, and has `on-down = reset`."},
	[END_VIP_LEFT] = {"vip-left", "This node gave the vip away that the client spoke to."},
	[END_REMOVED] = {"removed", "A reload took its service or its server away."},
	[END_SHUTDOWN] = {"shutdown", "This lbd stopped."},
	[END_OUT_OF_PORTS] = {"out-of-ports", "This host had no port left to connect from."},
	[END_OUT_OF_RESOURCES] = {"out-of-resources",
		"This host had no descriptor or no memory left, for a TCP client throughout the connect time-out."},
	[END_EVICTED] = {"evicted", "The UDP session gave way to a new one, as there was no more room."},
	[END_ANSWERED] = {"answered", "The UDP session had had its `udp { answers }`."},
};
static_assert(ARRAY_LEN(ending_table) == END_COUNT, "a row is missing");

enum end_cause ending_of_connect(int error)
{
	switch (-error) {
	case ECONNREFUSED:
		return END_CONNECT_REFUSED;
	case ETIMEDOUT:
		return END_CONNECT_TIMEOUT;
	case EADDRNOTAVAIL:
		return END_OUT_OF_PORTS;
	default: /* errno is no enum of ours */
		return END_CONNECT_FAILED;
	}
}

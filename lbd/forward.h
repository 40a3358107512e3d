/* SPDX-License-Identifier: MIT */
/*
 * Ways to forward a service, one row each: a protocol in a mode. The proxy accepts and connects; a packet path would
 * have no sockets at all, so nothing here speaks of them.
 *
 * Each worker has a half of its own of each. What needs the configuration or privilege the control thread has done
 * before (entry.h), and it stands in the snapshot.
 */
#ifndef LBPAIR_LBD_FORWARD_H
#define LBPAIR_LBD_FORWARD_H

#include "common/pure/text.h"
#include "common/system/loop.h"
#include "lbd/board.h"
#include "lbd/census.h"
#include "lbd/counters.h"
#include "lbd/record.h"
#include "lbd/snapshot.h"
#include "lbd/sources.h"

enum forward_kind {
	FORWARD_PROXY_TCP,
	FORWARD_PROXY_UDP,
	FORWARD_COUNT,
};

struct forward; /* a worker's half */

/* What a worker lends to its half. */
struct forward_env {
	struct record_ring *records; /* of what has ended, where the snapshot says that it is logged */
	struct loop *loop;
	struct counters *counters;
	struct board *board; /* of all workers, as the next */
	struct sources *sources;
	uint32_t worker; /* from 0 */
	unsigned workers;
};

struct forward_ops {
	const char *name;
	enum service_protocol protocol;
	enum service_mode mode;
	int (*start)(const struct forward_env *env, const struct snapshot *snapshot, struct forward **ret_forward);
	/* Resets what is open. */
	void (*stop)(struct forward *forward);
	/* Goes by another snapshot from now on; the one before is alive until this returns. */
	void (*apply)(struct forward *forward, const struct snapshot *snapshot);
	/*
	 * Another worker may have left something that this one wants (board.h), or a snapshot has just been applied.
	 * NULL: it never wants any.
	 */
	void (*woken)(struct forward *forward);
	/* Comes about every LIVENESS_BEAT_MS. */
	void (*tick)(struct forward *forward, struct mono now);
	size_t (*open_connections)(const struct forward *forward);
	/* As census_fill. */
	void (*census)(const struct forward *forward, struct census_page *page);
};

extern const struct forward_ops *const forward_table[FORWARD_COUNT];

extern const struct forward_ops forward_proxy_tcp;
extern const struct forward_ops forward_proxy_udp;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Passive checks: how a server fares with the connections of clients. So many failures within a time and it is ejected,
 * which means that it gets nothing new for a while. No I/O.
 */
#ifndef LBPAIR_LBD_OUTLIER_H
#define LBPAIR_LBD_OUTLIER_H

#include "common/model/conf.h"
#include "common/pure/mono.h"

/* The time is looked at in so many parts: what is older than `within` is forgotten at most a tenth of it too late. */
#define OUTLIER_PARTS 10

struct outlier {
	unsigned failures[OUTLIER_PARTS];
	int64_t part; /* the latest, counted from the clock's beginning */
	bool ejected;
	struct mono until; /* while it is ejected */
};

/*
 * Takes in that `failures` have come since the last call. `may_eject` says whether the pool can spare the server. True:
 * `ejected` has changed. What came before an ejection does not count after it.
 */
bool outlier_step(
	struct outlier *outlier, const struct outlier_conf *conf, unsigned failures, bool may_eject, struct mono now);
/* Whether one more server of `count` may be ejected where `ejected` are. */
bool outlier_spares(const struct outlier_conf *conf, size_t count, size_t ejected);

#endif

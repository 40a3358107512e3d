/* SPDX-License-Identifier: MIT */
/*
 * Whether a client may come in, by its own address, once that is known: its service's `allow` and `deny`, and
 * `per-source`. One belongs to one thread.
 */
#ifndef LBPAIR_LBD_ADMISSION_H
#define LBPAIR_LBD_ADMISSION_H

#include "lbd/ending.h"
#include "lbd/snapshot.h"
#include "lbd/sources.h"

struct admission {
	struct sources *sources; /* of all threads */
	struct crypto_hash *hash;
};

/* -ENOMEM, -EIO. */
MUST_USE int admission_init(struct admission *admission, struct sources *sources);
void admission_free(struct admission *admission);

/* END_OPEN: it may, and sources_leave is due for `ret_key`. Else why it may not. */
MUST_USE enum end_cause admission_ask(const struct admission *admission, const struct snapshot *snapshot,
	uint32_t service, const struct ip *from, struct mono now, sources_key *ret_key);
/*
 * For a connection that is in already: it is counted in its source's share where there was no limit when it came. `key`
 * is what sources_leave is due for.
 */
void admission_count_late(const struct admission *admission, const struct snapshot *snapshot, uint32_t service,
	const struct ip *from, struct mono now, sources_key *key);

#endif

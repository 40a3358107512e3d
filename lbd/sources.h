/* SPDX-License-Identifier: MIT */
/*
 * What clients have of each service with `per-source`: how many connections are open, and how fast they came. One table
 * for all workers, so that a limit holds however the kernel deals a client's connections out to them.
 *
 * The table has a fixed size and is never searched beyond one bucket. Of a source that has nothing open only its rate
 * is remembered, and that is forgotten where its bucket needs room, the one first that would be forgotten soonest
 * anyway: a flood of sources costs memory once, and makes rates lenient, not connections. Where all places of a bucket
 * are taken by sources with connections, the next one is let in without being counted: one in 100,000 while 32,000
 * sources are connected, one in 900 with 65,000 and one in 20 with 131,000.
 *
 * An IPv6 client's /64 is one source: it has as many addresses as it likes.
 */
#ifndef LBPAIR_LBD_SOURCES_H
#define LBPAIR_LBD_SOURCES_H

#include "common/model/conf.h"
#include "common/pure/mono.h"
#include "common/system/crypto_hash.h"

#define SOURCES_PLACES (UINT32_C(1) << 18)

struct sources;

/* -ENOMEM, -EIO. */
MUST_USE int sources_new(struct sources **ret_sources);
/* Accepts NULL. */
void sources_free(struct sources *sources);

/* One thread's hash, by which sources are told apart. */
MUST_USE int sources_hash_new(const struct sources *sources, struct crypto_hash **ret_hash);

/* What a connection has been counted at; SOURCES_NONE: nothing. */
typedef uint64_t sources_key;
#define SOURCES_NONE UINT64_C(0)

/* Never SOURCES_NONE. */
sources_key sources_key_of(struct crypto_hash *hash, uint32_t service, const struct ip *ip);

/*
 * False: the source has its share, and nothing has changed. Else `ret_key` is `key` or SOURCES_NONE, and sources_leave
 * is due once. In a moment as many may come as in the second after it.
 */
MUST_USE bool sources_enter(struct sources *sources, sources_key key, const struct per_source_conf *limits,
	struct mono now, sources_key *ret_key);
void sources_leave(struct sources *sources, sources_key key);

#endif

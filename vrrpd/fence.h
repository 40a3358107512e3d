/* SPDX-License-Identifier: MIT */
/*
 * The page that vrrpd's main process and its guardian share (DESIGN section 5.2): the main process publishes what it
 * holds and a counter of its progress, the guardian reads both and raises the epoch before it takes anything away.
 */
#ifndef LBPAIR_VRRPD_FENCE_H
#define LBPAIR_VRRPD_FENCE_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"
#include "common/system/keyring.h"

#define FENCE_VIPS_MAX 256
#define FENCE_ADDRESSES_MAX 2048

struct fence;

struct fence_vip {
	bool active;
	uint8_t vrid;
	int ifindex;
	struct ip source; /* the address that adverts are sent from */
	int64_t interval_ns;
	const struct prefix *addresses; /* copied in; out of fence_read they point into the reader's own copy */
	size_t address_count;
	bool is_signed;
};

/* Creates the page (memfd, shared). The descriptor may be passed to an exec'd guardian, which maps it by fence_map. */
MUST_USE int fence_create(struct fence **ret_fence);
MUST_USE int fence_map(int fd, struct fence **ret_fence);
int fence_fd(const struct fence *fence);
void fence_free(struct fence *fence);

/* Main: says that it is alive. Wait-free. */
void fence_progress(struct fence *fence);
uint64_t fence_progress_count(const struct fence *fence);

/* Replaces what is published: the vips, the key to sign with (NULL: none), and the guardian's threshold. -ENOSPC. */
MUST_USE int fence_publish(
	struct fence *fence, const struct fence_vip *vips, size_t count, const struct key *key, int64_t threshold_ns);

/* A consistent copy, also when the writer died in the middle (the last whole one is kept: two slots). */
struct fence_copy;
MUST_USE int fence_read(const struct fence *fence, struct fence_copy **ret_copy);
const struct fence_vip *fence_copy_vips(const struct fence_copy *copy, size_t *ret_count);
const struct key *fence_copy_key(const struct fence_copy *copy);
int64_t fence_copy_threshold_ns(const struct fence_copy *copy);
void fence_copy_free(struct fence_copy *copy);

/* How many times the guardian has fenced; main compares it before each renewal. */
uint64_t fence_epoch(const struct fence *fence);
void fence_raise_epoch(struct fence *fence);

/*
 * The next sequence to sign with, over both processes: the larger of the clock's and the last one + 1. A last one that
 * is over 5 s ahead of the clock starts again from the clock.
 */
uint64_t fence_next_sequence(struct fence *fence, int64_t real_ns);
/* The last one given out, and setting it at the start (kept across restarts). */
uint64_t fence_last_sequence(const struct fence *fence);
void fence_set_sequence(struct fence *fence, uint64_t sequence);

#endif

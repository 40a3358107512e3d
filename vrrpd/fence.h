/* SPDX-License-Identifier: MIT */
/*
 * The page that vrrpd's main process and its guardian share (DESIGN section 5.2): the main process publishes what it
 * holds and a counter of its progress, the guardian reads both and raises the epoch before it takes anything away.
 *
 * Either process may be killed or stopped at any instruction, so nothing here locks. Counters are atomic; what is
 * published stands in one of two slots, and a counter says in which: an unfinished slot is never the one that counts.
 */
#ifndef LBPAIR_VRRPD_FENCE_H
#define LBPAIR_VRRPD_FENCE_H

#include "common/model/conf.h"
#include "common/pure/addr.h"
#include "common/pure/mono.h"
#include "common/system/keyring.h"
#include "vrrpd/advert.h"
#include "vrrpd/family.h"

#include <sys/types.h>

/* The configuration's check sees to it that there are no more. */
#define FENCE_VIPS_MAX CONF_VIPS_MAX
#define FENCE_ADDRESSES_MAX CONF_VIP_ADDRESSES_MAX

struct fence;

struct fence_vip {
	bool active;
	uint8_t vrid;
	uint8_t version;
	uint8_t forms; /* of version 3 over IPv4: a bit for each enum advert_checksum that adverts are sent in */
	int ifindex;
	struct ip sources[FAMILY_COUNT];      /* what adverts are sent from; family 0: none are */
	struct ip destinations[FAMILY_COUNT]; /* and what to */
	int64_t interval_ns;
	int macvlans[FAMILY_COUNT];     /* where the addresses sit; 0: on the interface itself */
	bool virtual_mac;               /* adverts come from it, too */
	const struct prefix *addresses; /* copied in; out of fence_copy_vips they point into the reader's own copy */
	size_t address_count;
	bool is_signed;
	bool has_password;
	uint8_t password[ADVERT_PASSWORD_SIZE];
};

/*
 * Creates the page: shared memory without a name, locked where that is allowed, left out of core dumps. Its descriptor
 * may be passed to an exec'd guardian, which maps it by fence_map.
 */
MUST_USE int fence_create(struct fence **ret_fence);
/* Maps the page of that descriptor and takes the descriptor over, on success. -EINVAL: it is not such a page. */
MUST_USE int fence_map(int fd, struct fence **ret_fence);
int fence_fd(const struct fence *fence);
/* Accepts NULL. */
void fence_free(struct fence *fence);
/* Overwrites the published keys; for the last one who needs them. */
void fence_wipe(struct fence *fence);

/* Main: says that it is alive. Wait-free. */
void fence_progress(struct fence *fence);
uint64_t fence_progress_count(const struct fence *fence);
/* The same for the guardian. */
void fence_guardian_progress(struct fence *fence);
uint64_t fence_guardian_progress_count(const struct fence *fence);

/* Without progress of the main process for so long, by the guardian's count, it hangs. 0, as at first: never. */
void fence_set_threshold(struct fence *fence, int64_t threshold_ns);
int64_t fence_threshold_ns(const struct fence *fence);

/* Main: a planned end, its addresses are gone and it has said goodbye; the guardian is to go without fencing. */
void fence_dismiss(struct fence *fence);
bool fence_is_dismissed(const struct fence *fence);

/*
 * The process groups of the programs that main runs (child.h has the ledger): each is 0 or a group, which is struck out
 * before main gives its number back.
 */
#define FENCE_PROGRAMS_MAX 512
_Atomic pid_t *fence_programs(struct fence *fence, size_t *ret_count);

/* Replaces what is published: the vips, and the key to sign with (NULL: none). One writer. -ENOSPC: too many. */
MUST_USE int fence_publish(struct fence *fence, const struct fence_vip *vips, size_t count, const struct key *key);

/* Room for a copy of what is published; allocated early by a reader who must not fail when it comes to it. */
struct fence_copy;
MUST_USE int fence_copy_new(struct fence_copy **ret_copy);
/* Wipes the key in it. Accepts NULL. */
void fence_copy_free(struct fence_copy *copy);
/*
 * Copies what was published last, whole, also when the writer died or stands still in the middle of the next
 * publication. -EAGAIN: the writer published anew again and again meanwhile; `copy` is then not to be used.
 */
MUST_USE int fence_read(const struct fence *fence, struct fence_copy *copy);
const struct fence_vip *fence_copy_vips(const struct fence_copy *copy, size_t *ret_count);
/* NULL: none. */
const struct key *fence_copy_key(const struct fence_copy *copy);

/* How many times a guardian has fenced; main compares it before each renewal. */
uint64_t fence_epoch(const struct fence *fence);
void fence_raise_epoch(struct fence *fence);

/*
 * The next sequence to sign with, over both processes: the larger of the clock's (advert_sequence_of) and the last one
 * + 1, compared by RFC 1982. A last one that is over 5 s ahead of the clock is dropped for the clock's.
 */
uint64_t fence_next_sequence(struct fence *fence, uint64_t clock_sequence);
/* The last one given out, 0 for none, and setting it at the start: the next after what was kept. */
uint64_t fence_last_sequence(const struct fence *fence);
void fence_set_sequence(struct fence *fence, uint64_t sequence);

#endif

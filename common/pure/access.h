/* SPDX-License-Identifier: MIT */
/*
 * Who may come in: a set of addresses, made of lists of prefixes that are allowed and denied.
 *
 * A trie over six bits at a time, in one block. A node says for each of its 64 branches whether it goes on there and,
 * if not, whether the addresses below are in the set: two words of bits. Its children stand side by side, so that the
 * one of a branch is found by counting bits (Asai and Ohara, "Poptrie", SIGCOMM 2015, less what serves next hops). A
 * look-up takes as many steps as a prefix of the list that covers or almost covers the address has bits, by six,
 * however many prefixes there are.
 */
#ifndef LBPAIR_COMMON_PURE_ACCESS_H
#define LBPAIR_COMMON_PURE_ACCESS_H

#include "common/pure/addr.h"

struct access_list {
	const struct prefix *prefixes;
	size_t count;
};

struct access;

/*
 * Denied is denied, also where a longer prefix is allowed; with an empty `allow` all others are allowed, else those
 * that one of its prefixes covers. NULL where both are empty. One reference, the caller's. -ENOMEM.
 */
MUST_USE int access_new(struct access_list allow, struct access_list deny, struct access **ret_access);
/* Both accept NULL. */
struct access *access_ref(struct access *access);
void access_unref(struct access *access);

/* NULL lets everybody in. */
bool access_allows(const struct access *access, const struct ip *ip);
/* What it takes, in bytes. */
size_t access_size(const struct access *access);

#endif

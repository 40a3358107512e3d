/* SPDX-License-Identifier: MIT */
/*
 * A hash under a secret key (SipHash-2-4), for tables whose keys come from strangers, who could otherwise choose them
 * so that they all collide. One belongs to one thread.
 */
#ifndef LBPAIR_COMMON_SYSTEM_CRYPTO_HASH_H
#define LBPAIR_COMMON_SYSTEM_CRYPTO_HASH_H

#include "common/pure/base.h"

#define CRYPTO_HASH_KEY_SIZE 16

struct crypto_hash;

/* `key`: NULL for a random one. -EIO: OpenSSL failed. */
MUST_USE int crypto_hash_new(const uint8_t *key, struct crypto_hash **ret_hash);
/* Accepts NULL. */
void crypto_hash_free(struct crypto_hash *hash);
/* Takes about 0.3 us. */
uint64_t crypto_hash(struct crypto_hash *hash, const void *bytes, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* Cryptography by OpenSSL 3: HMAC-SHA256, HKDF-SHA256 (RFC 5869), SHA-256, random bytes. */
#ifndef LBPAIR_COMMON_SYSTEM_CRYPTO_H
#define LBPAIR_COMMON_SYSTEM_CRYPTO_H

#include "common/pure/base.h"

#define SHA256_SIZE 32

/* -EIO: OpenSSL failed, which does not happen for want of input. */
MUST_USE int crypto_hmac_sha256(
	const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t ret_mac[static SHA256_SIZE]);
MUST_USE int crypto_sha256(const void *data, size_t size, uint8_t ret_digest[static SHA256_SIZE]);
/* Derives `size` bytes for the use that `label` names. */
MUST_USE int crypto_derive(const uint8_t *key, size_t key_size, const char *label, uint8_t *ret_key, size_t size);
MUST_USE int crypto_random(void *to, size_t size);
/* Compares in a time that does not depend on the contents. */
bool crypto_equal(const void *a, const void *b, size_t size);
/* Overwrites secrets, which the compiler may not leave out. */
void crypto_wipe(void *secret, size_t size);

#endif

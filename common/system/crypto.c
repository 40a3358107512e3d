/* SPDX-License-Identifier: MIT */
#include "common/system/crypto.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

int crypto_hmac_sha256(
	const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t ret_mac[static SHA256_SIZE])
{
	unsigned length = 0;

	if (HMAC(EVP_sha256(), key, (int)key_size, data, size, ret_mac, &length) == NULL || length != SHA256_SIZE)
		return -EIO;
	return 0;
}

int crypto_sha256(const void *data, size_t size, uint8_t ret_digest[static SHA256_SIZE])
{
	return EVP_Digest(data, size, ret_digest, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int crypto_derive(const uint8_t *key, size_t key_size, const char *label, uint8_t *ret_key, size_t size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	/* OSSL_PARAM wants pointers to non-const; HKDF only reads them. */
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};
	bool done = context != NULL && EVP_KDF_derive(context, ret_key, size, parameters) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return done ? 0 : -EIO;
}

int crypto_random(void *to, size_t size)
{
	return RAND_bytes(to, (int)size) == 1 ? 0 : -EIO;
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

void crypto_wipe(void *secret, size_t size)
{
	OPENSSL_cleanse(secret, size);
}

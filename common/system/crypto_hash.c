/* SPDX-License-Identifier: MIT */
#include "common/system/crypto_hash.h"

#include "common/system/crypto.h"

#include <endian.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

struct crypto_hash {
	EVP_MAC_CTX *context;
	unsigned size; /* of the digest; OpenSSL reads it through `parameters` */
	OSSL_PARAM parameters[2];
	uint8_t key[CRYPTO_HASH_KEY_SIZE];
};

static EVP_MAC_CTX *new_context(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	return context;
}

int crypto_hash_new(const uint8_t *key, struct crypto_hash **ret_hash)
{
	struct crypto_hash *hash = calloc(1, sizeof *hash);
	int r = 0;

	if (hash == NULL)
		return -ENOMEM;
	hash->context = new_context();
	hash->size = sizeof(uint64_t);
	hash->parameters[0] = OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &hash->size);
	hash->parameters[1] = OSSL_PARAM_construct_end();
	if (key != NULL)
		memcpy(hash->key, key, sizeof hash->key);
	else
		r = crypto_random(hash->key, sizeof hash->key);
	if (r < 0 || hash->context == NULL) {
		crypto_hash_free(hash);
		return -EIO;
	}
	*ret_hash = hash;
	return 0;
}

void crypto_hash_free(struct crypto_hash *hash)
{
	if (hash == NULL)
		return;
	EVP_MAC_CTX_free(hash->context);
	crypto_wipe(hash->key, sizeof hash->key);
	free(hash);
}

uint64_t crypto_hash(struct crypto_hash *hash, const void *bytes, size_t size)
{
	uint64_t digest = 0;
	size_t length;

	/* It allocates nothing any more, and so cannot fail; a digest of 0 would only make a table slow. */
	if (EVP_MAC_init(hash->context, hash->key, sizeof hash->key, hash->parameters) == 1 &&
		EVP_MAC_update(hash->context, bytes, size) == 1)
		(void)EVP_MAC_final(hash->context, (unsigned char *)&digest, &length, sizeof digest);
	return le64toh(digest);
}

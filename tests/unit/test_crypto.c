/* SPDX-License-Identifier: MIT */
#include "common/system/crypto.h"
#include "common/system/crypto_hash.h"

#include "tests/unit/unit.h"

#include "common/pure/text.h"

#include <string.h>

static size_t bytes_of(const char *hex, uint8_t *bytes, size_t capacity)
{
	size_t count = 0;

	assert_int_equal(hex_to_bytes(hex, strlen(hex), bytes, capacity, &count), 0);
	return count;
}

#define X10(x) x x x x x x x x x x
#define AA_131 X10(X10("aa")) X10("aa") X10("aa") X10("aa") "aa"

/* RFC 4231, section 4, cases 1 to 4, 6 and 7. */
static const struct {
	const char *key;
	const char *data;
	const char *mac;
} hmacs[] = {
	{X10("0b") X10("0b"), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{X10("aa") X10("aa"), X10("dd") X10("dd") X10("dd") X10("dd") X10("dd"),
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{"0102030405060708090a0b0c0d0e0f10111213141516171819", X10("cd") X10("cd") X10("cd") X10("cd") X10("cd"),
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	{AA_131,
		"54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b657920"
		"4669727374",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{AA_131,
		"5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b6579"
		"20616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e65656473"
		"20746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c676f72"
		"6974686d2e",
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static void hmac_is_that_of_rfc_4231(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hmacs); i++) {
		uint8_t key[256], data[256], mac[SHA256_SIZE], wanted[SHA256_SIZE];
		size_t key_size = bytes_of(hmacs[i].key, key, sizeof key);
		size_t size = bytes_of(hmacs[i].data, data, sizeof data);

		assert_int_equal(bytes_of(hmacs[i].mac, wanted, sizeof wanted), SHA256_SIZE);
		assert_int_equal(crypto_hmac_sha256(key, key_size, data, size, mac), 0);
		assert_memory_equal(mac, wanted, SHA256_SIZE);
	}
}

/* FIPS 180-2, appendix B.1 and B.2, and the empty message. */
static const struct {
	const char *message;
	const char *digest;
} digests[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void sha256_is_that_of_fips_180(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		uint8_t digest[SHA256_SIZE], wanted[SHA256_SIZE];

		bytes_of(digests[i].digest, wanted, sizeof wanted);
		assert_int_equal(crypto_sha256(digests[i].message, strlen(digests[i].message), digest), 0);
		assert_memory_equal(digest, wanted, SHA256_SIZE);
	}
}

/*
 * RFC 5869, appendix A.3: no salt, and an empty label. (A.1 and A.2 have a salt, which we do not use.) crypto_derive
 * takes a label of text, so that a longer one is compared with the two steps of section 2 done by HMAC.
 */
static void derived_keys_are_those_of_rfc_5869(void **state)
{
	uint8_t key[22], wanted[42], derived[42];

	(void)state;
	memset(key, 0x0b, sizeof key);
	bytes_of("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8", wanted,
		sizeof wanted);
	assert_int_equal(crypto_derive(key, sizeof key, "", derived, sizeof derived), 0);
	assert_memory_equal(derived, wanted, sizeof wanted);
}

static void a_label_derives_as_its_steps_do(void **state)
{
	static const uint8_t no_salt[SHA256_SIZE];
	static const char label[] = "lbpair state";
	uint8_t key[32], extracted[SHA256_SIZE], block[SHA256_SIZE], derived[SHA256_SIZE];
	char info[sizeof label];

	(void)state;
	memset(key, 0x42, sizeof key);
	memcpy(info, label, sizeof label);
	info[sizeof info - 1] = 1; /* T(1) = HMAC(PRK, info | 0x01) */
	assert_int_equal(crypto_hmac_sha256(no_salt, sizeof no_salt, key, sizeof key, extracted), 0);
	assert_int_equal(crypto_hmac_sha256(extracted, sizeof extracted, info, sizeof info, block), 0);
	assert_int_equal(crypto_derive(key, sizeof key, label, derived, sizeof derived), 0);
	assert_memory_equal(derived, block, sizeof block);
}

static void random_bytes_differ(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_int_equal(crypto_random(a, sizeof a), 0);
	assert_int_equal(crypto_random(b, sizeof b), 0);
	assert_memory_not_equal(a, b, sizeof a);
}

static void comparing_and_wiping(void **state)
{
	static const uint8_t zeros[8];
	uint8_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	assert_true(crypto_equal(a, b, sizeof a));
	b[7] ^= 0x80;
	assert_false(crypto_equal(a, b, sizeof a));
	assert_true(crypto_equal(a, b, 7));
	crypto_wipe(a, sizeof a);
	assert_memory_equal(a, zeros, sizeof a);
}

/* The vector of the paper: Aumasson and Bernstein, SipHash, appendix A. */
static void siphash_gives_the_papers_vector(void **state)
{
	uint8_t key[CRYPTO_HASH_KEY_SIZE], bytes[15];
	struct crypto_hash *hash;

	(void)state;
	for (uint8_t i = 0; i < sizeof key; i++)
		key[i] = i;
	memcpy(bytes, key, sizeof bytes);
	assert_int_equal(crypto_hash_new(key, &hash), 0);
	for (int i = 0; i < 2; i++) /* the second time as the first: nothing is left behind */
		assert_true(crypto_hash(hash, bytes, sizeof bytes) == UINT64_C(0xa129ca6149be45e5));
	crypto_hash_free(hash);
}

static void random_keys_give_other_hashes(void **state)
{
	struct crypto_hash *a, *b;

	(void)state;
	assert_int_equal(crypto_hash_new(NULL, &a), 0);
	assert_int_equal(crypto_hash_new(NULL, &b), 0);
	assert_true(crypto_hash(a, "key", 3) != crypto_hash(b, "key", 3));
	crypto_hash_free(a);
	crypto_hash_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_gives_the_papers_vector),
		cmocka_unit_test(random_keys_give_other_hashes),
		cmocka_unit_test(hmac_is_that_of_rfc_4231),
		cmocka_unit_test(sha256_is_that_of_fips_180),
		cmocka_unit_test(derived_keys_are_those_of_rfc_5869),
		cmocka_unit_test(a_label_derives_as_its_steps_do),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(comparing_and_wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "common/pure/siphash.h"

#include "tests/unit/unit.h"

#include <endian.h>
#include <string.h>

/* Aumasson and Bernstein, 2012, Appendix A: bytes from 0 up as the key and as what is hashed. */
static struct siphash_key paper_key(void)
{
	struct siphash_key key = {{htole64(UINT64_C(0x0706050403020100)), htole64(UINT64_C(0x0f0e0d0c0b0a0908))}};

	return key;
}

static void it_is_the_papers(void **state)
{
	static const unsigned char bytes[15] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
	struct siphash_key key = paper_key();

	(void)state;
	assert_int_equal(siphash(&key, bytes, sizeof bytes), UINT64_C(0xa129ca6149be45e5));
}

static void each_length_and_key_counts(void **state)
{
	static const unsigned char zeros[32];
	struct siphash_key key = paper_key();
	uint64_t seen[33];

	(void)state;
	for (size_t i = 0; i <= 32; i++) {
		seen[i] = siphash(&key, zeros, i);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(seen[i], seen[j]);
	}
	key.words[1] ^= 1;
	assert_int_not_equal(siphash(&key, zeros, 32), seen[32]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_papers),
		cmocka_unit_test(each_length_and_key_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include "common/system/keyring.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keyring ring;
	char error[KEYRING_ERROR_MAX] = "";
	int r = keyring_parse(&ring, "fuzz", (const char *)data, size, error);
	size_t count = 0;

	for (unsigned id = 0; id < 257; id++) {
		const struct key *key = keyring_find(&ring, id);

		count += key != NULL;
		FUZZ_CHECK(key == NULL || (key->id == id && key->size >= KEY_SIZE_MIN && key->size <= KEY_SIZE_MAX));
	}
	FUZZ_CHECK((r == 0) == (count > 0));
	FUZZ_CHECK((r == 0) == (strlen(error) == 0));
	return 0;
}

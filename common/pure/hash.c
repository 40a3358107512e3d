/* SPDX-License-Identifier: MIT */
#include "common/pure/hash.h"

#include <string.h>

/* FNV-1a, which is short and reads bytes, and so is the same whatever the byte order; the mix spreads its bits. */
uint64_t hash_bytes(const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	return hash_mix(hash);
}

uint64_t hash_text(const char *text)
{
	return hash_bytes(text, strlen(text));
}

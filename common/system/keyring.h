/* SPDX-License-Identifier: MIT */
/*
 * The pair key: a file of lines `ID HEX` (or one bare HEX, which is id 1), 32 to 64 bytes a key, ids 1 to 255.
 * Blank lines and lines that begin with `#` are passed over.
 */
#ifndef LBPAIR_COMMON_SYSTEM_KEYRING_H
#define LBPAIR_COMMON_SYSTEM_KEYRING_H

#include "common/pure/base.h"

#define KEY_SIZE_MIN 32
#define KEY_SIZE_MAX 64

struct key {
	uint8_t id;   /* 0: no key in this place */
	uint8_t size; /* bytes */
	uint8_t bytes[KEY_SIZE_MAX];
};

struct keyring {
	struct key keys[256]; /* by id; place 0 is unused */
};

#define KEYRING_ERROR_MAX 512

/*
 * Reads the key file of `path` into `ring`, which is wiped first. On failure a negative errno, and in `ret_error` one
 * line that names the file (and line) and says what to do: absent, readable by others than root and the group lbpair
 * (modes 0600 and 0640 or less are taken, the latter for that group alone), too short, too long, not hex, an id twice.
 */
MUST_USE int keyring_load(struct keyring *ring, const char *path, char ret_error[static KEYRING_ERROR_MAX]);
/* The same for the text of such a file; does no I/O. `name` stands in errors. */
MUST_USE int keyring_parse(struct keyring *ring, const char *name, const char *text, size_t size,
	char ret_error[static KEYRING_ERROR_MAX]);
/* NULL: there is no such key. */
const struct key *keyring_find(const struct keyring *ring, unsigned id);

#endif

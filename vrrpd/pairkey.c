/* SPDX-License-Identifier: MIT */
#include "vrrpd/pairkey.h"

#include "vrrpd/wanted.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct key *pairkey_find(const struct conf *conf, const struct keyring *ring)
{
	return keyring_find(ring, conf->pair.key_id);
}

int pairkey_load(const struct conf *conf, struct keyring *ring, struct text *errors)
{
	const struct pair_conf *pair = &conf->pair;
	char error[KEYRING_ERROR_MAX];
	int r;

	memset(ring, 0, sizeof *ring);
	if (pair->key_file == NULL || (!wanted_key(conf) && access(pair->key_file, F_OK) < 0))
		return 0;
	r = keyring_load(ring, pair->key_file, error);
	if (r < 0) {
		text_addf(errors, "%s\n", error);
		return r;
	}
	if (pairkey_find(conf, ring) != NULL)
		return 0;
	text_addf(errors, "%s: there is no key of id %u: add a line `%u HEX` or set pair { key-id }\n", pair->key_file,
		pair->key_id, pair->key_id);
	return -ENOKEY;
}

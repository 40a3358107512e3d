/* SPDX-License-Identifier: MIT */
/* The pair key as a configuration names it: signed adverts need it, and the nodes talk to each other by it. */
#ifndef LBPAIR_VRRPD_PAIRKEY_H
#define LBPAIR_VRRPD_PAIRKEY_H

#include "common/model/conf.h"
#include "common/system/keyring.h"

/*
 * Reads the key file into `ring`, which stays empty where none is needed and there is no file. Negative errno, with a
 * line in `errors`: it cannot be read, or has no key of the id to sign with.
 */
MUST_USE int pairkey_load(const struct conf *conf, struct keyring *ring, struct text *errors);
/* The one to sign with; NULL: there is no key. */
const struct key *pairkey_find(const struct conf *conf, const struct keyring *ring);

#endif

/* SPDX-License-Identifier: MIT */
/* A pool's share of a service, as it is written: `blue:90`, or `blue` alone, which is the whole. */
#ifndef LBPAIR_COMMON_MODEL_POOL_SHARE_H
#define LBPAIR_COMMON_MODEL_POOL_SHARE_H

#include "common/pure/base.h"

/* The shares of a service are parts of their sum. */
#define POOL_SHARE_WHOLE 100
#define POOL_SHARE_MAX 1000
#define POOL_SHARE_NAME_MAX 63
/* A service has so many pools at most. */
#define POOL_SHARES_MAX 16

struct pool_share {
	char name[POOL_SHARE_NAME_MAX + 1];
	unsigned parts;
};

/* -EINVAL: it is neither; -ERANGE: there are too many parts. */
MUST_USE int pool_share_parse(const char *text, struct pool_share *ret_share);

#endif

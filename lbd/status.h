/* SPDX-License-Identifier: MIT */
/* lbd's half of `lbctl status --json`. */
#ifndef LBPAIR_LBD_STATUS_H
#define LBPAIR_LBD_STATUS_H

#include "lbd/director.h"

#include <jansson.h>

struct status_identity {
	const char *node;
	const char *config_path;
};

/* Owned by the caller; NULL: out of memory. */
MUST_USE json_t *status_json(const struct director *director, const struct status_identity *identity);

/* The same of one server, by POOL/SERVER; NULL: there is none of that name, or no memory. */
MUST_USE json_t *status_server_json(const struct director *director, const char *name);

#endif

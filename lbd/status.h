/* SPDX-License-Identifier: MIT */
/* What lbd tells of itself and of each thing it has, as JSON; status_page.h makes a page of all of it. */
#ifndef LBPAIR_LBD_STATUS_H
#define LBPAIR_LBD_STATUS_H

#include "lbd/director.h"

#include <jansson.h>

struct status_identity {
	const char *node;
	const char *config_path;
};

/* Each is owned by the caller; NULL: out of memory. */

/* All but the services and the pools. */
MUST_USE json_t *status_head_json(const struct director *director, const struct status_identity *identity);
/* By slot, of what has one. A pool comes without its servers. */
MUST_USE json_t *status_service_json(const struct director *director, uint32_t slot);
MUST_USE json_t *status_pool_json(const struct director *director, uint32_t slot);
MUST_USE json_t *status_server_json(const struct director *director, uint32_t slot);
/* Whether there is anything to tell of the server in this slot. */
bool status_shows_server(const struct director *director, uint32_t slot);

#endif

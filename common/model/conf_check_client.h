/* SPDX-License-Identifier: MIT */
/* Whom a service takes for its client, and how its servers are reached and told of him: checks of these options. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_CLIENT_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_CLIENT_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

void conf_check_client(const struct conf_item *service, struct conf_errors *errors);
/* Also puts the pool's values into its servers, where they have none of their own. */
void conf_check_reach(const struct conf_item *pool, struct conf_errors *errors);
/* That a service at `line` can use the pool; to be called when all pools have been checked. */
void conf_check_use(
	const struct service_conf *service, const struct pool_conf *pool, unsigned line, struct conf_errors *errors);

#endif

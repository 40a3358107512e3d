/* SPDX-License-Identifier: MIT */
/* The routes of a service: checks of them, and their pools. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_ROUTES_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_ROUTES_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

/* -ENOMEM. */
MUST_USE int conf_check_routes(const struct conf *conf, const struct conf_item *service, struct conf_errors *errors);

#endif

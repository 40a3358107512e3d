/* SPDX-License-Identifier: MIT */
/* Whom a service takes for its client, and whom its servers do: checks of the options that say so. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_CLIENT_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_CLIENT_H

#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

void conf_check_client(const struct conf_item *service, struct conf_errors *errors);

#endif

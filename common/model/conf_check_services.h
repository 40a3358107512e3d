/* SPDX-License-Identifier: MIT */
/* Checks of the services and of whatever else listens; resolves the names of their pools. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_SERVICES_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_SERVICES_H

#include "common/model/conf_checking.h"

void conf_check_services(struct checking *check);

#endif

/* SPDX-License-Identifier: MIT */
/* Checks of the vips, their addresses and what they track; completes their addresses. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_VIPS_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_VIPS_H

#include "common/model/conf_checking.h"

void conf_check_vips(struct checking *check);

#endif

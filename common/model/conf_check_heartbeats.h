/* SPDX-License-Identifier: MIT */
/* The further paths between the nodes: whether those of one are those of the other. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_HEARTBEATS_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_HEARTBEATS_H

#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

/* The sections of the two nodes; either may be NULL. */
void conf_check_heartbeats(const struct conf_item *a, const struct conf_item *b, struct conf_errors *errors);

#endif

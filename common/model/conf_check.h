/* SPDX-License-Identifier: MIT */
/* What no single option can tell: references, and things that may be there once only. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

/*
 * Resolves the references in `conf`, which conf_build has filled from the whole tree, and adds an error for each thing
 * that does not go with another. 0 or -ENOMEM.
 */
MUST_USE int conf_check(struct conf *conf, const struct conf_item *root, struct conf_errors *errors);

#endif

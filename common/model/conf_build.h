/* SPDX-License-Identifier: MIT */
/* From the items of a file to the structs of conf.h, by the rows of the schema. */
#ifndef LBPAIR_COMMON_MODEL_CONF_BUILD_H
#define LBPAIR_COMMON_MODEL_CONF_BUILD_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

/*
 * Fills `conf` from the tree and the defaults, and lets the tree's sections point at their structs. `whole` says that
 * the tree is: without it nothing is missed. Errors are added, and what is in error keeps zeros. 0 or -ENOMEM.
 */
MUST_USE int conf_build(struct conf *conf, struct conf_item *root, bool whole, struct conf_errors *errors);

#endif

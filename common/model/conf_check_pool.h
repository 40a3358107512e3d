/* SPDX-License-Identifier: MIT */
/* Pools by the names that options of other sections have for them. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECK_POOL_H
#define LBPAIR_COMMON_MODEL_CONF_CHECK_POOL_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

/* The pool of that name, or NULL and an error of the option in that line. */
const struct pool_conf *conf_check_pool(const struct conf *conf, const struct conf_item *option, unsigned line,
	const char *name, struct conf_errors *errors);

#endif

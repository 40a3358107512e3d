/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_pool.h"

static const char *pool_name_at(const void *context, size_t i)
{
	const struct conf *conf = context;

	return i < conf->pool_count ? conf->pools[i].name : NULL;
}

const struct pool_conf *conf_check_pool(const struct conf *conf, const struct conf_item *option, unsigned line,
	const char *name, struct conf_errors *errors)
{
	const struct pool_conf *pool = conf_find_pool(conf, name);
	const char *nearest = pool == NULL ? text_nearest(name, pool_name_at, conf) : NULL;

	if (nearest != NULL)
		conf_error(errors, line, "option '%s': there is no pool '%s': did you mean '%s'?", option->name, name,
			nearest);
	else if (pool == NULL)
		conf_error(errors, line, "option '%s': there is no pool '%s': write a section 'pool %s'", option->name,
			name, name);
	return pool;
}

/* SPDX-License-Identifier: MIT */
/* What the parts of conf_check.c share. */
#ifndef LBPAIR_COMMON_MODEL_CONF_CHECKING_H
#define LBPAIR_COMMON_MODEL_CONF_CHECKING_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

struct checking {
	struct conf *conf;
	const struct conf_item *root;
	struct conf_errors *errors;
	bool no_memory;
};

/* Walks the sections of that name in `parent`. */
#define FOR_EACH_SECTION(item, parent, name) \
	for (const struct conf_item *item = conf_item_section(parent, name); item != NULL; \
		item = conf_item_next_section(item))

/* Things that may be there once: gathered, sorted, and neighbours compared, so that many take no longer than few. */

struct conf_thing {
	const void *key;
	const struct conf_item *section; /* what it belongs to */
	unsigned line;
	size_t place; /* among all, in the file's order */
};

struct conf_things {
	struct conf_thing *list;
	size_t count;
	size_t capacity;
};

typedef int conf_compare_fn(const void *a, const void *b);
typedef void conf_again_fn(struct conf_errors *errors, const struct conf_thing *first, const struct conf_thing *again);

void conf_things_add(struct checking *check, struct conf_things *things, const void *key,
	const struct conf_item *section, unsigned line);
/* Reports each thing whose key an earlier one has, and forgets them all. */
void conf_things_settle(
	struct checking *check, struct conf_things *things, conf_compare_fn *compare, conf_again_fn *report);
void conf_things_free(struct conf_things *things);
#define AUTO_THINGS AUTO(conf_things_free) struct conf_things

/* Adds an error where it is none that a host may have. */
void conf_check_host_address(struct checking *check, unsigned line, const char *option, const struct ip *ip);

#endif

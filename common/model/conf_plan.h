/* SPDX-License-Identifier: MIT */
/*
 * What a reload would change: the old and the new configuration in, a list of additions, changes and removals out, by
 * the rows of the schema, and how much is kept. No I/O.
 */
#ifndef LBPAIR_COMMON_MODEL_CONF_PLAN_H
#define LBPAIR_COMMON_MODEL_CONF_PLAN_H

#include "common/model/conf.h"

enum plan_kind {
	PLAN_ADD,
	PLAN_CHANGE,
	PLAN_REMOVE,
	PLAN_RESTART, /* a change that only a restart carries out */
	PLAN_KIND_COUNT,
};

struct plan_entry {
	enum plan_kind kind;
	const char *what;   /* "server blue/app1" */
	const char *detail; /* "weight: 100 -> 50"; "": none */
};

#define PLAN_KEPT_MAX 16

struct plan {
	struct arena arena;
	struct plan_entry *list;
	size_t count;
	size_t capacity;
	struct {
		const char *name; /* of the section */
		size_t count;
	} kept[PLAN_KEPT_MAX];
	size_t kept_count;
};

/*
 * A service of another protocol or mode, a server of another address, and a vip of another VRID, interface or version,
 * or with a virtual MAC instead of none, is another one. `sections` are those of the
 * top level that are looked at, up to a NULL. -ENOMEM.
 */
MUST_USE int conf_plan(
	const struct conf *before, const struct conf *after, const char *const *sections, struct plan *ret_plan);
void plan_free(struct plan *plan);

/* A line for each entry, and one for what is kept. */
void plan_print(const struct plan *plan, struct text *out);
const char *plan_kind_name(enum plan_kind kind);

#endif

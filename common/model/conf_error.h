/* SPDX-License-Identifier: MIT */
/* The mistakes of one configuration file, gathered in any order and shown in the order of the lines. */
#ifndef LBPAIR_COMMON_MODEL_CONF_ERROR_H
#define LBPAIR_COMMON_MODEL_CONF_ERROR_H

#include "common/pure/arena.h"
#include "common/pure/base.h"
#include "common/pure/text.h"

/* What a person can still work through; the rest is only counted. */
#define CONF_ERRORS_MAX 100

struct conf_error {
	unsigned line;
	size_t place; /* among all, so that errors of one line stay in their order */
	const char *text;
};

struct conf_errors {
	struct arena *arena;
	size_t count; /* of all; the first CONF_ERRORS_MAX of them are kept */
	struct conf_error kept[CONF_ERRORS_MAX];
};

void conf_error(struct conf_errors *errors, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Adds `NAME:LINE: TEXT` lines to `out`. */
void conf_errors_print(struct conf_errors *errors, const char *name, struct text *out);

#endif

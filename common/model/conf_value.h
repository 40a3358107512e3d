/* SPDX-License-Identifier: MIT */
/* Values by the schema's types: out of text into the fields of conf.h's structs, and back. */
#ifndef LBPAIR_COMMON_MODEL_CONF_VALUE_H
#define LBPAIR_COMMON_MODEL_CONF_VALUE_H

#include "common/model/conf_error.h"
#include "common/model/conf_item.h"
#include "common/model/schema.h"

/*
 * Reads the values of `item` into the row's field of `object`, its section's struct; texts and lists go into `arena`.
 * On failure -EINVAL (an error has been added, and the item is marked as bad) or -ENOMEM.
 */
MUST_USE int conf_value_read(const struct schema_option *row, struct conf_item *item, void *object, struct arena *arena,
	struct conf_errors *errors);
/* The same for the row's default. */
MUST_USE int conf_value_preset(const struct schema_option *row, void *object, struct arena *arena);

/* Adds the value as it is written in a file. */
/* A list that cannot be written as it is: it must not be empty, and it is because it was not set. */
bool conf_value_is_absent(const struct schema_option *row, const void *object);
void conf_value_print(const struct schema_option *row, const void *object, struct text *out);

/* What may be written: "a number from 1 to 255", "a time from 10ms to 40s, in steps of 10ms". */
void conf_value_describe(const struct schema_option *row, struct text *out);

#endif

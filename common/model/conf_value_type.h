/* SPDX-License-Identifier: MIT */
/* What the files of conf_value.c share: how the values of one type are read and written. */
#ifndef LBPAIR_COMMON_MODEL_CONF_VALUE_TYPE_H
#define LBPAIR_COMMON_MODEL_CONF_VALUE_TYPE_H

#include "common/model/schema.h"
#include "common/pure/arena.h"
#include "common/pure/text.h"

#include <errno.h>

/* A value under way from text to field. */
struct reading {
	const struct schema_option *row;
	void (*describe)(const struct schema_option *row, struct text *out);
	const char *text; /* of the word at hand */
	void *field;
	struct arena *arena;
	struct text *why; /* what is wrong, for an error */
};

/*
 * One row a type. `read` is called for each word; `index` counts them. It returns -EINVAL with `why`, or -ENOMEM.
 * `describe` says what may be written.
 */
struct value_type {
	int (*read)(const struct reading *in, size_t index);
	void (*print)(const struct schema_option *row, const void *object, struct text *out);
	void (*describe)(const struct schema_option *row, struct text *out);
	size_t element; /* size of one, of a list */
};

/* conf_value_addresses.c */
int conf_ip_read(const struct reading *in, size_t index);
void conf_ip_print(const struct schema_option *row, const void *object, struct text *out);
void conf_ip_describe(const struct schema_option *row, struct text *out);
int conf_ips_read(const struct reading *in, size_t index);
void conf_ips_print(const struct schema_option *row, const void *object, struct text *out);
void conf_ips_describe(const struct schema_option *row, struct text *out);
int conf_endpoint_read(const struct reading *in, size_t index);
void conf_endpoint_print(const struct schema_option *row, const void *object, struct text *out);
void conf_endpoint_describe(const struct schema_option *row, struct text *out);
int conf_endpoints_read(const struct reading *in, size_t index);
void conf_endpoints_print(const struct schema_option *row, const void *object, struct text *out);
void conf_endpoints_describe(const struct schema_option *row, struct text *out);
int conf_server_read(const struct reading *in, size_t index);
void conf_server_print(const struct schema_option *row, const void *object, struct text *out);
void conf_server_describe(const struct schema_option *row, struct text *out);
int conf_prefixes_read(const struct reading *in, size_t index);
void conf_prefixes_print(const struct schema_option *row, const void *object, struct text *out);
void conf_prefixes_describe(const struct schema_option *row, struct text *out);

/* conf_value_quantities.c */
int conf_number_read(const struct reading *in, size_t index);
void conf_number_print(const struct schema_option *row, const void *object, struct text *out);
void conf_number_describe(const struct schema_option *row, struct text *out);
int conf_span_read(const struct reading *in, size_t index);
void conf_span_print(const struct schema_option *row, const void *object, struct text *out);
void conf_span_describe(const struct schema_option *row, struct text *out);
int conf_rate_read(const struct reading *in, size_t index);
void conf_rate_print(const struct schema_option *row, const void *object, struct text *out);
void conf_rate_describe(const struct schema_option *row, struct text *out);
int conf_size_read(const struct reading *in, size_t index);
void conf_size_print(const struct schema_option *row, const void *object, struct text *out);
void conf_size_describe(const struct schema_option *row, struct text *out);
int conf_status_range_read(const struct reading *in, size_t index);
void conf_status_range_print(const struct schema_option *row, const void *object, struct text *out);
void conf_status_range_describe(const struct schema_option *row, struct text *out);

/* conf_value_words.c */
int conf_yes_no_read(const struct reading *in, size_t index);
void conf_yes_no_print(const struct schema_option *row, const void *object, struct text *out);
void conf_yes_no_describe(const struct schema_option *row, struct text *out);
int conf_word_read(const struct reading *in, size_t index);
void conf_word_print(const struct schema_option *row, const void *object, struct text *out);
void conf_word_describe(const struct schema_option *row, struct text *out);

/* conf_value_texts.c */
int conf_string_read(const struct reading *in, size_t index);
void conf_string_print(const struct schema_option *row, const void *object, struct text *out);
void conf_string_describe(const struct schema_option *row, struct text *out);
int conf_path_read(const struct reading *in, size_t index);
void conf_path_describe(const struct schema_option *row, struct text *out);
void conf_name_describe(const struct schema_option *row, struct text *out);
int conf_shares_read(const struct reading *in, size_t index);
void conf_shares_print(const struct schema_option *row, const void *object, struct text *out);
void conf_shares_describe(const struct schema_option *row, struct text *out);
int conf_bytes_read(const struct reading *in, size_t index);
void conf_bytes_print(const struct schema_option *row, const void *object, struct text *out);
void conf_bytes_describe(const struct schema_option *row, struct text *out);

/* conf_value_names.c */
int conf_texts_read(const struct reading *in, size_t index);
void conf_texts_print(const struct schema_option *row, const void *object, struct text *out);
void conf_texts_describe(const struct schema_option *row, struct text *out);
int conf_server_names_read(const struct reading *in, size_t index);
void conf_server_names_describe(const struct schema_option *row, struct text *out);

static inline int wrong(const struct reading *in, const char *what)
{
	text_addf(in->why, "'%.64s' %s: write ", in->text, what);
	in->describe(in->row, in->why);
	return -EINVAL;
}

static inline const void *field_of(const struct schema_option *row, const void *object)
{
	return (const char *)object + row->offset;
}

/* Of a list: the field is a pointer to the elements, for which there is room already. */
static inline const void *list_at(const struct schema_option *row, const void *object, size_t *ret_count)
{
	*ret_count = *(const size_t *)(const void *)((const char *)object + row->count_offset);
	return *(const void *const *)field_of(row, object);
}

#endif

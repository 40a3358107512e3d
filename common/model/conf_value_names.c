/* SPDX-License-Identifier: MIT */
/* Lists of texts. */
#include "common/model/conf_value_type.h"

#include "common/model/conf_text.h"
#include "common/pure/server_name.h"

#include <string.h>

static int add_text(const struct reading *in, size_t index, const char *text)
{
	const char **elements = *(const char ***)in->field;

	elements[index] = arena_strdup(in->arena, text);
	return elements[index] != NULL ? 0 : -ENOMEM;
}

void conf_texts_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_t count;
	const char *const *elements = list_at(row, object, &count);

	text_add(out, count > 0 ? "{ " : "{");
	for (size_t i = 0; i < count; i++) {
		text_add(out, i > 0 ? ", " : "");
		conf_text_print(elements[i], out);
	}
	text_add(out, " }");
}

int conf_texts_read(const struct reading *in, size_t index)
{
	size_t length = strlen(in->text);

	/* RFC 7301 section 3.1. */
	if (length == 0 || length > UINT8_MAX)
		return wrong(in, length == 0 ? "is empty" : "is too long");
	return add_text(in, index, in->text);
}

void conf_texts_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "{ ... } with %lld to %lld texts of 1 to 255 characters", (long long)row->min,
		(long long)row->max);
}

int conf_server_names_read(const struct reading *in, size_t index)
{
	char pattern[SERVER_NAME_PATTERN_MAX + 1];

	if (server_name_read_pattern(in->text, pattern) < 0)
		return wrong(in, "is no name that a TLS client asks for");
	return add_text(in, index, pattern);
}

void conf_server_names_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out,
		"{ ... } with %lld to %lld names as shop.example.com, \"*.example.com\" for all that end so, or \"*\" "
		"for any",
		(long long)row->min, (long long)row->max);
}

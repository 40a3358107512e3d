/* SPDX-License-Identifier: MIT */
#include "common/model/conf.h"

#include "common/model/conf_text.h"
#include "common/model/conf_value.h"
#include "common/model/schema.h"

#include <string.h>

static void indent(unsigned depth, struct text *out)
{
	while (depth-- > 0)
		text_add(out, "    ");
}

/* A section that has a kind and is absent is all zeros. */
static bool is_absent(const struct schema_section *schema, const void *object)
{
	return schema->title == SCHEMA_TITLE_WORD &&
	       *(const unsigned *)(const void *)((const char *)object + schema->title_offset) == 0;
}

static void show_section(const struct schema_section *schema, const void *object, unsigned depth, struct text *out);

static void show_options(const struct schema_section *schema, const void *object, unsigned depth, struct text *out)
{
	const char *title = schema_title(schema, object);

	for (size_t i = 0; i < schema->option_count; i++) {
		const struct schema_option *row = &schema->options[i];

		if (!schema_goes(row, title) || conf_value_is_absent(row, object))
			continue;
		indent(depth, out);
		text_addf(out, "%s = ", row->name);
		conf_value_print(row, object, out);
		text_add(out, "\n");
	}
}

static void show_inner(const struct schema_section *schema, const void *object, unsigned depth, struct text *out)
{
	for (size_t i = 0; i < schema->section_count; i++) {
		const struct schema_section *inner = &schema->sections[i];
		const char *at = (const char *)object + inner->offset;
		size_t count = 1;

		if (inner->many) {
			at = *(const char *const *)(const void *)at;
			count = *(const size_t *)(const void *)((const char *)object + inner->count_offset);
		}
		for (size_t j = 0; j < count; j++)
			show_section(inner, at + j * inner->size, depth, out);
	}
}

static void show_section(const struct schema_section *schema, const void *object, unsigned depth, struct text *out)
{
	if (is_absent(schema, object))
		return;
	indent(depth, out);
	text_add(out, schema->name);
	if (schema->title != SCHEMA_TITLE_NONE) {
		text_add(out, " ");
		conf_text_print(schema_title(schema, object), out);
	}
	text_add(out, " {\n");
	show_options(schema, object, depth + 1, out);
	show_inner(schema, object, depth + 1, out);
	indent(depth, out);
	text_add(out, "}\n");
}

void conf_show(const struct conf *conf, struct text *out)
{
	show_inner(&schema_root, conf, 0, out);
}

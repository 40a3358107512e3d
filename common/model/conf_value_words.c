/* SPDX-License-Identifier: MIT */
/* One of a few words; yes and no. */
#include "common/model/conf_value_type.h"

#include <string.h>

/* Yes and no. */

int conf_yes_no_read(const struct reading *in, size_t index)
{
	bool yes = strcmp(in->text, "yes") == 0;

	(void)index;
	if (!yes && strcmp(in->text, "no") != 0)
		return wrong(in, "is neither");
	*(bool *)in->field = yes;
	return 0;
}

void conf_yes_no_print(const struct schema_option *row, const void *object, struct text *out)
{
	text_add(out, *(const bool *)field_of(row, object) ? "yes" : "no");
}

void conf_yes_no_describe(const struct schema_option *row, struct text *out)
{
	(void)row;
	text_add(out, "yes or no");
}

/* Words. */

int conf_word_read(const struct reading *in, size_t index)
{
	const struct schema_option *row = in->row;
	int value = schema_word(row->words, row->word_count, in->text);
	const char *nearest;

	(void)index;
	assert(row->size == sizeof(unsigned));
	if (value >= 0) {
		*(unsigned *)in->field = (unsigned)value;
		return 0;
	}
	nearest = schema_nearest_word(row->words, row->word_count, in->text);
	if (nearest == NULL)
		return wrong(in, "is not known");
	text_addf(in->why, "'%.64s' is not known: did you mean '%s'?", in->text, nearest);
	return -EINVAL;
}

void conf_word_print(const struct schema_option *row, const void *object, struct text *out)
{
	text_add(out, row->words[*(const unsigned *)field_of(row, object)]);
}

void conf_word_describe(const struct schema_option *row, struct text *out)
{
	const char *between = "";

	for (size_t i = 0; i < row->word_count; i++) {
		if (row->words[i] == NULL)
			continue;
		text_addf(out, "%s%s", between, row->words[i]);
		between = i + 2 >= row->word_count ? " or " : ", ";
	}
}

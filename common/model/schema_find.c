/* SPDX-License-Identifier: MIT */
/* Rows and words by their names. */
#include "common/model/schema.h"

#include <string.h>

const struct schema_option *schema_find_option(const struct schema_section *section, const char *name)
{
	for (size_t i = 0; i < section->option_count; i++) {
		if (strcmp(section->options[i].name, name) == 0)
			return &section->options[i];
	}
	return NULL;
}

const struct schema_section *schema_find_section(const struct schema_section *section, const char *name)
{
	for (size_t i = 0; i < section->section_count; i++) {
		if (strcmp(section->sections[i].name, name) == 0)
			return &section->sections[i];
	}
	return NULL;
}

static const char *option_name_at(const void *context, size_t i)
{
	const struct schema_section *section = context;

	return i < section->option_count ? section->options[i].name : NULL;
}

static const char *section_name_at(const void *context, size_t i)
{
	const struct schema_section *section = context;

	return i < section->section_count ? section->sections[i].name : NULL;
}

bool schema_goes(const struct schema_option *option, const char *title)
{
	size_t length = title != NULL ? strlen(title) : 0;
	const char *at = option->only_for;

	if (at == NULL)
		return true;
	while (length > 0 && *at != '\0') {
		size_t word = strcspn(at, " ");

		if (word == length && memcmp(at, title, length) == 0)
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

const char *schema_nearest_option(const struct schema_section *section, const char *name)
{
	return text_nearest(name, option_name_at, section);
}

const char *schema_nearest_section(const struct schema_section *section, const char *name)
{
	return text_nearest(name, section_name_at, section);
}

int schema_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i] != NULL && strcmp(words[i], word) == 0)
			return (int)i;
	}
	return -1;
}

struct word_list {
	const char *const *words;
	size_t count;
};

static const char *word_at(const void *context, size_t i)
{
	const struct word_list *list = context;

	if (i >= list->count)
		return NULL;
	return list->words[i] != NULL ? list->words[i] : "";
}

const char *schema_nearest_word(const char *const *words, size_t count, const char *word)
{
	const struct word_list list = {words, count};
	const char *nearest = text_nearest(word, word_at, &list);

	return nearest != NULL && *nearest != '\0' ? nearest : NULL;
}

const char *schema_title(const struct schema_section *schema, const void *object)
{
	const char *at = (const char *)object + schema->title_offset;
	unsigned word;

	switch (schema->title) {
	case SCHEMA_TITLE_NONE:
		return "";
	case SCHEMA_TITLE_NAME:
	case SCHEMA_TITLE_LINK:
	case SCHEMA_TITLE_PATH:
	case SCHEMA_TITLE_IP:
		return *(const char *const *)(const void *)at;
	case SCHEMA_TITLE_WORD:
		word = *(const unsigned *)(const void *)at;
		return word < schema->word_count && schema->words[word] != NULL ? schema->words[word] : "";
	}
	return "";
}

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_build.h"

#include "common/model/conf_value.h"
#include "common/model/schema.h"
#include "common/pure/addr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct build {
	struct arena *arena;
	struct conf_errors *errors;
	bool whole;
};

/* More than any section has; asserted where they are used. */
#define ROWS_MAX 32

/* What stands in one section, by the rows of its schema. */
struct found {
	struct conf_item *options[ROWS_MAX];
	struct conf_item *sections[ROWS_MAX]; /* the first of each */
	size_t section_counts[ROWS_MAX];
};

#define WHERE_MAX 160

/* "section 'vip web'", for errors. */
static const char *section_text(const struct conf_item *item, char buffer[static WHERE_MAX])
{
	if (item->parent == NULL)
		snprintf(buffer, WHERE_MAX, "the file");
	else if (item->title != NULL)
		snprintf(buffer, WHERE_MAX, "section '%.64s %.64s'", item->name, item->title);
	else
		snprintf(buffer, WHERE_MAX, "section '%.64s'", item->name);
	return buffer;
}

static void add_names(const struct schema_section *schema, bool sections, struct text *out)
{
	size_t count = sections ? schema->section_count : schema->option_count;

	for (size_t i = 0; i < count; i++)
		text_addf(
			out, "%s%s", i > 0 ? ", " : "", sections ? schema->sections[i].name : schema->options[i].name);
}

static void unknown_name(struct build *build, const struct schema_section *schema, const struct conf_item *item)
{
	const char *kind = item->is_section ? "section" : "option";
	const char *nearest = item->is_section ? schema_nearest_section(schema, item->name)
					       : schema_nearest_option(schema, item->name);
	char where[WHERE_MAX];
	AUTO_TEXT text = {0};

	text_addf(&text, "%s '%.64s' is not known in %s: ", kind, item->name, section_text(item->parent, where));
	if (nearest != NULL) {
		text_addf(&text, "did you mean '%s'?", nearest);
	} else if ((item->is_section ? schema->section_count : schema->option_count) == 0) {
		text_addf(&text, "it has no %ss", kind);
	} else {
		text_add(&text, "there are ");
		add_names(schema, item->is_section, &text);
	}
	conf_error(build->errors, item->line, "%s", text_get(&text));
}

static void sort_option(
	struct build *build, const struct schema_section *schema, struct conf_item *item, struct found *found)
{
	const struct schema_option *row = schema_find_option(schema, item->name);
	struct conf_item **place;
	char where[WHERE_MAX];

	if (row == NULL) {
		unknown_name(build, schema, item);
		return;
	}
	place = &found->options[row - schema->options];
	if (*place != NULL) {
		conf_error(build->errors, item->line,
			"option '%s' is set again in %s: line %u has it already, keep one", item->name,
			section_text(item->parent, where), (*place)->line);
		return;
	}
	*place = item;
}

static void sort_section(
	struct build *build, const struct schema_section *schema, struct conf_item *item, struct found *found)
{
	const struct schema_section *row = schema_find_section(schema, item->name);
	char what[WHERE_MAX];
	size_t i;

	if (row == NULL) {
		unknown_name(build, schema, item);
		return;
	}
	i = (size_t)(row - schema->sections);
	if (found->section_counts[i]++ == 0)
		found->sections[i] = item;
	else if (!row->many || row->once)
		conf_error(build->errors, item->line, "%s is there again: line %u has one already, keep one",
			section_text(item, what), found->sections[i]->line);
}

static void sort_items(
	struct build *build, const struct schema_section *schema, struct conf_item *item, struct found *found)
{
	assert(schema->option_count <= ROWS_MAX && schema->section_count <= ROWS_MAX);
	*found = (struct found){0};
	if (item == NULL)
		return;
	for (struct conf_item *child = item->first_child; child != NULL; child = child->next) {
		if (child->is_section)
			sort_section(build, schema, child, found);
		else
			sort_option(build, schema, child, found);
	}
}

/* Only letters, digits and `-_.`: names stand in commands, logs and URLs, and some have words around `/`, `:`, `#`. */
static bool is_good_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return *name != '\0' && strlen(name) <= SCHEMA_NAME_MAX && name[strspn(name, letters)] == '\0' &&
	       strchr("-_.", *name) == NULL;
}

/* The kernel's own rule (dev_valid_name). */
static bool is_good_link(const char *name)
{
	return *name != '\0' && strlen(name) <= SCHEMA_LINK_MAX && name[strcspn(name, "/: \t")] == '\0' &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool is_good_path(const char *path)
{
	return path[0] == '/' && path[1] != '\0' && path[strcspn(path, " \t")] == '\0' &&
	       strlen(path) <= SCHEMA_PATH_MAX;
}

static void check_title(struct build *build, const struct schema_section *schema, const struct conf_item *item)
{
	struct conf_errors *errors = build->errors;
	struct ip ip;

	switch (schema->title) {
	case SCHEMA_TITLE_NAME:
		if (!is_good_name(item->title))
			conf_error(errors, item->line,
				"section '%s %.80s': that is no name: write up to %d letters, digits and '-_.', a "
				"letter or digit first",
				item->name, item->title, SCHEMA_NAME_MAX);
		break;
	case SCHEMA_TITLE_LINK:
		if (!is_good_link(item->title))
			conf_error(errors, item->line,
				"section '%s %.80s': that cannot be an interface: write its name as `ip link` has it",
				item->name, item->title);
		break;
	case SCHEMA_TITLE_PATH:
		if (!is_good_path(item->title))
			conf_error(errors, item->line,
				"section '%s %.80s': that is no path: write one that begins with '/', of at most %d "
				"characters without blanks",
				item->name, item->title, SCHEMA_PATH_MAX);
		break;
	case SCHEMA_TITLE_IP:
		if (ip_parse(item->title, &ip) < 0)
			conf_error(errors, item->line,
				"section '%s %.80s': that is no address: write one as 192.0.2.1 or 2001:db8::1",
				item->name, item->title);
		break;
	case SCHEMA_TITLE_NONE:
	case SCHEMA_TITLE_WORD:
		break;
	}
}

static int build_name(
	struct build *build, const struct schema_section *schema, const struct conf_item *item, void *object)
{
	const char *name = arena_strdup(build->arena, item->title);

	if (name == NULL)
		return -ENOMEM;
	check_title(build, schema, item);
	*(const char **)(void *)((char *)object + schema->title_offset) = name;
	return 0;
}

/* False: there is no such kind, and nothing more is to be said of the section. */
static bool build_word(
	struct build *build, const struct schema_section *schema, const struct conf_item *item, void *object)
{
	int value = schema_word(schema->words, schema->word_count, item->title);
	const char *nearest;
	AUTO_TEXT known = {0};

	if (value >= 0) {
		*(unsigned *)(void *)((char *)object + schema->title_offset) = (unsigned)value;
		return true;
	}
	nearest = schema_nearest_word(schema->words, schema->word_count, item->title);
	for (size_t i = 0; i < schema->word_count; i++) {
		if (schema->words[i] != NULL)
			text_addf(&known, "%s%s", known.length > 0 ? ", " : "", schema->words[i]);
	}
	if (nearest != NULL)
		conf_error(build->errors, item->line, "section '%s %.64s' is not known: did you mean '%s %s'?",
			item->name, item->title, item->name, nearest);
	else
		conf_error(build->errors, item->line, "section '%s %.64s' is not known: there are %s", item->name,
			item->title, text_get(&known));
	return false;
}

static void missing_option(struct build *build, const struct schema_option *row, const struct conf_item *item)
{
	AUTO_TEXT what = {0};
	char where[WHERE_MAX];

	if (!build->whole || item == NULL)
		return;
	conf_value_describe(row, &what);
	conf_error(build->errors, item->line, "option '%s' is missing in %s: set it to %s", row->name,
		section_text(item, where), text_get(&what));
}

static void wrong_kind(
	struct build *build, const struct schema_option *row, const struct conf_item *section, unsigned line)
{
	AUTO_TEXT right = {0};
	const char *word = row->only_for;

	for (size_t length; (length = strcspn(word, " ")) > 0; word += length + strspn(word + length, " "))
		text_addf(&right, "%s'%s %.*s'", right.length > 0 ? " or " : "", section->name, (int)length, word);
	conf_error(build->errors, line, "option '%s' does not go with '%s %s': it is for %s", row->name, section->name,
		section->title, text_get(&right));
}

static int build_options(struct build *build, const struct schema_section *schema, struct conf_item *item,
	const struct found *found, void *object)
{
	for (size_t i = 0; i < schema->option_count; i++) {
		const struct schema_option *row = &schema->options[i];
		bool goes = schema_goes(row, item != NULL ? item->title : NULL);
		int r = 0;

		if (found->options[i] != NULL && !goes)
			wrong_kind(build, row, item, found->options[i]->line);
		else if (found->options[i] != NULL)
			r = conf_value_read(row, found->options[i], object, build->arena, build->errors);
		else if (goes && row->preset != NULL)
			r = conf_value_preset(row, object, build->arena);
		else if (goes)
			missing_option(build, row, item);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

static int build_section(
	struct build *build, const struct schema_section *schema, struct conf_item *item, void *object);

static int build_many(
	struct build *build, const struct schema_section *schema, struct conf_item *first, size_t count, void *parent)
{
	char *objects = arena_alloc(build->arena, count, schema->size);

	if (objects == NULL)
		return -ENOMEM;
	*(void **)(void *)((char *)parent + schema->offset) = objects;
	*(size_t *)(void *)((char *)parent + schema->count_offset) = count;
	for (struct conf_item *item = first; item != NULL; item = item->next) {
		int r;

		if (!item->is_section || strcmp(item->name, schema->name) != 0)
			continue;
		r = build_section(build, schema, item, objects);
		if (r < 0)
			return r;
		objects += schema->size;
	}
	return 0;
}

static int build_inner(struct build *build, const struct schema_section *schema, const struct conf_item *item,
	const struct found *found, void *object)
{
	for (size_t i = 0; i < schema->section_count; i++) {
		const struct schema_section *inner = &schema->sections[i];
		char where[WHERE_MAX];
		int r = 0;

		if (found->sections[i] == NULL && inner->required && item != NULL && build->whole)
			conf_error(build->errors, item->line, "section '%s' is missing in %s: write %s%s { ... }",
				inner->name, section_text(item, where), inner->name,
				inner->title == SCHEMA_TITLE_NONE ? "" : " NAME");
		if (!inner->many)
			r = build_section(build, inner, found->sections[i], (char *)object + inner->offset);
		else if (found->sections[i] != NULL)
			r = build_many(build, inner, found->sections[i], found->section_counts[i], object);
		if (r < 0)
			return r;
	}
	return 0;
}

/* `item` is NULL for a section that is not in the file: it gets its defaults. One with a kind stays zeros. */
static int build_section(struct build *build, const struct schema_section *schema, struct conf_item *item, void *object)
{
	struct found found;
	int r;

	if (schema->title == SCHEMA_TITLE_WORD && (item == NULL || !build_word(build, schema, item, object)))
		return 0;
	if (schema->title != SCHEMA_TITLE_NONE && schema->title != SCHEMA_TITLE_WORD) {
		r = build_name(build, schema, item, object);
		if (r < 0)
			return r;
	}
	if (item != NULL)
		item->object = object;
	sort_items(build, schema, item, &found);
	r = build_options(build, schema, item, &found, object);
	if (r < 0)
		return r;
	return build_inner(build, schema, item, &found, object);
}

int conf_build(struct conf *conf, struct conf_item *root, bool whole, struct conf_errors *errors)
{
	struct build build = {.arena = &conf->arena, .errors = errors, .whole = whole};

	return build_section(&build, &schema_root, root, conf);
}

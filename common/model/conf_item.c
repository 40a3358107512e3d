/* SPDX-License-Identifier: MIT */
#include "common/model/conf_item.h"

#include <errno.h>
#include <string.h>

struct conf_item *conf_item_add(
	struct arena *arena, struct conf_item *parent, const char *name, const char *title, unsigned line)
{
	struct conf_item *item = arena_alloc(arena, 1, sizeof *item);

	if (item == NULL)
		return NULL;
	item->parent = parent;
	item->line = line;
	item->name = arena_strdup(arena, name);
	item->title = title != NULL ? arena_strdup(arena, title) : NULL;
	if (item->name == NULL || (title != NULL && item->title == NULL))
		return NULL;
	if (parent == NULL)
		return item;
	if (parent->last_child != NULL)
		parent->last_child->next = item;
	else
		parent->first_child = item;
	parent->last_child = item;
	return item;
}

int conf_item_add_word(struct arena *arena, struct conf_item *item, const char *text, unsigned line)
{
	struct conf_word *word = arena_alloc(arena, 1, sizeof *word);

	if (word == NULL)
		return -ENOMEM;
	word->line = line;
	word->text = arena_strdup(arena, text);
	if (word->text == NULL)
		return -ENOMEM;
	if (item->last_word != NULL)
		item->last_word->next = word;
	else
		item->first_word = word;
	item->last_word = word;
	item->word_count++;
	return 0;
}

static const struct conf_item *find(const struct conf_item *from, const char *name, bool is_section)
{
	for (; from != NULL; from = from->next) {
		if (from->is_section == is_section && strcmp(from->name, name) == 0)
			return from;
	}
	return NULL;
}

const struct conf_item *conf_item_option(const struct conf_item *section, const char *name)
{
	const struct conf_item *item = find(section->first_child, name, false);

	return item != NULL && !item->bad ? item : NULL;
}

const struct conf_item *conf_item_section(const struct conf_item *section, const char *name)
{
	return find(section->first_child, name, true);
}

const struct conf_item *conf_item_next_section(const struct conf_item *section)
{
	return find(section->next, section->name, true);
}

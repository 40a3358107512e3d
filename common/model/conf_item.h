/* SPDX-License-Identifier: MIT */
/*
 * A configuration file as it was written: sections and options with their lines, values still text. It lives in an
 * arena while a file is read and checked.
 */
#ifndef LBPAIR_COMMON_MODEL_CONF_ITEM_H
#define LBPAIR_COMMON_MODEL_CONF_ITEM_H

#include "common/pure/arena.h"
#include "common/pure/base.h"

struct conf_word {
	struct conf_word *next;
	const char *text;
	unsigned line;
};

struct conf_item {
	struct conf_item *parent;
	struct conf_item *next; /* in the parent, in the file's order */
	struct conf_item *first_child;
	struct conf_item *last_child;
	const char *name;
	const char *title; /* of a section; NULL: it has none */
	unsigned line;
	bool is_section;
	bool bad;                     /* its value is in error already: nothing more is to be said of it */
	struct conf_word *first_word; /* an option's values */
	struct conf_word *last_word;
	size_t word_count;
	void *object; /* a section's struct of conf.h, from the building on */
};

/* NULL: out of memory. Texts are copied. */
MUST_USE struct conf_item *conf_item_add(
	struct arena *arena, struct conf_item *parent, const char *name, const char *title, unsigned line);
MUST_USE int conf_item_add_word(struct arena *arena, struct conf_item *item, const char *text, unsigned line);
/* The first option (section, not option) of that name in `section`; NULL: there is none, or it is bad. */
const struct conf_item *conf_item_option(const struct conf_item *section, const char *name);
const struct conf_item *conf_item_section(const struct conf_item *section, const char *name);
/* The next section of the same name after `section`; NULL: there is none. */
const struct conf_item *conf_item_next_section(const struct conf_item *section);

#endif

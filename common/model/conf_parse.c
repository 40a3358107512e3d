/* SPDX-License-Identifier: MIT */
/*
 * libconfuse 3.3 gives the grammar and nothing else: every option is a string to it, and each value and section is
 * taken from its callbacks as it comes.
 *
 * - It keeps no line of what it has read. A callback of a value sees the current line. A section's begin has none,
 *   but libconfuse parses the default of a list when it makes a section: each section has a hidden list, the callback
 *   of which is the section's begin. The control character in its name cannot be written in a file.
 * - It stops at an unknown name. The name is then put into the next attempt's options as what it seems to be, and the
 *   file is parsed again, and the same for what is inside an unknown section. (Its own flag for unknown names loses its
 *   way in a section within a section.)
 * - It merges repeated sections, replaces repeated options and looks a section's title up among all earlier ones. All
 *   of them are taken when they come, and a section is thrown away at its end, so that nothing is left to merge with
 *   or to search.
 * - Its lexer and ours here have no context argument: one parse at a time, under a mutex.
 */
#include "common/model/conf_parse.h"

#include <confuse.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BEGIN_OPTION "\001"

/* Names that are noted at most, those inside unknown sections included. */
#define UNKNOWN_MAX 256

/* An unknown name, and what it is taken for. */
struct unknown {
	const void *place; /* where it stood: a section of the schema, or another unknown */
	const char *name;
	enum unknown_form {
		UNKNOWN_OPTION,
		UNKNOWN_SECTION,
		UNKNOWN_TITLED_SECTION,
		UNKNOWN_HOPELESS,
	} form;
};

struct parser {
	struct arena *arena; /* emptied before each attempt */
	struct arena names;  /* of the unknown, kept over the attempts */
	struct conf_item *root;
	struct conf_item *current;
	struct unknown unknowns[UNKNOWN_MAX];
	size_t unknown_count;
	bool again; /* the unknown names have changed */
	bool no_memory;
	unsigned error_line;
	char error[256]; /* "" without one */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct parser *parser; /* under the mutex */

static struct unknown *find_unknown(const void *place, const char *name)
{
	for (size_t i = 0; i < parser->unknown_count; i++) {
		if (parser->unknowns[i].place == place && strcmp(parser->unknowns[i].name, name) == 0)
			return &parser->unknowns[i];
	}
	return NULL;
}

/* The section of the schema that an item is, or the unknown one. */
static const void *place_of(const struct conf_item *item, bool *ret_known)
{
	const struct schema_section *schema;
	const void *above;

	*ret_known = true;
	if (item->parent == NULL)
		return &schema_root;
	above = place_of(item->parent, ret_known);
	schema = *ret_known ? schema_find_section(above, item->name) : NULL;
	if (schema != NULL)
		return schema;
	*ret_known = false;
	return find_unknown(above, item->name);
}

static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	struct conf_item *item = parser->current->last_child;
	/* An assignment to a list frees what was in it, so that its first value is number one again. */
	bool first = (option->flags & CFGF_LIST) == 0 || option->nvalues == 1;

	if (first)
		item = conf_item_add(parser->arena, parser->current, option->name, NULL, (unsigned)cfg->line);
	if (item == NULL || conf_item_add_word(parser->arena, item, value, (unsigned)cfg->line) < 0) {
		parser->no_memory = true;
		return -1;
	}
	*(const char **)result = value;
	return 0;
}

static int on_begin(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	struct conf_item *item =
		conf_item_add(parser->arena, parser->current, cfg->name, cfg->title, (unsigned)cfg->line);

	(void)option;
	if (item == NULL) {
		parser->no_memory = true;
		return -1;
	}
	item->is_section = true;
	parser->current = item;
	*(const char **)result = value;
	return 0;
}

/* An empty list reaches no callback; it leaves the flag that the assignment has set and the first value takes away. */
static int note_empty_lists(const cfg_t *section)
{
	for (const cfg_opt_t *option = section->opts; option->name != NULL; option++) {
		if (option->type != CFGT_STR || (option->flags & CFGF_RESET) == 0 ||
			strcmp(option->name, BEGIN_OPTION) == 0)
			continue;
		if (conf_item_add(parser->arena, parser->current, option->name, NULL, parser->current->line) == NULL) {
			parser->no_memory = true;
			return -1;
		}
	}
	return 0;
}

static int on_end(cfg_t *cfg, cfg_opt_t *option)
{
	(void)cfg;
	assert(option->nvalues == 1);
	if (note_empty_lists(option->values[0]->section) < 0)
		return -1;
	parser->current = parser->current->parent;
	cfg_free_value(option);
	return 0;
}

static bool note_unknown(const char *name)
{
	bool known;
	const void *place = place_of(parser->current, &known);
	const char *copy;

	if (find_unknown(place, name) != NULL || parser->unknown_count == UNKNOWN_MAX)
		return false;
	copy = arena_strdup(&parser->names, name);
	if (copy == NULL) {
		parser->no_memory = true;
		return false;
	}
	parser->unknowns[parser->unknown_count++] = (struct unknown){place, copy, UNKNOWN_OPTION};
	return true;
}

/* The name was taken for something that it is not: try the next. */
static bool promote_unknown(const char *name, enum unknown_form from)
{
	bool known;
	struct unknown *unknown = find_unknown(place_of(parser->current, &known), name);

	if (unknown == NULL || unknown->form != from)
		return false;
	unknown->form++;
	return unknown->form != UNKNOWN_HOPELESS;
}

/* libconfuse's messages that we have a better word for, or an answer. */
enum complaint {
	COMPLAINT_UNKNOWN,
	COMPLAINT_NO_EQUAL_SIGN,
	COMPLAINT_NO_BRACE,
	COMPLAINT_NO_TITLE,
	COMPLAINT_TOKEN,
	COMPLAINT_END,
	COMPLAINT_CLOSING_BRACE,
	COMPLAINT_OTHER,
};

static const char *const complaint_formats[] = {
	[COMPLAINT_UNKNOWN] = "no such option '%s'",
	[COMPLAINT_NO_EQUAL_SIGN] = "missing equal sign after option '%s'",
	[COMPLAINT_NO_BRACE] = "missing opening brace for section '%s'",
	[COMPLAINT_NO_TITLE] = "missing title for section '%s'",
	[COMPLAINT_TOKEN] = "unexpected token '%s'",
	[COMPLAINT_END] = "premature end of file",
	[COMPLAINT_CLOSING_BRACE] = "unexpected closing brace",
};
static_assert(ARRAY_LEN(complaint_formats) == COMPLAINT_OTHER, "a row is missing");

static void complain(const char *format, ...) PRINTF_LIKE(1, 2);
static void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->error, sizeof parser->error, format, arguments);
	va_end(arguments);
}

/* `name` is the one in libconfuse's message; NULL where it has none. */
static void answer(enum complaint complaint, const char *name)
{
	switch (complaint) {
	case COMPLAINT_UNKNOWN:
		parser->again = note_unknown(name);
		complain("'%.64s' is not known here", name);
		break;
	case COMPLAINT_NO_EQUAL_SIGN:
		parser->again = promote_unknown(name, UNKNOWN_OPTION);
		complain("option '%.64s' has no '=' after it: write %.64s = VALUE", name, name);
		break;
	case COMPLAINT_NO_BRACE:
		parser->again = promote_unknown(name, UNKNOWN_SECTION);
		complain("section '%.64s' has no '{' where it should begin", name);
		break;
	case COMPLAINT_NO_TITLE:
		complain("section '%.64s' has no name: write %.64s NAME { ... }", name, name);
		break;
	case COMPLAINT_TOKEN:
		complain("'%.64s' does not belong here: a value with blanks or '=' must be quoted, those of a list "
			 "stand between { and } with commas",
			name);
		break;
	case COMPLAINT_END:
	case COMPLAINT_CLOSING_BRACE:
	case COMPLAINT_OTHER:
		break;
	}
}

static void on_error(cfg_t *cfg, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	enum complaint complaint = 0;
	char words[128];
	va_list names;

	if (parser->error[0] != '\0')
		return;
	parser->error_line = (unsigned)cfg->line;
	while (complaint < COMPLAINT_OTHER && strcmp(format, complaint_formats[complaint]) != 0)
		complaint++;
	if (complaint == COMPLAINT_END) {
		complain("the file ends in the middle of a section or an option: something is missing");
	} else if (complaint == COMPLAINT_CLOSING_BRACE) {
		complain("a '}' closes nothing: take it out");
	} else if (complaint == COMPLAINT_OTHER) {
		vsnprintf(words, sizeof words, format, arguments);
		complain("syntax error: %s", words);
	} else {
		va_copy(names, arguments);
		answer(complaint, va_arg(names, const char *));
		va_end(names);
	}
}

/* libconfuse copies the options at once, and writes to no name. */
static cfg_opt_t option_row(const char *name, bool list)
{
	return (cfg_opt_t){
		.name = (char *)(uintptr_t)name,
		.type = CFGT_STR,
		.flags = CFGF_NODEFAULT | (list ? CFGF_LIST : CFGF_NONE),
		.parsecb = on_value,
	};
}

static cfg_opt_t begin_row(void)
{
	return (cfg_opt_t){
		.name = (char *)(uintptr_t)BEGIN_OPTION,
		.type = CFGT_STR,
		.flags = CFGF_LIST,
		.def = {.parsed = (char *)(uintptr_t) "{begin}"},
		.parsecb = on_begin,
	};
}

static cfg_opt_t section_row(const char *name, bool titled, cfg_opt_t *options)
{
	return (cfg_opt_t){
		.name = (char *)(uintptr_t)name,
		.type = CFGT_SEC,
		.subopts = options,
		.flags = CFGF_MULTI | (titled ? CFGF_TITLE : CFGF_NONE),
		.validcb = on_end,
	};
}

static bool is_list(const struct schema_option *option)
{
	return option->type == SCHEMA_IPS || option->type == SCHEMA_ENDPOINTS || option->type == SCHEMA_PREFIXES ||
	       option->type == SCHEMA_SHARES || option->type == SCHEMA_TEXTS || option->type == SCHEMA_SERVER_NAMES;
}

static cfg_opt_t *section_rows(const void *place, const struct schema_section *section);

/* Adds a section's row at `*row`. False: out of memory. */
static bool add_section(
	cfg_opt_t **row, const char *name, bool titled, const void *place, const struct schema_section *section)
{
	cfg_opt_t *inner = section_rows(place, section);

	if (inner == NULL)
		return false;
	*(*row)++ = section_row(name, titled, inner);
	return true;
}

static bool add_unknown(cfg_opt_t **row, const struct unknown *unknown)
{
	if (unknown->form != UNKNOWN_OPTION)
		return add_section(row, unknown->name, unknown->form == UNKNOWN_TITLED_SECTION, unknown, NULL);
	*(*row)++ = option_row(unknown->name, true);
	return true;
}

/*
 * What may stand in `place`, as libconfuse wants it, ended by an empty row; `section` is NULL for an unknown one.
 * NULL: out of memory.
 */
static cfg_opt_t *section_rows(const void *place, const struct schema_section *section)
{
	static const struct schema_section nothing;
	const struct schema_section *known = section != NULL ? section : &nothing;
	size_t count = 1 + known->option_count + known->section_count + parser->unknown_count + 1;
	cfg_opt_t *rows = arena_alloc(parser->arena, count, sizeof *rows);
	cfg_opt_t *row = rows;

	if (rows == NULL)
		return NULL;
	if (section != &schema_root)
		*row++ = begin_row();
	for (size_t i = 0; i < known->option_count; i++)
		*row++ = option_row(known->options[i].name, is_list(&known->options[i]));
	for (size_t i = 0; i < known->section_count; i++) {
		const struct schema_section *inner = &known->sections[i];

		if (!add_section(&row, inner->name, inner->title != SCHEMA_TITLE_NONE, inner, inner))
			return NULL;
	}
	for (size_t i = 0; i < parser->unknown_count; i++) {
		if (parser->unknowns[i].place == place && !add_unknown(&row, &parser->unknowns[i]))
			return NULL;
	}
	return rows;
}

/* One attempt. The file's end within a value, which libconfuse takes for a success, cannot come: conf_scan saw it. */
static int parse_once(const char *content, size_t size)
{
	cfg_opt_t *rows;
	cfg_t *cfg;
	FILE *file;
	int r;

	arena_free(parser->arena);
	rows = section_rows(&schema_root, &schema_root);
	cfg = rows != NULL ? cfg_init(rows, CFGF_NONE) : NULL;
	parser->root = cfg != NULL ? conf_item_add(parser->arena, NULL, "", NULL, 1) : NULL;
	parser->current = parser->root;
	parser->again = false;
	parser->error[0] = '\0';
	file = size > 0 ? fmemopen((void *)(uintptr_t)content, size, "r") : NULL;
	if (parser->root == NULL || (size > 0 && file == NULL)) {
		if (file != NULL)
			fclose(file);
		cfg_free(cfg);
		return -ENOMEM;
	}
	cfg_set_error_function(cfg, on_error);
	r = file == NULL || cfg_parse_fp(cfg, file) == CFG_SUCCESS ? 0 : -EBADMSG;
	if (file != NULL)
		fclose(file);
	cfg_free(cfg);
	return parser->no_memory ? -ENOMEM : r;
}

int conf_parse_items(
	const char *content, size_t size, struct arena *arena, struct conf_errors *errors, struct conf_item **ret_root)
{
	struct parser own = {.arena = arena};
	/* libconfuse's messages are told apart by their text, which must not be translated. */
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t before;
	int r;

	if (plain == (locale_t)0)
		return -ENOMEM;
	pthread_mutex_lock(&mutex);
	before = uselocale(plain);
	parser = &own;
	do
		r = parse_once(content, size);
	while (r == -EBADMSG && own.again);
	parser = NULL;
	uselocale(before);
	pthread_mutex_unlock(&mutex);
	freelocale(plain);
	arena_free(&own.names);
	if (r == -EBADMSG)
		conf_error(errors, own.error_line, "%s", own.error[0] != '\0' ? own.error : "syntax error");
	if (r == 0 || r == -EBADMSG)
		*ret_root = own.root;
	return r;
}

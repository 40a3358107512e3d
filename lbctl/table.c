/* SPDX-License-Identifier: MIT */
#include "lbctl/table.h"

#include <string.h>

#define GAP 2
#define COLUMNS_MAX 16

/* ECMA-48, SGR. */
static const char *const style_codes[] = {
	[STYLE_PLAIN] = NULL,
	[STYLE_TITLE] = "1",
	[STYLE_GOOD] = "32",
	[STYLE_NOTE] = "33",
	[STYLE_BAD] = "1;31",
};
static_assert(ARRAY_LEN(style_codes) == STYLE_COUNT, "a row is missing");

/* What a daemon or a server said must not move the cursor. */
static void add_printable(struct text *out, const char *word)
{
	for (; *word != '\0'; word++)
		text_add_bytes(out, (unsigned char)*word < ' ' || *word == 127 ? "?" : word, 1);
}

void style_add(struct text *out, bool colour, enum style style, const char *word)
{
	const char *code = colour ? style_codes[style] : NULL;

	if (code != NULL)
		text_addf(out, "\033[%sm", code);
	add_printable(out, word);
	if (code != NULL)
		text_add(out, "\033[0m");
}

/* Characters, as far as UTF-8 tells: the bytes that continue none. */
static size_t width_of(const char *word)
{
	size_t width = 0;

	for (; *word != '\0'; word++)
		width += ((unsigned char)*word & 0xc0) != 0x80;
	return width;
}

struct table table_of(const struct column *columns, size_t count)
{
	assert(count <= COLUMNS_MAX);
	return (struct table){.columns = columns, .column_count = count};
}

static bool grow(struct table *table)
{
	size_t capacity = MAX((size_t)64, table->capacity * 2);
	struct cell *cells;

	if (table->count < table->capacity)
		return true;
	cells = reallocarray(table->cells, capacity, sizeof *cells);
	if (cells == NULL) {
		table->failed = true;
		return false;
	}
	table->cells = cells;
	table->capacity = capacity;
	return true;
}

void table_add(struct table *table, enum style style, const char *word)
{
	size_t offset = table->words.length;

	if (!grow(table))
		return;
	text_add(&table->words, *word != '\0' ? word : "-");
	text_add_bytes(&table->words, "", 1);
	table->failed |= table->words.failed;
	if (!table->failed)
		table->cells[table->count++] = (struct cell){offset, style};
}

void table_addf(struct table *table, enum style style, const char *format, ...)
{
	AUTO_TEXT word = {0};
	va_list arguments;

	va_start(arguments, format);
	text_addv(&word, format, arguments);
	va_end(arguments);
	table_add(table, style, text_get(&word));
}

static const char *cell_word(const struct table *table, size_t i)
{
	return table->words.data + table->cells[i].offset;
}

static void measure(const struct table *table, size_t widths[static COLUMNS_MAX])
{
	for (size_t column = 0; column < table->column_count; column++)
		widths[column] = width_of(table->columns[column].title);
	for (size_t i = 0; i < table->count; i++) {
		size_t *width = &widths[i % table->column_count];

		*width = MAX(*width, width_of(cell_word(table, i)));
	}
}

/* Nothing follows the last column, so it is padded on its left alone. */
static void write_cell(const struct table *table, size_t column, size_t width, bool colour, enum style style,
	const char *word, struct text *out)
{
	bool last = column + 1 == table->column_count;
	int padding = (int)(width - width_of(word));

	if (table->columns[column].right)
		text_addf(out, "%*s", padding, "");
	style_add(out, colour, style, word);
	if (!table->columns[column].right && !last)
		text_addf(out, "%*s", padding, "");
	text_addf(out, "%*s%s", last ? 0 : GAP, "", last ? "\n" : "");
}

void table_finish(struct table *table, bool colour, struct text *out)
{
	size_t widths[COLUMNS_MAX];
	size_t count = table->count - table->count % table->column_count;

	if (count > 0) {
		measure(table, widths);
		for (size_t i = 0; i < table->column_count; i++)
			write_cell(table, i, widths[i], colour, STYLE_TITLE, table->columns[i].title, out);
	}
	for (size_t i = 0; i < count; i++) {
		size_t column = i % table->column_count;

		write_cell(table, column, widths[column], colour, table->cells[i].style, cell_word(table, i), out);
	}
	out->failed |= table->failed;
	text_free(&table->words);
	free(table->cells);
	*table = (struct table){0};
}

/* SPDX-License-Identifier: MIT */
/* Tables with aligned columns, and words that stand out, for a terminal or a plain file. Does no I/O. */
#ifndef LBPAIR_LBCTL_TABLE_H
#define LBPAIR_LBCTL_TABLE_H

#include "common/pure/base.h"
#include "common/pure/text.h"

enum style {
	STYLE_PLAIN,
	STYLE_TITLE,
	STYLE_GOOD,
	STYLE_NOTE,
	STYLE_BAD,
	STYLE_COUNT,
};

/* Adds `word` as the terminal shows that style; without `colour` the word alone. Control characters become `?`. */
void style_add(struct text *out, bool colour, enum style style, const char *word);

struct column {
	const char *title;
	bool right; /* numbers */
};

struct cell {
	size_t offset; /* into `words` */
	enum style style;
};

/* Cells are added row by row; a row that is not full is left out. */
struct table {
	const struct column *columns;
	size_t column_count;
	struct text words;
	struct cell *cells;
	size_t count;
	size_t capacity;
	bool failed; /* out of memory: cells are missing */
};

/* `columns` stays the caller's. */
struct table table_of(const struct column *columns, size_t count);
void table_add(struct table *table, enum style style, const char *word);
void table_addf(struct table *table, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);
/* Writes the titles and the rows and frees the table; without a row it writes nothing. */
void table_finish(struct table *table, bool colour, struct text *out);

#endif

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_error.h"

void conf_error(struct conf_errors *errors, unsigned line, const char *format, ...)
{
	AUTO_TEXT text = {0};
	va_list arguments;
	const char *kept;

	if (errors->count++ >= CONF_ERRORS_MAX)
		return;
	va_start(arguments, format);
	text_addv(&text, format, arguments);
	va_end(arguments);
	kept = arena_strdup(errors->arena, text_get(&text));
	errors->kept[errors->count - 1] = (struct conf_error){
		.line = line,
		.place = errors->count,
		.text = kept != NULL && !text.failed ? kept : "out of memory",
	};
}

static int compare_errors(const void *a, const void *b)
{
	const struct conf_error *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

void conf_errors_print(struct conf_errors *errors, const char *name, struct text *out)
{
	size_t kept = MIN(errors->count, (size_t)CONF_ERRORS_MAX);

	qsort(errors->kept, kept, sizeof errors->kept[0], compare_errors);
	for (size_t i = 0; i < kept; i++)
		text_addf(out, "%s:%u: %s\n", name, errors->kept[i].line, errors->kept[i].text);
	if (errors->count > kept)
		text_addf(out, "%s: %zu more errors are not shown\n", name, errors->count - kept);
}

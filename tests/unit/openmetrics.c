/* SPDX-License-Identifier: MIT */
#include "tests/unit/openmetrics.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_ 128
#define LINE_MAX_ 4096
#define LABELS_MAX 16

struct family {
	char name[NAME_MAX_];
	char type[16];
	bool has_unit, has_help, has_samples;
};

struct reader {
	struct family now;
	char (*families)[NAME_MAX_]; /* all names so far */
	size_t family_count;
	char **series; /* all samples' names and labels so far */
	size_t series_count, series_room;
	unsigned line;
	char *fault;
};

static bool bad(struct reader *in, const char *format, ...) PRINTF_LIKE(2, 3);
static bool bad(struct reader *in, const char *format, ...)
{
	va_list arguments;
	int n = snprintf(in->fault, OPENMETRICS_FAULT_MAX, "line %u: ", in->line);

	va_start(arguments, format);
	vsnprintf(in->fault + n, OPENMETRICS_FAULT_MAX - (size_t)n, format, arguments);
	va_end(arguments);
	return false;
}

/* metricname = metricname-initial-char 0*metricname-char; a label's name has no colon. */
static size_t name_length(const char *text, bool colon)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || text[n] == '_' || (colon && text[n] == ':') ||
		(n > 0 && isdigit((unsigned char)text[n])))
		n++;
	return n;
}

static bool is_escaped(const char *text, bool quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' && quotes)
			return false;
		if (*text == '\\' && strchr("\\\"n", *++text) == NULL)
			return false;
		if (*text == '\0')
			return false;
	}
	return true;
}

static bool read_type(struct reader *in, const char *name, const char *rest)
{
	static const char *const types[] = {"counter", "gauge", "stateset", "info"};

	for (size_t i = 0; i < in->family_count; i++) {
		if (strcmp(in->families[i], name) == 0)
			return bad(in, "family %s comes again", name);
	}
	in->families = reallocarray(in->families, in->family_count + 1, sizeof *in->families);
	snprintf(in->families[in->family_count++], NAME_MAX_, "%s", name);
	in->now = (struct family){0};
	snprintf(in->now.name, sizeof in->now.name, "%s", name);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(rest, types[i]) == 0) {
			snprintf(in->now.type, sizeof in->now.type, "%s", rest);
			return true;
		}
	}
	return bad(in, "type %s is not known", rest);
}

static bool read_unit(struct reader *in, const char *rest)
{
	size_t name = strlen(in->now.name), unit = strlen(rest);

	if (in->now.has_unit)
		return bad(in, "a second unit");
	in->now.has_unit = true;
	if (unit == 0 || name <= unit + 1 || in->now.name[name - unit - 1] != '_' ||
		strcmp(in->now.name + name - unit, rest) != 0)
		return bad(in, "%s does not end with its unit %s", in->now.name, rest);
	if (strcmp(in->now.type, "stateset") == 0 || strcmp(in->now.type, "info") == 0)
		return bad(in, "a %s has no unit", in->now.type);
	return true;
}

static bool read_help(struct reader *in, const char *rest)
{
	if (in->now.has_help)
		return bad(in, "a second help");
	in->now.has_help = true;
	return is_escaped(rest, false) || bad(in, "the help text is not escaped");
}

/* "# TYPE name rest" */
static bool read_metadata(struct reader *in, const char *text)
{
	char word[8], name[NAME_MAX_];
	int at = 0;

	if (sscanf(text, "# %7[A-Z] %127s%n", word, name, &at) != 2 || text[at] != ' ' ||
		name_length(name, true) != strlen(name))
		return bad(in, "no metadata");
	if (strcmp(word, "TYPE") == 0)
		return read_type(in, name, text + at + 1);
	if (strcmp(in->now.name, name) != 0)
		return bad(in, "%s of %s stands with %s", word, name, in->now.name);
	if (in->now.has_samples)
		return bad(in, "%s behind samples", word);
	if (strcmp(word, "UNIT") == 0)
		return read_unit(in, text + at + 1);
	if (strcmp(word, "HELP") == 0)
		return read_help(in, text + at + 1);
	return bad(in, "# %s is not known", word);
}

struct labels {
	char names[LABELS_MAX][NAME_MAX_];
	size_t count;
};

/* From behind the brace; NULL: a fault. */
static const char *read_labels(struct reader *in, const char *text, struct labels *labels)
{
	while (*text != '}') {
		size_t name = name_length(text, false);
		const char *value = text + name + 2;

		if (name == 0 || name >= NAME_MAX_ || text[name] != '=' || text[name + 1] != '"' ||
			labels->count == LABELS_MAX)
			return bad(in, "no label: %.40s", text), NULL;
		snprintf(labels->names[labels->count++], NAME_MAX_, "%.*s", (int)name, text);
		for (size_t i = 0; i + 1 < labels->count; i++) {
			if (strcmp(labels->names[i], labels->names[labels->count - 1]) == 0)
				return bad(in, "label %s twice", labels->names[i]), NULL;
		}
		while (*value != '"') {
			if (*value == '\\' && strchr("\\\"n", value[1]) == NULL)
				return bad(in, "not an escape: %.2s", value), NULL;
			if (*value == '\0' || (*value == '\\' && value[1] == '\0'))
				return bad(in, "a label's value has no end"), NULL;
			value += *value == '\\' ? 2 : 1;
		}
		text = value + 1;
		if (*text == ',' && text[1] != '}')
			text++;
		else if (*text != '}')
			return bad(in, "no comma between labels"), NULL;
	}
	return text + 1;
}

static bool check_name(struct reader *in, const char *name)
{
	const char *suffix = strcmp(in->now.type, "counter") == 0 ? "_total"
			     : strcmp(in->now.type, "info") == 0  ? "_info"
								  : "";
	char right[NAME_MAX_ + 8];

	snprintf(right, sizeof right, "%s%s", in->now.name, suffix);
	return strcmp(name, right) == 0 || bad(in, "sample %s, not %s", name, right);
}

static bool check_value(struct reader *in, const char *text, const struct labels *labels)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || isspace((unsigned char)*text))
		return bad(in, "'%s' is no value", text);
	if (strcmp(in->now.type, "counter") == 0 && !(value >= 0))
		return bad(in, "a counter of %s", text);
	if (strcmp(in->now.type, "info") == 0 && strcmp(text, "1") != 0)
		return bad(in, "an info of %s", text);
	if (strcmp(in->now.type, "stateset") != 0)
		return true;
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return bad(in, "a state of %s", text);
	for (size_t i = 0; i < labels->count; i++) {
		if (strcmp(labels->names[i], in->now.name) == 0)
			return true;
	}
	return bad(in, "a state without its label");
}

static bool read_sample(struct reader *in, const char *text)
{
	size_t length = name_length(text, true);
	struct labels labels = {0};
	char name[NAME_MAX_];
	const char *at = text + length;

	if (length == 0 || length >= sizeof name)
		return bad(in, "no sample: %.40s", text);
	snprintf(name, sizeof name, "%.*s", (int)length, text);
	if (!check_name(in, name))
		return false;
	if (*at == '{') {
		at = read_labels(in, at + 1, &labels);
		if (at == NULL)
			return false;
	}
	if (*at != ' ')
		return bad(in, "no blank before the value");
	in->now.has_samples = true;
	if (in->series_count == in->series_room) {
		in->series_room = in->series_room * 2 + 64;
		in->series = reallocarray(in->series, in->series_room, sizeof *in->series);
	}
	in->series[in->series_count++] = strndup(text, (size_t)(at - text));
	return check_value(in, at + 1, &labels);
}

static bool read_line(struct reader *in, const char *text)
{
	if (*text == '\0')
		return bad(in, "an empty line");
	return *text == '#' ? read_metadata(in, text) : read_sample(in, text);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_no_twins(struct reader *in)
{
	qsort(in->series, in->series_count, sizeof *in->series, compare);
	for (size_t i = 1; i < in->series_count; i++) {
		if (strcmp(in->series[i - 1], in->series[i]) == 0)
			return bad(in, "%.150s comes twice", in->series[i]);
	}
	return true;
}

static bool read_page(struct reader *in, const char *page)
{
	char line[LINE_MAX_];

	for (;;) {
		size_t length = strcspn(page, "\n");

		in->line++;
		if (page[length] == '\0')
			return bad(in, "no end of line, or no # EOF");
		if (length >= sizeof line)
			return bad(in, "a line too long");
		memcpy(line, page, length);
		line[length] = '\0';
		page += length + 1;
		if (strcmp(line, "# EOF") == 0)
			return *page == '\0' ? has_no_twins(in) : bad(in, "something behind # EOF");
		if (!read_line(in, line))
			return false;
	}
}

bool openmetrics_is_good(const char *page, char fault[static OPENMETRICS_FAULT_MAX])
{
	struct reader in = {.fault = fault};
	bool good = read_page(&in, page);

	for (size_t i = 0; i < in.series_count; i++)
		free(in.series[i]);
	free(in.series);
	free(in.families);
	return good;
}

int openmetrics_value(const char *page, const char *sample, double *ret_value)
{
	size_t length = strlen(sample);

	for (const char *line = page; line != NULL && *line != '\0';) {
		if (strncmp(line, sample, length) == 0 && line[length] == ' ') {
			*ret_value = strtod(line + length + 1, NULL);
			return 0;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return -ENOENT;
}

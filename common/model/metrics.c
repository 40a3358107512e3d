/* SPDX-License-Identifier: MIT */
#include "common/model/metrics.h"

#include "common/pure/arena.h"
#include "common/pure/mono.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A thing with its sample behind it. */
struct thing {
	struct thing *next;
	const char *labels; /* as they are written: pool="blue",server="app1"; "": none */
	max_align_t sample[];
};

struct things {
	struct thing *first;
	struct thing **last;
};

struct metric_set {
	struct arena arena;
	const struct metric_group *groups;
	size_t group_count;
	struct things *things; /* by group */
};

const char *metric_type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_STATE:
		return "stateset";
	case METRIC_INFO:
		return "info";
	case METRIC_TYPE_COUNT:
		break;
	}
	abort();
}

const char *metric_suffix(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	case METRIC_GAUGE:
	case METRIC_STATE:
		return "";
	case METRIC_TYPE_COUNT:
		break;
	}
	abort();
}

const char *metric_own_label(const struct metric_row *row)
{
	/* "Each State's sample MUST have a label with the MetricFamily name as the label name." */
	return row->type == METRIC_STATE ? row->name : row->label;
}

/* The set. */

int metric_set_new(const struct metric_group *groups, size_t count, struct metric_set **ret_set)
{
	struct metric_set *set = calloc(1, sizeof *set);

	if (set == NULL)
		return -ENOMEM;
	set->groups = groups;
	set->group_count = count;
	set->things = arena_alloc(&set->arena, count, sizeof *set->things);
	if (set->things == NULL) {
		metric_set_free(set);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		set->things[i].last = &set->things[i].first;
	*ret_set = set;
	return 0;
}

void metric_set_free(struct metric_set *set)
{
	if (set == NULL)
		return;
	arena_free(&set->arena);
	free(set);
}

/* Label values and help texts are escaped alike but for the quotes; in a help text they do no harm. */
static void add_escaped(const char *text, struct text *out)
{
	for (size_t plain; *text != '\0'; text += plain) {
		plain = strcspn(text, "\\\"\n");
		text_add_bytes(out, text, plain);
		if (text[plain] != '\0') {
			text_add(out, text[plain] == '\n' ? "\\n" : text[plain] == '"' ? "\\\"" : "\\\\");
			plain++;
		}
	}
}

static void add_label(const char *name, const char *value, struct text *out)
{
	text_addf(out, "%s=\"", name);
	add_escaped(value, out);
	text_add(out, "\"");
}

void *metric_set_add(struct metric_set *set, size_t group, const char *const *values)
{
	const struct metric_group *of = &set->groups[group];
	struct thing *thing = arena_alloc(&set->arena, 1, sizeof *thing + of->size);
	AUTO_TEXT labels = {0};

	for (size_t i = 0; of->labels[i] != NULL; i++) {
		text_add(&labels, i > 0 ? "," : "");
		add_label(of->labels[i], values[i], &labels);
	}
	if (thing == NULL || labels.failed)
		return NULL;
	thing->labels = arena_strdup(&set->arena, text_get(&labels));
	if (thing->labels == NULL)
		return NULL;
	*set->things[group].last = thing;
	set->things[group].last = &thing->next;
	return thing->sample;
}

const char *metric_set_text(struct metric_set *set, const char *text)
{
	return arena_strdup(&set->arena, text);
}

/* Writing. */

static const void *field_of(const struct metric_row *row, const struct thing *thing)
{
	return (const char *)thing->sample + row->offset;
}

/* `word` NULL: the row has no label of its own. */
static void add_sample(const struct metric_row *row, const struct thing *thing, const char *word, struct text *out)
{
	bool has_labels = *thing->labels != '\0';

	text_addf(out, "%s%s", row->name, metric_suffix(row->type));
	if (!has_labels && word == NULL) {
		text_add(out, " ");
		return;
	}
	text_addf(out, "{%s%s", thing->labels, has_labels && word != NULL ? "," : "");
	if (word != NULL)
		add_label(metric_own_label(row), word, out);
	text_add(out, "} ");
}

static void add_number(
	const struct metric_row *row, const struct thing *thing, const char *word, uint64_t number, struct text *out)
{
	add_sample(row, thing, word, out);
	text_addf(out, "%" PRIu64 "\n", number);
}

static void add_numbers(const struct metric_row *row, const struct thing *thing, struct text *out)
{
	const uint64_t *numbers = field_of(row, thing);

	if (row->word_count == 0)
		add_number(row, thing, NULL, *numbers, out);
	for (size_t i = 0; i < row->word_count; i++)
		add_number(row, thing, row->word(i), numbers[i], out);
}

static void add_span(const struct metric_row *row, const struct thing *thing, struct text *out)
{
	int64_t ns = *(const int64_t *)field_of(row, thing);

	if (ns < 0)
		return;
	add_sample(row, thing, NULL, out);
	text_addf(out, "%" PRId64 ".%09" PRId64 "\n", ns / NS_PER_S, ns % NS_PER_S);
}

static void add_moment(const struct metric_row *row, const struct thing *thing, struct text *out)
{
	int64_t at = *(const int64_t *)field_of(row, thing);

	if (at == 0)
		return;
	add_sample(row, thing, NULL, out);
	text_addf(out, "%" PRId64 "\n", at);
}

static void add_words(const struct metric_row *row, const struct thing *thing, struct text *out)
{
	unsigned which = *(const unsigned *)field_of(row, thing);

	for (size_t i = 0; i < row->word_count; i++)
		add_number(row, thing, row->word(i), i == which, out);
}

static void add_text(const struct metric_row *row, const struct thing *thing, struct text *out)
{
	const char *text = *(const char *const *)field_of(row, thing);

	if (text != NULL)
		add_number(row, thing, text, 1, out);
}

static void add_thing(const struct metric_row *row, const struct thing *thing, struct text *out)
{
	switch (row->form) {
	case METRIC_NUMBER:
		add_numbers(row, thing, out);
		return;
	case METRIC_YES_NO:
		add_number(row, thing, NULL, *(const bool *)field_of(row, thing), out);
		return;
	case METRIC_SPAN:
		add_span(row, thing, out);
		return;
	case METRIC_MOMENT:
		add_moment(row, thing, out);
		return;
	case METRIC_INDEX:
		add_words(row, thing, out);
		return;
	case METRIC_TEXT:
		add_text(row, thing, out);
		return;
	case METRIC_FORM_COUNT:
		break;
	}
	abort();
}

static void add_heading(const struct metric_row *row, struct text *out)
{
	text_addf(out, "# TYPE %s %s\n", row->name, metric_type_name(row->type));
	if (row->unit != NULL)
		text_addf(out, "# UNIT %s %s\n", row->name, row->unit);
	text_addf(out, "# HELP %s ", row->name);
	add_escaped(row->help, out);
	text_add(out, "\n");
}

static void write_next(struct metric_writer *writer, struct text *out)
{
	const struct metric_set *set = writer->set;
	const struct metric_group *group = &set->groups[writer->group];
	const struct thing *thing = writer->next;

	if (thing == NULL && set->things[writer->group].first != NULL) {
		thing = set->things[writer->group].first;
		add_heading(&group->rows[writer->row], out);
	}
	if (thing != NULL)
		add_thing(&group->rows[writer->row], thing, out);
	writer->next = thing != NULL ? thing->next : NULL;
	if (writer->next == NULL && ++writer->row == group->row_count) {
		writer->row = 0;
		writer->group++;
	}
}

bool metric_writer_go_on(struct metric_writer *writer, size_t size, struct text *out)
{
	size_t enough = out->length + size;

	while (writer->group < writer->set->group_count && out->length < enough && !out->failed)
		write_next(writer, out);
	return writer->group < writer->set->group_count;
}

void metric_end_page(struct text *out)
{
	text_add(out, "# EOF\n");
}

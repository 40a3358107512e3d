/* SPDX-License-Identifier: MIT */
#include "common/model/metrics_doc.h"

static void add_labels(const struct metric_group *group, struct text *out)
{
	if (group->labels[0] == NULL)
		return;
	text_add(out, " Labels: ");
	for (size_t i = 0; group->labels[i] != NULL; i++)
		text_addf(out, "%s`%s`", i > 0 ? ", " : "", group->labels[i]);
	text_add(out, ".");
}

static void add_own_label(const struct metric_row *row, struct text *out)
{
	if (metric_own_label(row) == NULL)
		return;
	text_addf(out, " Label `%s`", metric_own_label(row));
	for (size_t i = 0; i < row->word_count; i++)
		text_addf(out, "%s`%s`", i > 0 ? ", " : ": ", row->word(i));
	text_add(out, ".");
}

static void add_row(const struct metric_row *row, struct text *out)
{
	text_addf(out, "| `%s%s` | %s | %s | %s", row->name, metric_suffix(row->type), metric_type_name(row->type),
		row->unit != NULL ? row->unit : "", row->help);
	add_own_label(row, out);
	text_add(out, " |\n");
}

void metrics_reference(const struct metric_group *groups, size_t count, struct text *out)
{
	for (size_t i = 0; i < count; i++) {
		text_addf(out, "\n## %s\n\n%s", groups[i].name, groups[i].help);
		add_labels(&groups[i], out);
		text_add(out, "\n\n| metric | type | unit | meaning |\n|---|---|---|---|\n");
		for (size_t j = 0; j < groups[i].row_count; j++)
			add_row(&groups[i].rows[j], out);
	}
}

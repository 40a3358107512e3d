/* SPDX-License-Identifier: MIT */
/*
 * Metrics: a small table written out, the strict reader that later tests trust, and what each of lbd's rows must keep.
 */
#include "common/model/metrics.h"

#include "tests/unit/openmetrics.h"
#include "tests/unit/page.h"
#include "tests/unit/unit.h"

#include "lbd/metric_page.h"
#include "lbd/metric_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Writing. */

struct door {
	uint64_t passed;
	uint64_t turned[2];
	bool open;
	int64_t took_ns;
	int64_t built_s;
	unsigned colour;
	const char *maker;
};

static const char *reason(size_t i)
{
	return i == 0 ? "late" : "loud";
}

static const char *colour(size_t i)
{
	return i == 0 ? "red" : "green";
}

static const struct metric_row door_rows[] = {
	{"door_passed", METRIC_COUNTER, METRIC_NUMBER, METRIC_FIELD(struct door, passed), .help = "Guests."},
	{"door_turned", METRIC_COUNTER, METRIC_NUMBER, METRIC_FIELD(struct door, turned), .label = "reason",
		METRIC_WORDS(reason, 2), .help = "Not \"guests\"\n\\."},
	{"door_open", METRIC_GAUGE, METRIC_YES_NO, METRIC_FIELD(struct door, open), .help = "Whether."},
	{"door_took_seconds", METRIC_GAUGE, METRIC_SPAN, METRIC_FIELD(struct door, took_ns), .unit = "seconds",
		.help = "How long."},
	{"door_built_seconds", METRIC_GAUGE, METRIC_MOMENT, METRIC_FIELD(struct door, built_s), .unit = "seconds",
		.help = "When."},
	{"door_colour", METRIC_STATE, METRIC_INDEX, METRIC_FIELD(struct door, colour), METRIC_WORDS(colour, 2),
		.help = "Paint."},
	{"door", METRIC_INFO, METRIC_TEXT, METRIC_FIELD(struct door, maker), .label = "maker", .help = "Who."},
};

static const struct metric_row house_rows[] = {
	{"house_doors", METRIC_GAUGE, METRIC_NUMBER, METRIC_FIELD(struct door, passed), .help = "How many."},
};

enum {
	HOUSE,
	DOOR,
	WINDOW,
};

static const struct metric_group house[] = {
	[HOUSE] = {"House", .size = sizeof(struct door), .rows = house_rows, .row_count = ARRAY_LEN(house_rows)},
	[DOOR] = {"Doors", {"house", "door"}, .size = sizeof(struct door), .rows = door_rows,
		.row_count = ARRAY_LEN(door_rows)},
	/* Nothing of it is ever there. */
	[WINDOW] = {"Windows", {"window"}, .size = sizeof(struct door), .rows = house_rows,
		.row_count = ARRAY_LEN(house_rows)},
};

static const char house_page[] = "# TYPE house_doors gauge\n"
				 "# HELP house_doors How many.\n"
				 "house_doors 2\n"
				 "# TYPE door_passed counter\n"
				 "# HELP door_passed Guests.\n"
				 "door_passed_total{house=\"a\\\\\\\"b\\n\",door=\"front\"} 18446744073709551615\n"
				 "door_passed_total{house=\"a\",door=\"back\"} 0\n"
				 "# TYPE door_turned counter\n"
				 "# HELP door_turned Not \\\"guests\\\"\\n\\\\.\n"
				 "door_turned_total{house=\"a\\\\\\\"b\\n\",door=\"front\",reason=\"late\"} 3\n"
				 "door_turned_total{house=\"a\\\\\\\"b\\n\",door=\"front\",reason=\"loud\"} 4\n"
				 "door_turned_total{house=\"a\",door=\"back\",reason=\"late\"} 0\n"
				 "door_turned_total{house=\"a\",door=\"back\",reason=\"loud\"} 0\n"
				 "# TYPE door_open gauge\n"
				 "# HELP door_open Whether.\n"
				 "door_open{house=\"a\\\\\\\"b\\n\",door=\"front\"} 1\n"
				 "door_open{house=\"a\",door=\"back\"} 0\n"
				 "# TYPE door_took_seconds gauge\n"
				 "# UNIT door_took_seconds seconds\n"
				 "# HELP door_took_seconds How long.\n"
				 "door_took_seconds{house=\"a\\\\\\\"b\\n\",door=\"front\"} 1.000000002\n"
				 "# TYPE door_built_seconds gauge\n"
				 "# UNIT door_built_seconds seconds\n"
				 "# HELP door_built_seconds When.\n"
				 "door_built_seconds{house=\"a\\\\\\\"b\\n\",door=\"front\"} 1800000000\n"
				 "# TYPE door_colour stateset\n"
				 "# HELP door_colour Paint.\n"
				 "door_colour{house=\"a\\\\\\\"b\\n\",door=\"front\",door_colour=\"red\"} 0\n"
				 "door_colour{house=\"a\\\\\\\"b\\n\",door=\"front\",door_colour=\"green\"} 1\n"
				 "door_colour{house=\"a\",door=\"back\",door_colour=\"red\"} 1\n"
				 "door_colour{house=\"a\",door=\"back\",door_colour=\"green\"} 0\n"
				 "# TYPE door info\n"
				 "# HELP door Who.\n"
				 "door_info{house=\"a\\\\\\\"b\\n\",door=\"front\",maker=\"me\"} 1\n"
				 "# EOF\n";

static struct metric_set *build_house(void)
{
	const char *const front[] = {"a\\\"b\n", "front"}, *const back[] = {"a", "back"};
	struct metric_set *set;
	struct door *door;

	assert_int_equal(metric_set_new(house, ARRAY_LEN(house), &set), 0);
	door = metric_set_add(set, HOUSE, NULL);
	assert_non_null(door);
	door->passed = 2;
	door = metric_set_add(set, DOOR, front);
	assert_non_null(door);
	*door = (struct door){UINT64_MAX, {3, 4}, true, 1000000002, 1800000000, 1, metric_set_text(set, "me")};
	door = metric_set_add(set, DOOR, back);
	assert_non_null(door);
	door->took_ns = -1;
	return set;
}

static void rows_are_written_as_openmetrics(void **state)
{
	struct metric_set *set = build_house();
	char fault[OPENMETRICS_FAULT_MAX] = "";
	double value;

	(void)state;
	/* In pieces of any size it is the same page. */
	for (size_t size = 1; size < 4096; size += size / 2 + 1) {
		struct metric_writer writer = {.set = set};
		AUTO_TEXT page = {0};

		while (metric_writer_go_on(&writer, size, &page))
			;
		assert_false(metric_writer_go_on(&writer, size, &page));
		metric_end_page(&page);
		assert_string_equal(text_get(&page), house_page);
	}
	metric_set_free(set);
	if (!openmetrics_is_good(house_page, fault))
		fail_msg("%s", fault);
	assert_int_equal(openmetrics_value(house_page, "door_passed_total{house=\"a\",door=\"back\"}", &value), 0);
	assert_int_equal((int)value, 0);
	assert_int_equal(openmetrics_value(house_page, "house_doors", &value), 0);
	assert_int_equal((int)value, 2);
	assert_int_equal(openmetrics_value(house_page, "house_door", &value), -ENOENT);
}

static void an_empty_set_is_nothing(void **state)
{
	struct metric_writer writer = {0};
	struct metric_set *set;
	AUTO_TEXT page = {0};

	(void)state;
	assert_int_equal(metric_set_new(house, ARRAY_LEN(house), &set), 0);
	writer.set = set;
	assert_false(metric_writer_go_on(&writer, 1, &page));
	assert_string_equal(text_get(&page), "");
	metric_set_free(set);
}

/* The reader: each of these breaks one rule. */

static void bad_pages_are_refused(void **state)
{
	static const struct {
		const char *page;
		const char *fault;
	} cases[] = {
		{"", "line 1: no end of line"},
		{"# TYPE a gauge\na 1\n", "line 3: no end of line"},
		{"# EOF\n\n", "line 1: something behind"},
		{"# TYPE a gauge\n\na 1\n# EOF\n", "line 2: an empty line"},
		{"# TYPE a gauge\na 1\n# TYPE b gauge\n# TYPE a gauge\n# EOF\n", "line 4: family a comes again"},
		{"# TYPE a gouge\n# EOF\n", "line 1: type gouge"},
		{"# TYPE 1a gauge\n# EOF\n", "line 1: no metadata"},
		{"# HELP a b\n# EOF\n", "line 1: HELP of a stands with "},
		{"# TYPE a gauge\n# HELP a b\n# HELP a b\n# EOF\n", "line 3: a second help"},
		{"# TYPE a gauge\n# HELP a \\x\n# EOF\n", "line 2: the help text"},
		{"# TYPE a gauge\na 1\n# HELP a b\n# EOF\n", "line 3: HELP behind samples"},
		{"# TYPE a_meters gauge\n# UNIT a_meters seconds\n# EOF\n", "line 2: a_meters does not end"},
		{"# TYPE a_seconds info\n# UNIT a_seconds seconds\n# EOF\n", "line 2: a info has no unit"},
		{"# TYPE a gauge\n# NOTE a b\n# EOF\n", "line 2: # NOTE"},
		{"a 1\n# EOF\n", "line 1: sample a, not "},
		{"# TYPE a counter\na 1\n# EOF\n", "line 2: sample a, not a_total"},
		{"# TYPE a info\na 1\n# EOF\n", "line 2: sample a, not a_info"},
		{"# TYPE a counter\na_total -1\n# EOF\n", "line 2: a counter of -1"},
		{"# TYPE a info\na_info 2\n# EOF\n", "line 2: an info of 2"},
		{"# TYPE a stateset\na{a=\"x\"} 2\n# EOF\n", "line 2: a state of 2"},
		{"# TYPE a stateset\na{b=\"x\"} 1\n# EOF\n", "line 2: a state without its label"},
		{"# TYPE a gauge\na  1\n# EOF\n", "line 2: ' 1' is no value"},
		{"# TYPE a gauge\na one\n# EOF\n", "line 2: 'one' is no value"},
		{"# TYPE a gauge\na 1 \n# EOF\n", "line 2: '1 ' is no value"},
		{"# TYPE a gauge\na{b=\"c} 1\n# EOF\n", "line 2: a label's value has no end"},
		{"# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n", "line 2: not an escape"},
		{"# TYPE a gauge\na{b=\"c\",} 1\n# EOF\n", "line 2: no comma between labels"},
		{"# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n# EOF\n", "line 2: label b twice"},
		{"# TYPE a gauge\na{b=\"c\"}1\n# EOF\n", "line 2: no blank before"},
		{"# TYPE a gauge\na{b:c=\"c\"} 1\n# EOF\n", "line 2: no label"},
		{"# TYPE a gauge\na{b=\"c\"} 1\na{b=\"d\"} 1\na{b=\"c\"} 2\n# EOF\n", "line 5: a{b=\"c\"} comes twice"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char fault[OPENMETRICS_FAULT_MAX] = "";

		assert_false(openmetrics_is_good(cases[i].page, fault));
		if (strncmp(fault, cases[i].fault, strlen(cases[i].fault)) != 0)
			fail_msg("case %zu: %s", i, fault);
	}
}

/* lbd's rows. */

typedef void visit_fn(const struct metric_group *group, const struct metric_row *row);

static void walk(visit_fn *visit)
{
	for (size_t i = 0; i < METRIC_GROUP_COUNT; i++) {
		for (size_t j = 0; j < metric_groups[i].row_count; j++)
			visit(&metric_groups[i], &metric_groups[i].rows[j]);
	}
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && strcmp(name + length - tail, end) == 0;
}

static void has_a_good_name(const struct metric_group *group, const struct metric_row *row)
{
	static const char *const kept[] = {"_total", "_info", "_created", "_count", "_sum", "_bucket"};

	(void)group;
	assert_true(strncmp(row->name, "lbd_", 4) == 0 || strncmp(row->name, "process_", 8) == 0 ||
		    strcmp(row->name, "lbd") == 0);
	assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->name));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		assert_false(ends_with(row->name, kept[i]));
	/* The unit is told wherever the name ends with one. */
	if (ends_with(row->name, "_seconds") || ends_with(row->name, "_bytes"))
		assert_non_null(row->unit);
	if (row->form == METRIC_SPAN || row->form == METRIC_MOMENT)
		assert_string_equal(row->unit, "seconds");
	if (row->unit != NULL) {
		assert_true(ends_with(row->name, row->unit));
		assert_true(row->type == METRIC_COUNTER || row->type == METRIC_GAUGE);
	}
}

static void has_help(const struct metric_group *group, const struct metric_row *row)
{
	size_t length = strlen(row->help);

	(void)group;
	assert_true(length > 8);
	assert_int_equal(row->help[length - 1], '.');
	assert_null(strchr(row->help, '\n'));
	/* It stands in a table of Markdown. */
	assert_null(strchr(row->help, '|'));
}

static void has_a_field_of_its_form(const struct metric_group *group, const struct metric_row *row)
{
	static const size_t sizes[] = {
		[METRIC_NUMBER] = sizeof(uint64_t),
		[METRIC_YES_NO] = sizeof(bool),
		[METRIC_SPAN] = sizeof(int64_t),
		[METRIC_MOMENT] = sizeof(int64_t),
		[METRIC_INDEX] = sizeof(unsigned),
		[METRIC_TEXT] = sizeof(const char *),
	};
	size_t count = row->form == METRIC_NUMBER && row->word_count > 0 ? row->word_count : 1;

	static_assert(ARRAY_LEN(sizes) == METRIC_FORM_COUNT, "a row is missing");
	assert_int_equal(row->size, count * sizes[row->form]);
	assert_true(row->offset + row->size <= group->size);
	/* No two rows tell the same field. */
	for (const struct metric_row *other = group->rows; other < row; other++)
		assert_true(other->offset + other->size <= row->offset || row->offset + row->size <= other->offset);
}

static void has_words_where_it_needs_them(const struct metric_group *group, const struct metric_row *row)
{
	const char *own = metric_own_label(row);

	assert_int_equal(row->type == METRIC_STATE, row->form == METRIC_INDEX);
	assert_int_equal(row->type == METRIC_INFO, row->form == METRIC_TEXT);
	if (row->type == METRIC_STATE)
		assert_true(row->word_count > 1 && row->label == NULL);
	else if (row->type == METRIC_INFO)
		assert_true(row->word_count == 0 && row->label != NULL);
	else
		assert_int_equal(row->word_count > 0, row->label != NULL);
	for (size_t i = 0; i < row->word_count; i++)
		assert_true(row->word(i) != NULL && *row->word(i) != '\0');
	for (size_t i = 0; own != NULL && group->labels[i] != NULL; i++)
		assert_string_not_equal(own, group->labels[i]);
}

static void each_row_keeps_the_contract(void **state)
{
	(void)state;
	walk(has_a_good_name);
	walk(has_help);
	walk(has_a_field_of_its_form);
	walk(has_words_where_it_needs_them);
}

/* With all groups there, twice: names that clash, and what the output's rules forbid, would show. */
static void a_page_of_all_rows_is_good(void **state)
{
	struct metric_writer writer = {0};
	char fault[OPENMETRICS_FAULT_MAX] = "";
	struct metric_set *set;
	AUTO_TEXT page = {0};

	(void)state;
	assert_int_equal(metric_set_new(metric_groups, METRIC_GROUP_COUNT, &set), 0);
	for (size_t i = 0; i < METRIC_GROUP_COUNT; i++) {
		const char *const values[][METRIC_LABELS_MAX] = {{"a", "a", "a", "a"}, {"b", "a", "a", "a"}};

		assert_non_null(metric_set_add(set, i, values[0]));
		if (metric_groups[i].labels[0] != NULL)
			assert_non_null(metric_set_add(set, i, values[1]));
	}
	writer.set = set;
	while (metric_writer_go_on(&writer, 100, &page))
		;
	metric_end_page(&page);
	metric_set_free(set);
	if (!openmetrics_is_good(text_get(&page), fault))
		fail_msg("%s", fault);
	for (size_t i = 0; i < METRIC_GROUP_COUNT; i++) {
		for (size_t j = 0; j < metric_groups[i].row_count; j++) {
			char line[160];

			snprintf(line, sizeof line, "# TYPE %s %s\n", metric_groups[i].rows[j].name,
				metric_type_name(metric_groups[i].rows[j].type));
			assert_non_null(strstr(text_get(&page), line));
		}
	}
}

static void the_page_is_current(void **state)
{
	AUTO_TEXT page = {0};

	(void)state;
	metric_page(&page);
	assert_page_is_current("doc/metrics.md", &page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_written_as_openmetrics),
		cmocka_unit_test(an_empty_set_is_nothing),
		cmocka_unit_test(bad_pages_are_refused),
		cmocka_unit_test(each_row_keeps_the_contract),
		cmocka_unit_test(a_page_of_all_rows_is_good),
		cmocka_unit_test(the_page_is_current),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

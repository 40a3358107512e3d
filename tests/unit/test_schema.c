/* SPDX-License-Identifier: MIT */
/* What every row of the schema must keep: these tests walk the table, so that a new row is tested at once. */
#include "common/model/schema.h"

#include "tests/unit/page.h"
#include "tests/unit/unit.h"

#include "common/model/conf_value.h"
#include "common/model/schema_doc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef void visit_fn(const struct schema_section *section, const struct schema_option *row);

static void walk(const struct schema_section *section, visit_fn *visit)
{
	for (size_t i = 0; i < section->option_count; i++)
		visit(section, &section->options[i]);
	for (size_t i = 0; i < section->section_count; i++)
		walk(&section->sections[i], visit);
}

static void read_word(const struct schema_option *row, const char *word, void *object, struct arena *arena)
{
	struct conf_errors errors = {.arena = arena};
	struct conf_item *item = conf_item_add(arena, NULL, row->name, NULL, 1);

	assert_non_null(item);
	assert_int_equal(conf_item_add_word(arena, item, word, 1), 0);
	assert_int_equal(conf_value_read(row, item, object, arena, &errors), 0);
}

static void reads_as_printed(const struct schema_option *row, const char *printed, void *object, struct arena *arena)
{
	AUTO_TEXT again = {0};

	/* A text may have got quotes, which are the parser's. */
	if (row->type == SCHEMA_STRING || row->type == SCHEMA_PATH || row->type == SCHEMA_BYTES ||
		row->type == SCHEMA_NAME || (row->type == SCHEMA_IP && strcmp(printed, "\"\"") == 0))
		return;
	read_word(row, printed, object, arena);
	conf_value_print(row, object, &again);
	assert_string_equal(text_get(&again), printed);
}

static bool is_list(const struct schema_option *row)
{
	return row->type == SCHEMA_IPS || row->type == SCHEMA_ENDPOINTS || row->type == SCHEMA_PREFIXES ||
	       row->type == SCHEMA_SHARES || row->type == SCHEMA_TEXTS || row->type == SCHEMA_SERVER_NAMES;
}

static void default_reads_and_prints(const struct schema_section *section, const struct schema_option *row)
{
	struct arena arena = {0};
	void *object = arena_alloc(&arena, 1, section->size), *again = arena_alloc(&arena, 1, section->size);
	AUTO_TEXT printed = {0};
	AUTO_TEXT printed_again = {0};

	assert_non_null(object);
	assert_non_null(again);
	if (is_list(row)) {
		/* There is no other default than the empty one. */
		assert_true(row->preset == NULL || *row->preset == '\0');
		if (row->preset != NULL)
			assert_int_equal(conf_value_preset(row, object, &arena), 0);
		conf_value_print(row, object, &printed);
		assert_string_equal(text_get(&printed), "{ }");
		assert_int_equal(conf_value_is_absent(row, object), row->min > 0);
	} else if (row->preset != NULL) {
		read_word(row, row->preset, object, &arena);
		conf_value_print(row, object, &printed);
		assert_int_equal(conf_value_preset(row, again, &arena), 0);
		conf_value_print(row, again, &printed_again);
		assert_string_equal(text_get(&printed), text_get(&printed_again));
		reads_as_printed(row, text_get(&printed), again, &arena);
	}
	arena_free(&arena);
}

static void only_for_known_kinds(const struct schema_section *section, const struct schema_option *row)
{
	char words[128], *rest = NULL;

	snprintf(words, sizeof words, "%s", row->only_for);
	for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		assert_true(schema_word(section->words, section->word_count, word) >= 0);
		assert_true(schema_goes(row, word));
	}
	assert_false(schema_goes(row, "nothing"));
	assert_false(schema_goes(row, NULL));
}

static void row_is_whole(const struct schema_section *section, const struct schema_option *row)
{
	assert_true(row->offset + row->size <= section->size);
	assert_non_null(row->help);
	assert_true(strlen(row->help) > 10 && row->help[strlen(row->help) - 1] == '.');
	assert_ptr_equal(schema_find_option(section, row->name), row);
	if (row->only_for != NULL)
		only_for_known_kinds(section, row);
	if (row->type == SCHEMA_SPAN)
		assert_true(row->preset != NULL);
}

static void each_default_is_what_it_says(void **state)
{
	(void)state;
	walk(&schema_root, default_reads_and_prints);
}

static void each_row_is_whole(void **state)
{
	(void)state;
	walk(&schema_root, row_is_whole);
}

/* No two fields of a section share bytes, so that no row fills another's field. */
static void rows_do_not_overlap(const struct schema_section *section, const struct schema_option *row)
{
	for (size_t i = 0; i < section->option_count; i++) {
		const struct schema_option *other = &section->options[i];

		if (other != row)
			assert_true(
				other->offset + other->size <= row->offset || row->offset + row->size <= other->offset);
	}
}

static void each_row_has_its_own_field(void **state)
{
	(void)state;
	walk(&schema_root, rows_do_not_overlap);
}

static void changes_by_reload(const struct schema_section *section, const struct schema_option *row)
{
	if (!row->reload)
		fail_msg("%s { %s } takes a restart", section->name, row->name);
}

/* A restart of vrrpd moves its vips. */
static void a_reload_changes_all_that_is_vrrpds(void **state)
{
	static const char *const sections[] = {"pair", "log", "vip"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		walk(schema_find_section(&schema_root, sections[i]), changes_by_reload);
}

static void the_reference_page_is_what_the_table_prints(void **state)
{
	AUTO_TEXT page = {0};

	(void)state;
	schema_reference(&page);
	assert_page_is_current("doc/reference.md", &page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_whole),
		cmocka_unit_test(each_row_has_its_own_field),
		cmocka_unit_test(each_default_is_what_it_says),
		cmocka_unit_test(a_reload_changes_all_that_is_vrrpds),
		cmocka_unit_test(the_reference_page_is_what_the_table_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

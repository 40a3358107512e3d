/* SPDX-License-Identifier: MIT */
/* doc/conformance.md is walked: each row has a section, and the test that it names is there. */
#include "common/pure/text.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define CELLS 4
#define LINE_MAX_SIZE 1024
#define ROWS_AT_LEAST 90
/* A function and its row, or a step that is asked for twice; words that stand everywhere name nothing. */
#define LINES_AT_MOST 3

static const char *source_path(const char *name, char *buffer, size_t size)
{
	const char *root = getenv("srcdir");

	snprintf(buffer, size, "%s/%s", root != NULL ? root : "..", name);
	return buffer;
}

/* Cuts "| a | b | c | d |" into its cells, without the blanks around them; false: it is no row. */
static bool split(char *line, char *cells[static CELLS])
{
	char *at = line;

	for (size_t i = 0; i < CELLS; i++) {
		char *end;

		if (strncmp(at, "| ", 2) != 0)
			return false;
		cells[i] = at + 2;
		end = strstr(cells[i], " |");
		if (end == NULL)
			return false;
		*end = '\0';
		at = end + 1;
	}
	return strcmp(at, "|\n") == 0 || strcmp(at, "|") == 0;
}

static size_t lines_with(const char *name, const char *words)
{
	char path[LINE_MAX_SIZE], line[LINE_MAX_SIZE];
	FILE *file = fopen(source_path(name, path, sizeof path), "r");
	size_t found = 0;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL)
		found += strstr(line, words) != NULL;
	fclose(file);
	return found;
}

/* `FILE` NAME */
static void check_test(const char *section, char *cell)
{
	char *end = *cell == '`' ? strchr(cell + 1, '`') : NULL;
	size_t found;

	if (end == NULL || end[1] != ' ' || end[2] == '\0')
		fail_msg("section %s: no test is named: %s", section, cell);
	*end = '\0';
	found = lines_with(cell + 1, end + 2);
	if (found == 0)
		fail_msg("section %s: %s has no test '%s'", section, cell + 1, end + 2);
	if (found > LINES_AT_MOST)
		fail_msg("section %s: '%s' could be any of %zu lines of %s", section, end + 2, found, cell + 1);
}

static void each_row_names_a_test_that_is_there(void **state)
{
	char path[LINE_MAX_SIZE], line[LINE_MAX_SIZE];
	FILE *file = fopen(source_path("doc/conformance.md", path, sizeof path), "r");
	size_t rows = 0;
	char *cells[CELLS];

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		bool is_table = line[0] == '|' && strncmp(line, "|---", 4) != 0 && strncmp(line, "| RFC |", 7) != 0;

		if (!is_table)
			continue;
		if (!split(line, cells))
			fail_msg("not a row of four cells: %s", line);
		assert_true(strcmp(cells[0], "9568") == 0 || strcmp(cells[0], "3768") == 0 ||
			    strcmp(cells[0], "both") == 0);
		check_test(cells[1], cells[3]);
		rows++;
	}
	fclose(file);
	assert_true(rows >= ROWS_AT_LEAST);
	printf("%zu rows\n", rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_names_a_test_that_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

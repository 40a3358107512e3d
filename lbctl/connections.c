/* SPDX-License-Identifier: MIT */
#include "lbctl/connections.h"

#include "lbctl/amount.h"
#include "lbctl/table.h"

#include <stdio.h>

#define QUERY_TIMEOUT_MS 5000

static void add_word(struct table *table, const json_t *entry, const char *key)
{
	const char *word = json_string_value(json_object_get(entry, key));

	table_add(table, STYLE_PLAIN, word != NULL ? word : "");
}

static json_int_t number_of(const json_t *entry, const char *key)
{
	return json_integer_value(json_object_get(entry, key));
}

static void add_entry(struct table *table, const json_t *entry)
{
	char text[AMOUNT_TEXT_MAX];

	add_word(table, entry, "client");
	add_word(table, entry, "local");
	add_word(table, entry, "protocol");
	add_word(table, entry, "service");
	add_word(table, entry, "server");
	add_word(table, entry, "state");
	table_add(table, STYLE_PLAIN, amount_span(number_of(entry, "age_ms"), text));
	table_add(table, STYLE_PLAIN, amount_span(number_of(entry, "idle_ms"), text));
	table_add(table, STYLE_PLAIN, amount_bytes((double)number_of(entry, "bytes_in"), text));
	table_add(table, STYLE_PLAIN, amount_bytes((double)number_of(entry, "bytes_out"), text));
}

void connections_text(const json_t *list, bool colour, struct text *out)
{
	static const struct column columns[] = {
		{"CLIENT", false},
		{"LOCAL", false},
		{"PROTOCOL", false},
		{"SERVICE", false},
		{"SERVER", false},
		{"STATE", false},
		{"AGE", true},
		{"IDLE", true},
		{"IN", true},
		{"OUT", true},
	};
	struct table table = table_of(columns, ARRAY_LEN(columns));

	for (size_t i = 0; i < json_array_size(list); i++)
		add_entry(&table, json_array_get(list, i));
	table_finish(&table, colour, out);
	if (json_array_size(list) == 0)
		text_add(out, "no connections\n");
}

/* Adds a page. `position`: NULL for the first one; it becomes that of the next, NULL or null after the last. */
static enum lbctl_exit add_page(const struct invocation *invocation, json_t *list, json_t **position)
{
	json_t *params = json_pack("{s:s* s:o*}", "service", invocation->words[0], "from", *position);
	json_t *result = NULL;
	enum lbctl_exit r = daemon_call(invocation, DAEMON_LBD, "connections", params, QUERY_TIMEOUT_MS, &result);

	*position = NULL;
	if (r != LBCTL_DONE)
		return r;
	if (json_array_extend(list, json_object_get(result, "connections")) < 0) {
		complain("the answer has no connections: the daemon may be of another version");
		r = LBCTL_FAILED;
	} else {
		*position = json_incref(json_object_get(result, "next"));
	}
	json_decref(result);
	return r;
}

static enum lbctl_exit collect(const struct invocation *invocation, json_t *list)
{
	json_t *position = NULL;
	enum lbctl_exit r;

	do
		r = add_page(invocation, list, &position);
	while (r == LBCTL_DONE && json_is_integer(position));
	json_decref(position);
	return r;
}

static int compare_ages(const void *a, const void *b)
{
	json_int_t left = number_of(*(const json_t *const *)a, "age_ms");
	json_int_t right = number_of(*(const json_t *const *)b, "age_ms");

	return (left < right) - (left > right);
}

/* The oldest first. */
static void sort(json_t *list)
{
	size_t count = json_array_size(list);
	AUTO_FREE json_t **entries = calloc(count + 1, sizeof(json_t *));

	if (entries == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		entries[i] = json_incref(json_array_get(list, i));
	qsort(entries, count, sizeof(json_t *), compare_ages);
	for (size_t i = 0; i < count; i++)
		(void)json_array_set_new(list, i, entries[i]);
}

static void print_list(const json_t *list, bool as_json)
{
	AUTO_TEXT page = {0};

	if (as_json) {
		(void)json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		connections_text(list, wants_colour(), &page);
		fputs(text_get(&page), stdout);
	}
}

enum lbctl_exit verb_connections(const struct invocation *invocation)
{
	json_t *list = json_array();
	enum lbctl_exit r = collect(invocation, list);

	sort(list);
	if (r == LBCTL_DONE)
		print_list(list, invocation_option(invocation, "json") != NULL);
	json_decref(list);
	return r;
}

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_value.h"

#include "common/model/conf.h"
#include "common/model/conf_value_type.h"

static const struct value_type value_types[] = {
	[SCHEMA_NUMBER] = {conf_number_read, conf_number_print, conf_number_describe, 0},
	[SCHEMA_SPAN] = {conf_span_read, conf_span_print, conf_span_describe, 0},
	[SCHEMA_RATE] = {conf_rate_read, conf_rate_print, conf_rate_describe, 0},
	[SCHEMA_SIZE] = {conf_size_read, conf_size_print, conf_size_describe, 0},
	[SCHEMA_YES_NO] = {conf_yes_no_read, conf_yes_no_print, conf_yes_no_describe, 0},
	[SCHEMA_WORD] = {conf_word_read, conf_word_print, conf_word_describe, 0},
	[SCHEMA_STRING] = {conf_string_read, conf_string_print, conf_string_describe, 0},
	[SCHEMA_PATH] = {conf_path_read, conf_string_print, conf_path_describe, 0},
	[SCHEMA_NAME] = {conf_string_read, conf_string_print, conf_name_describe, 0},
	[SCHEMA_IP] = {conf_ip_read, conf_ip_print, conf_ip_describe, 0},
	[SCHEMA_IPS] = {conf_ips_read, conf_ips_print, conf_ips_describe, sizeof(struct ip)},
	[SCHEMA_ENDPOINT] = {conf_endpoint_read, conf_endpoint_print, conf_endpoint_describe, 0},
	[SCHEMA_SERVER] = {conf_server_read, conf_server_print, conf_server_describe, 0},
	[SCHEMA_ENDPOINTS] = {conf_endpoints_read, conf_endpoints_print, conf_endpoints_describe,
		sizeof(struct endpoint)},
	[SCHEMA_PREFIXES] = {conf_prefixes_read, conf_prefixes_print, conf_prefixes_describe, sizeof(struct prefix)},
	[SCHEMA_SHARES] = {conf_shares_read, conf_shares_print, conf_shares_describe, sizeof(struct pool_share_conf)},
	[SCHEMA_TEXTS] = {conf_texts_read, conf_texts_print, conf_texts_describe, sizeof(const char *)},
	[SCHEMA_SERVER_NAMES] = {conf_server_names_read, conf_texts_print, conf_server_names_describe,
		sizeof(const char *)},
	[SCHEMA_BYTES] = {conf_bytes_read, conf_bytes_print, conf_bytes_describe, 0},
	[SCHEMA_STATUS_RANGE] = {conf_status_range_read, conf_status_range_print, conf_status_range_describe, 0},
};
static_assert(ARRAY_LEN(value_types) == SCHEMA_TYPE_COUNT, "a row is missing");

static int list_make_room(const struct schema_option *row, size_t count, void *object, struct arena *arena)
{
	void *elements = arena_alloc(arena, count, value_types[row->type].element);

	if (elements == NULL)
		return -ENOMEM;
	*(void **)(void *)((char *)object + row->offset) = elements;
	*(size_t *)(void *)((char *)object + row->count_offset) = count;
	return 0;
}

static void complain(const struct schema_option *row, unsigned line, const struct text *why, struct conf_errors *errors)
{
	conf_error(errors, line, "option '%s': %s", row->name, text_get(why));
}

/* A list of the wrong length; other options have exactly one word by the grammar. */
static int check_length(const struct schema_option *row, const struct conf_item *item, struct conf_errors *errors)
{
	AUTO_TEXT why = {0};

	if (value_types[row->type].element == 0 ||
		(item->word_count >= (size_t)row->min && item->word_count <= (size_t)row->max))
		return 0;
	text_addf(&why, "%zu values are too %s: write ", item->word_count,
		item->word_count < (size_t)row->min ? "few" : "many");
	conf_value_describe(row, &why);
	complain(row, item->line, &why, errors);
	return -EINVAL;
}

int conf_value_read(const struct schema_option *row, struct conf_item *item, void *object, struct arena *arena,
	struct conf_errors *errors)
{
	const struct value_type *type = &value_types[row->type];
	struct reading in = {
		.row = row, .describe = type->describe, .field = (char *)object + row->offset, .arena = arena};
	size_t index = 0;

	item->bad = true;
	if (check_length(row, item, errors) < 0)
		return -EINVAL;
	if (type->element != 0 && list_make_room(row, item->word_count, object, arena) < 0)
		return -ENOMEM;
	item->bad = false;
	for (const struct conf_word *word = item->first_word; word != NULL; word = word->next) {
		AUTO_TEXT why = {0};
		int r;

		in.text = word->text;
		in.why = &why;
		r = type->read(&in, index++);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			complain(row, word->line, &why, errors);
			item->bad = true;
		}
	}
	return item->bad ? -EINVAL : 0;
}

int conf_value_preset(const struct schema_option *row, void *object, struct arena *arena)
{
	AUTO_TEXT why = {0};
	struct reading in = {
		.row = row,
		.describe = value_types[row->type].describe,
		.text = row->preset,
		.field = (char *)object + row->offset,
		.arena = arena,
		.why = &why,
	};
	int r = 0;

	/* The default of a list is the empty one, as which it has been allocated. */
	if (value_types[row->type].element == 0)
		r = value_types[row->type].read(&in, 0);
	assert(r != -EINVAL);
	return r;
}

bool conf_value_is_absent(const struct schema_option *row, const void *object)
{
	size_t count = 1;

	if (value_types[row->type].element != 0 && row->min > 0)
		(void)list_at(row, object, &count);
	return count == 0;
}

void conf_value_print(const struct schema_option *row, const void *object, struct text *out)
{
	value_types[row->type].print(row, object, out);
}

void conf_value_describe(const struct schema_option *row, struct text *out)
{
	value_types[row->type].describe(row, out);
}

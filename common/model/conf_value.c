/* SPDX-License-Identifier: MIT */
#include "common/model/conf_value.h"

#include "common/model/conf.h"
#include "common/model/conf_text.h"
#include "common/model/conf_value_type.h"
#include "common/model/pool_share.h"

#include <string.h>

static const struct value_type value_types[];

/* Numbers. */

static void number_store(void *field, size_t size, uint64_t value)
{
	assert(size == sizeof(uint8_t) || size == sizeof(uint16_t) || size == sizeof(unsigned));
	if (size == sizeof(uint8_t))
		*(uint8_t *)field = (uint8_t)value;
	else if (size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)value;
	else
		*(unsigned *)field = (unsigned)value;
}

static unsigned number_load(const void *field, size_t size)
{
	if (size == sizeof(uint8_t))
		return *(const uint8_t *)field;
	if (size == sizeof(uint16_t))
		return *(const uint16_t *)field;
	return *(const unsigned *)field;
}

static int number_read(const struct reading *in, size_t index)
{
	const struct schema_option *row = in->row;
	uint64_t value = 0;
	int r;

	(void)index;
	if (row->zero != NULL && strcmp(in->text, row->zero) == 0) {
		number_store(in->field, row->size, 0);
		return 0;
	}
	r = text_to_u64(in->text, (uint64_t)row->min, (uint64_t)row->max, &value);
	if (r < 0)
		return wrong(in, r == -ERANGE ? "is out of range" : "is not a number");
	number_store(in->field, row->size, value);
	return 0;
}

static void number_print(const struct schema_option *row, const void *object, struct text *out)
{
	unsigned value = number_load(field_of(row, object), row->size);

	if (value == 0 && row->zero != NULL)
		text_add(out, row->zero);
	else
		text_addf(out, "%u", value);
}

static void number_describe(const struct schema_option *row, struct text *out)
{
	if (row->zero != NULL)
		text_addf(out, "%s, or ", row->zero);
	text_addf(out, "a number from %lld to %lld", (long long)row->min, (long long)row->max);
}

/* Spans of time. */

static bool is_bare_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* The unit in which the default is written is the one that was likely meant. */
static const char *usual_unit(const struct schema_option *row)
{
	const char *unit = row->preset + strspn(row->preset, "0123456789");

	return *unit != '\0' ? unit : "s";
}

static int span_read(const struct reading *in, size_t index)
{
	const struct schema_option *row = in->row;
	int64_t span = 0;
	int r = text_to_span_ns(in->text, &span);

	(void)index;
	if (r == -EINVAL && is_bare_number(in->text)) {
		text_addf(in->why, "'%.64s' has no unit: write %.64s%s, or another of ms, s, m, h", in->text, in->text,
			usual_unit(row));
		return -EINVAL;
	}
	if (r == -EINVAL)
		return wrong(in, "is not a time");
	if (r == -ERANGE || span < row->min || span > row->max)
		return wrong(in, "is out of range");
	if (row->step != 0 && span % row->step != 0)
		return wrong(in, "is between two steps");
	*(int64_t *)in->field = span;
	return 0;
}

static void span_print(const struct schema_option *row, const void *object, struct text *out)
{
	char span[SPAN_TEXT_MAX];

	text_add(out, span_text(*(const int64_t *)field_of(row, object), span));
}

static void span_describe(const struct schema_option *row, struct text *out)
{
	char min[SPAN_TEXT_MAX], max[SPAN_TEXT_MAX], step[SPAN_TEXT_MAX];

	text_addf(out, "a time from %s to %s", span_text(row->min, min), span_text(row->max, max));
	if (row->step != 0)
		text_addf(out, " in steps of %s", span_text(row->step, step));
}

/* Rates. */

static int rate_read(const struct reading *in, size_t index)
{
	const struct schema_option *row = in->row;
	size_t digits = strspn(in->text, "0123456789");
	char number[24] = "";
	uint64_t value = 0;
	int r;

	(void)index;
	if (is_bare_number(in->text) && strcmp(in->text, "0") != 0) {
		text_addf(in->why, "'%.64s' has no unit: write %.64s/s", in->text, in->text);
		return -EINVAL;
	}
	if (strcmp(in->text + digits, "/s") != 0 && strcmp(in->text, "0") != 0)
		return wrong(in, "is not a rate");
	if (digits < sizeof number)
		memcpy(number, in->text, digits);
	r = digits < sizeof number ? text_to_u64(number, (uint64_t)row->min, (uint64_t)row->max, &value) : -ERANGE;
	if (r < 0)
		return wrong(in, r == -ERANGE ? "is out of range" : "is not a rate");
	number_store(in->field, row->size, value);
	return 0;
}

static void rate_print(const struct schema_option *row, const void *object, struct text *out)
{
	text_addf(out, "%u/s", number_load(field_of(row, object), row->size));
}

static void rate_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "a rate from %lld/s to %lld/s", (long long)row->min, (long long)row->max);
}

/* Sizes. */

static const struct {
	char unit;
	unsigned shift;
} size_units[] = {{'g', 30}, {'m', 20}, {'k', 10}};

static int size_read(const struct reading *in, size_t index)
{
	const struct schema_option *row = in->row;
	size_t digits = strspn(in->text, "0123456789");
	unsigned shift = 0;
	char number[24] = "";
	uint64_t value = 0;
	int r;

	(void)index;
	for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
		if (in->text[digits] == size_units[i].unit && in->text[digits + 1] == '\0')
			shift = size_units[i].shift;
	}
	if (digits == 0 || (in->text[digits] != '\0' && shift == 0))
		return wrong(in, "is not a size");
	if (digits < sizeof number)
		memcpy(number, in->text, digits);
	r = text_to_u64(number, 0, (uint64_t)row->max >> shift, &value);
	if (r < 0 || value << shift < (uint64_t)row->min)
		return wrong(in, "is out of range");
	*(uint64_t *)in->field = value << shift;
	return 0;
}

static void size_add(uint64_t value, struct text *out)
{
	for (size_t i = 0; value > 0 && i < ARRAY_LEN(size_units); i++) {
		if (value >> size_units[i].shift << size_units[i].shift == value) {
			text_addf(out, "%llu%c", (unsigned long long)value >> size_units[i].shift, size_units[i].unit);
			return;
		}
	}
	text_addf(out, "%llu", (unsigned long long)value);
}

static void size_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_add(*(const uint64_t *)field_of(row, object), out);
}

static void size_describe(const struct schema_option *row, struct text *out)
{
	text_add(out, "a number of bytes from ");
	size_add((uint64_t)row->min, out);
	text_add(out, " to ");
	size_add((uint64_t)row->max, out);
	text_add(out, ", with k, m or g behind it or nothing");
}

/* Yes and no, and words. */

static int yes_no_read(const struct reading *in, size_t index)
{
	bool yes = strcmp(in->text, "yes") == 0;

	(void)index;
	if (!yes && strcmp(in->text, "no") != 0)
		return wrong(in, "is neither");
	*(bool *)in->field = yes;
	return 0;
}

static void yes_no_print(const struct schema_option *row, const void *object, struct text *out)
{
	text_add(out, *(const bool *)field_of(row, object) ? "yes" : "no");
}

static void yes_no_describe(const struct schema_option *row, struct text *out)
{
	(void)row;
	text_add(out, "yes or no");
}

static int word_read(const struct reading *in, size_t index)
{
	const struct schema_option *row = in->row;
	int value = schema_word(row->words, row->word_count, in->text);
	const char *nearest;

	(void)index;
	assert(row->size == sizeof(unsigned));
	if (value >= 0) {
		*(unsigned *)in->field = (unsigned)value;
		return 0;
	}
	nearest = schema_nearest_word(row->words, row->word_count, in->text);
	if (nearest == NULL)
		return wrong(in, "is not known");
	text_addf(in->why, "'%.64s' is not known: did you mean '%s'?", in->text, nearest);
	return -EINVAL;
}

static void word_print(const struct schema_option *row, const void *object, struct text *out)
{
	text_add(out, row->words[*(const unsigned *)field_of(row, object)]);
}

static void word_describe(const struct schema_option *row, struct text *out)
{
	const char *between = "";

	for (size_t i = 0; i < row->word_count; i++) {
		if (row->words[i] == NULL)
			continue;
		text_addf(out, "%s%s", between, row->words[i]);
		between = i + 2 >= row->word_count ? " or " : ", ";
	}
}

/* Texts. */

static int string_read(const struct reading *in, size_t index)
{
	size_t length = strlen(in->text);

	(void)index;
	if (length < (size_t)in->row->min)
		return wrong(in, "is too short");
	if (length > (size_t)in->row->max)
		return wrong(in, "is too long");
	*(const char **)in->field = arena_strdup(in->arena, in->text);
	return *(const char **)in->field != NULL ? 0 : -ENOMEM;
}

static void string_print(const struct schema_option *row, const void *object, struct text *out)
{
	conf_text_print(*(const char *const *)field_of(row, object), out);
}

static void string_describe(const struct schema_option *row, struct text *out)
{
	if (row->min == 0)
		text_addf(out, "a text of at most %lld characters", (long long)row->max);
	else
		text_addf(out, "a text of %lld to %lld characters", (long long)row->min, (long long)row->max);
}

static int path_read(const struct reading *in, size_t index)
{
	if (in->text[0] == '\0' && in->row->min == 0)
		return string_read(in, index);
	if (in->text[0] != '/')
		return wrong(in, "does not begin with '/'");
	if (in->text[strcspn(in->text, " \t")] != '\0')
		return wrong(in, "has a blank in it");
	return string_read(in, index);
}

static void path_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "a path that begins with '/', of at most %lld characters without blanks%s", (long long)row->max,
		row->min == 0 ? ", or \"\" for none" : "");
}

static void name_describe(const struct schema_option *row, struct text *out)
{
	(void)row;
	text_add(out, "the name of a pool");
}

/* Pools with their shares. */

static_assert(POOL_SHARE_NAME_MAX == SCHEMA_NAME_MAX, "a pool's name has another length");

static int shares_read(const struct reading *in, size_t index)
{
	struct pool_share_conf *elements = *(struct pool_share_conf **)in->field;
	struct pool_share share;
	int r = pool_share_parse(in->text, &share);

	if (r < 0)
		return wrong(in, r == -ERANGE ? "has a share that is out of range" : "is no pool with its share");
	elements[index].parts = share.parts;
	elements[index].name = arena_strdup(in->arena, share.name);
	return elements[index].name != NULL ? 0 : -ENOMEM;
}

static void shares_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_t count;
	const struct pool_share_conf *elements = list_at(row, object, &count);

	if (count == 1 && elements->parts == POOL_SHARE_WHOLE) {
		conf_text_print(elements->name, out);
		return;
	}
	text_add(out, count > 0 ? "{ " : "{");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%s:%u", i > 0 ? ", " : "", elements[i].name, elements[i].parts);
	text_add(out, " }");
}

static void shares_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out,
		"the name of a pool, or { ... } with up to %lld pools, each with its share from 0 to %d as "
		"blue:90",
		(long long)row->max, POOL_SHARE_MAX);
}

/* Ranges of HTTP status. */

static int status_range_read(const struct reading *in, size_t index)
{
	unsigned *first = in->field;
	unsigned *last = (unsigned *)(void *)((char *)in->field - in->row->offset + in->row->count_offset);
	const char *dash = strchr(in->text, '-');
	char from[8] = "";
	uint64_t min, max;

	(void)index;
	if (dash != NULL && (size_t)(dash - in->text) < sizeof from)
		memcpy(from, in->text, (size_t)(dash - in->text));
	if (text_to_u64(dash != NULL ? from : in->text, (uint64_t)in->row->min, (uint64_t)in->row->max, &min) < 0 ||
		text_to_u64(dash != NULL ? dash + 1 : in->text, (uint64_t)in->row->min, (uint64_t)in->row->max, &max) <
			0)
		return wrong(in, "is not a status");
	if (min > max)
		return wrong(in, "runs backwards");
	*first = (unsigned)min;
	*last = (unsigned)max;
	return 0;
}

static void status_range_print(const struct schema_option *row, const void *object, struct text *out)
{
	unsigned first = *(const unsigned *)field_of(row, object);
	unsigned last = *(const unsigned *)(const void *)((const char *)object + row->count_offset);

	if (first == last)
		text_addf(out, "%u", first);
	else
		text_addf(out, "%u-%u", first, last);
}

static void status_range_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "a status from %lld to %lld, or a range as 200-399", (long long)row->min, (long long)row->max);
}

/* Bytes. A backslash begins an escape: \\, \n, \r, \t, \xHH. */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Returns how many characters the escape at `text` has; 0: it is none. */
static size_t unescape(const char *text, uint8_t *ret_byte)
{
	static const char names[] = "\\nrt", values[] = "\\\n\r\t";
	const char *name = text[1] != '\0' ? strchr(names, text[1]) : NULL;
	int high, low;

	if (name != NULL) {
		*ret_byte = (uint8_t)values[name - names];
		return 2;
	}
	high = text[1] == 'x' ? hex_digit(text[2]) : -1;
	low = high >= 0 ? hex_digit(text[3]) : -1;
	if (low < 0)
		return 0;
	*ret_byte = (uint8_t)(high * 16 + low);
	return 4;
}

static int bytes_read(const struct reading *in, size_t index)
{
	size_t room = MAX(strlen(in->text), (size_t)1), size = 0;
	uint8_t *data = arena_alloc(in->arena, room, 1);

	(void)index;
	if (data == NULL)
		return -ENOMEM;
	for (const char *at = in->text; *at != '\0'; size++) {
		size_t length = 1;

		data[size] = (uint8_t)*at;
		if (*at == '\\')
			length = unescape(at, &data[size]);
		if (length == 0)
			return wrong(in, "has a backslash that begins nothing");
		at += length;
	}
	if (size < (size_t)in->row->min || size > (size_t)in->row->max)
		return wrong(in, size < (size_t)in->row->min ? "is too short" : "is too long");
	*(struct bytes_conf *)in->field = (struct bytes_conf){.data = data, .size = size};
	return 0;
}

static void bytes_print(const struct schema_option *row, const void *object, struct text *out)
{
	const struct bytes_conf *bytes = field_of(row, object);
	AUTO_TEXT text = {0};

	for (size_t i = 0; i < bytes->size; i++) {
		if (bytes->data[i] == '\\')
			text_add(&text, "\\\\");
		else if (bytes->data[i] >= ' ' && bytes->data[i] <= '~')
			text_add_bytes(&text, &bytes->data[i], 1);
		else
			text_addf(&text, "\\x%02x", bytes->data[i]);
	}
	conf_text_print(text_get(&text), out);
}

static void bytes_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out,
		"%lld to %lld bytes as a text in which \\\\xHH stands for a byte, and \\\\n, \\\\r, \\\\t and \\\\\\\\ "
		"for "
		"what they usually do",
		(long long)row->min, (long long)row->max);
}

static const struct value_type value_types[] = {
	[SCHEMA_NUMBER] = {number_read, number_print, number_describe, 0},
	[SCHEMA_SPAN] = {span_read, span_print, span_describe, 0},
	[SCHEMA_RATE] = {rate_read, rate_print, rate_describe, 0},
	[SCHEMA_SIZE] = {size_read, size_print, size_describe, 0},
	[SCHEMA_YES_NO] = {yes_no_read, yes_no_print, yes_no_describe, 0},
	[SCHEMA_WORD] = {word_read, word_print, word_describe, 0},
	[SCHEMA_STRING] = {string_read, string_print, string_describe, 0},
	[SCHEMA_PATH] = {path_read, string_print, path_describe, 0},
	[SCHEMA_NAME] = {string_read, string_print, name_describe, 0},
	[SCHEMA_IP] = {conf_ip_read, conf_ip_print, conf_ip_describe, 0},
	[SCHEMA_IPS] = {conf_ips_read, conf_ips_print, conf_ips_describe, sizeof(struct ip)},
	[SCHEMA_ENDPOINT] = {conf_endpoint_read, conf_endpoint_print, conf_endpoint_describe, 0},
	[SCHEMA_SERVER] = {conf_server_read, conf_server_print, conf_server_describe, 0},
	[SCHEMA_ENDPOINTS] = {conf_endpoints_read, conf_endpoints_print, conf_endpoints_describe,
		sizeof(struct endpoint)},
	[SCHEMA_PREFIXES] = {conf_prefixes_read, conf_prefixes_print, conf_prefixes_describe, sizeof(struct prefix)},
	[SCHEMA_SHARES] = {shares_read, shares_print, shares_describe, sizeof(struct pool_share_conf)},
	[SCHEMA_TEXTS] = {conf_texts_read, conf_texts_print, conf_texts_describe, sizeof(const char *)},
	[SCHEMA_SERVER_NAMES] = {conf_server_names_read, conf_texts_print, conf_server_names_describe,
		sizeof(const char *)},
	[SCHEMA_BYTES] = {bytes_read, bytes_print, bytes_describe, 0},
	[SCHEMA_STATUS_RANGE] = {status_range_read, status_range_print, status_range_describe, 0},
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

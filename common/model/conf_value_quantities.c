/* SPDX-License-Identifier: MIT */
/* What is counted or measured: numbers, spans of time, rates, sizes, ranges of HTTP status. */
#include "common/model/conf_value_type.h"

#include <string.h>

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

int conf_number_read(const struct reading *in, size_t index)
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

void conf_number_print(const struct schema_option *row, const void *object, struct text *out)
{
	unsigned value = number_load(field_of(row, object), row->size);

	if (value == 0 && row->zero != NULL)
		text_add(out, row->zero);
	else
		text_addf(out, "%u", value);
}

void conf_number_describe(const struct schema_option *row, struct text *out)
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

int conf_span_read(const struct reading *in, size_t index)
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

void conf_span_print(const struct schema_option *row, const void *object, struct text *out)
{
	char span[SPAN_TEXT_MAX];

	text_add(out, span_text(*(const int64_t *)field_of(row, object), span));
}

void conf_span_describe(const struct schema_option *row, struct text *out)
{
	char min[SPAN_TEXT_MAX], max[SPAN_TEXT_MAX], step[SPAN_TEXT_MAX];

	text_addf(out, "a time from %s to %s", span_text(row->min, min), span_text(row->max, max));
	if (row->step != 0)
		text_addf(out, " in steps of %s", span_text(row->step, step));
}

/* Rates. */

int conf_rate_read(const struct reading *in, size_t index)
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

void conf_rate_print(const struct schema_option *row, const void *object, struct text *out)
{
	text_addf(out, "%u/s", number_load(field_of(row, object), row->size));
}

void conf_rate_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "a rate from %lld/s to %lld/s", (long long)row->min, (long long)row->max);
}

/* Sizes. */

static const struct {
	char unit;
	unsigned shift;
} size_units[] = {{'g', 30}, {'m', 20}, {'k', 10}};

int conf_size_read(const struct reading *in, size_t index)
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

void conf_size_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_add(*(const uint64_t *)field_of(row, object), out);
}

void conf_size_describe(const struct schema_option *row, struct text *out)
{
	text_add(out, "a number of bytes from ");
	size_add((uint64_t)row->min, out);
	text_add(out, " to ");
	size_add((uint64_t)row->max, out);
	text_add(out, ", with k, m or g behind it or nothing");
}

/* Ranges of HTTP status. */

int conf_status_range_read(const struct reading *in, size_t index)
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

void conf_status_range_print(const struct schema_option *row, const void *object, struct text *out)
{
	unsigned first = *(const unsigned *)field_of(row, object);
	unsigned last = *(const unsigned *)(const void *)((const char *)object + row->count_offset);

	if (first == last)
		text_addf(out, "%u", first);
	else
		text_addf(out, "%u-%u", first, last);
}

void conf_status_range_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "a status from %lld to %lld, or a range as 200-399", (long long)row->min, (long long)row->max);
}

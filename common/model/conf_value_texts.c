/* SPDX-License-Identifier: MIT */
/* What is written as one text: names, paths, bytes, pools with their shares. */
#include "common/model/conf_value_type.h"

#include "common/model/conf.h"
#include "common/model/conf_text.h"
#include "common/model/pool_share.h"

#include <string.h>

/* Texts. */

int conf_string_read(const struct reading *in, size_t index)
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

void conf_string_print(const struct schema_option *row, const void *object, struct text *out)
{
	conf_text_print(*(const char *const *)field_of(row, object), out);
}

void conf_string_describe(const struct schema_option *row, struct text *out)
{
	if (row->min == 0)
		text_addf(out, "a text of at most %lld characters", (long long)row->max);
	else
		text_addf(out, "a text of %lld to %lld characters", (long long)row->min, (long long)row->max);
}

int conf_path_read(const struct reading *in, size_t index)
{
	if (in->text[0] == '\0' && in->row->min == 0)
		return conf_string_read(in, index);
	if (in->text[0] != '/')
		return wrong(in, "does not begin with '/'");
	if (in->text[strcspn(in->text, " \t")] != '\0')
		return wrong(in, "has a blank in it");
	return conf_string_read(in, index);
}

void conf_path_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "a path that begins with '/', of at most %lld characters without blanks%s", (long long)row->max,
		row->min == 0 ? ", or \"\" for none" : "");
}

void conf_name_describe(const struct schema_option *row, struct text *out)
{
	(void)row;
	text_add(out, "the name of a pool");
}

/* Pools with their shares. */

static_assert(POOL_SHARE_NAME_MAX == SCHEMA_NAME_MAX, "a pool's name has another length");

int conf_shares_read(const struct reading *in, size_t index)
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

void conf_shares_print(const struct schema_option *row, const void *object, struct text *out)
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

void conf_shares_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out,
		"the name of a pool, or { ... } with up to %lld pools, each with its share from 0 to %d as "
		"blue:90",
		(long long)row->max, POOL_SHARE_MAX);
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

int conf_bytes_read(const struct reading *in, size_t index)
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

void conf_bytes_print(const struct schema_option *row, const void *object, struct text *out)
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

void conf_bytes_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out,
		"%lld to %lld bytes as a text in which \\\\xHH stands for a byte, and \\\\n, \\\\r, \\\\t and \\\\\\\\ "
		"for "
		"what they usually do",
		(long long)row->min, (long long)row->max);
}

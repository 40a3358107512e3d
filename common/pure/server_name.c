/* SPDX-License-Identifier: MIT */
#include "common/pure/server_name.h"

#include <errno.h>
#include <string.h>

#define LABEL_MAX 63

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Its length; 0: it is none. The underscore is no letter of host names, and in use all the same. */
static size_t label_length(const char *bytes, size_t left)
{
	size_t length = 0;

	while (length < left && is_letter(lower(bytes[length])))
		length++;
	return length <= LABEL_MAX ? length : 0;
}

static bool is_number(const char *label, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(label[i]))
			return false;
	}
	return true;
}

int server_name_read(const char *bytes, size_t length, char ret_name[static SERVER_NAME_MAX + 1])
{
	size_t at = 0, label;

	if (length > 0 && bytes[length - 1] == '.')
		length--;
	if (length == 0 || length > SERVER_NAME_MAX)
		return -EINVAL;
	do {
		label = label_length(bytes + at, length - at);
		if (label == 0)
			return -EINVAL;
		at += label;
	} while (at < length && bytes[at++] == '.');
	/* What ends with a number is an address or nothing (RFC 1123 section 2.1). */
	if (at != length || bytes[length - 1] == '.' || is_number(bytes + length - label, label))
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		ret_name[i] = lower(bytes[i]);
	ret_name[length] = '\0';
	return 0;
}

int server_name_read_pattern(const char *text, char ret_pattern[static SERVER_NAME_PATTERN_MAX + 1])
{
	size_t star = strncmp(text, "*.", 2) == 0 ? 2 : 0;
	char name[SERVER_NAME_MAX + 1];
	int r;

	if (strcmp(text, "*") == 0) {
		strcpy(ret_pattern, "*");
		return 0;
	}
	r = server_name_read(text + star, strlen(text + star), name);
	if (r < 0)
		return r;
	memcpy(ret_pattern, text, star);
	strcpy(ret_pattern + star, name);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_text.h"

#include <string.h>

static bool is_plain(const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/[]%@";

	return *value != '\0' && value[strspn(value, plain)] == '\0' && strstr(value, "//") == NULL;
}

void conf_text_print(const char *value, struct text *out)
{
	if (is_plain(value)) {
		text_add(out, value);
		return;
	}
	text_add(out, "\"");
	for (; *value != '\0'; value++) {
		if (strchr("\"\\$", *value) != NULL)
			text_add(out, "\\");
		text_add_bytes(out, value, 1);
	}
	text_add(out, "\"");
}

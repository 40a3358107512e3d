/* SPDX-License-Identifier: MIT */
#include "common/pure/host.h"

#include "common/pure/text.h"

#include <errno.h>
#include <string.h>

#define NAME_LONGEST 253
#define LABEL_LONGEST 63

static const char label_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

static bool is_label(const char *label, size_t length)
{
	return length > 0 && length <= LABEL_LONGEST && strspn(label, label_letters) >= length && label[0] != '-' &&
	       label[length - 1] != '-';
}

static bool is_name(const char *name, size_t length)
{
	const char *end = name + length, *label = name;

	if (length > 0 && end[-1] == '.')
		end--;
	if (end == name || end - name > NAME_LONGEST)
		return false;
	for (;;) {
		size_t size = strcspn(label, ".:");

		if (!is_label(label, size))
			return false;
		if (label + size >= end)
			return strspn(label, "0123456789") < size;
		label += size + 1;
	}
}

int host_parse(const char *text, char ret_name[static HOST_MAX], uint16_t *ret_port)
{
	size_t length = strcspn(text, ":");
	uint64_t port;

	if (text[length] == '\0' || !is_name(text, length) || text_to_u64(text + length + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	memcpy(ret_name, text, length);
	ret_name[length] = '\0';
	*ret_port = (uint16_t)port;
	return 0;
}

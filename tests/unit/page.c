/* SPDX-License-Identifier: MIT */
#include "tests/unit/page.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void assert_page_is_current(const char *file, const struct text *printed)
{
	const char *source = getenv("srcdir");
	char path[4096], piece[4096];
	AUTO_TEXT committed = {0};
	ssize_t count;
	int fd;

	snprintf(path, sizeof path, "%s/%s", source != NULL ? source : ".", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	while ((count = read(fd, piece, sizeof piece)) > 0)
		text_add_bytes(&committed, piece, (size_t)count);
	close(fd);
	/* Where this fails: make reference. */
	assert_string_equal(text_get(&committed), text_get(printed));
}

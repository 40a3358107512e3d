/* SPDX-License-Identifier: MIT */
/* Prints doc/reference.md; `make reference` puts it in its place. */
#include "common/model/schema_doc.h"

#include <stdio.h>

int main(void)
{
	AUTO_TEXT page = {0};

	schema_reference(&page);
	return page.failed || fputs(text_get(&page), stdout) == EOF || fflush(stdout) == EOF;
}

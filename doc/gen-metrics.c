/* SPDX-License-Identifier: MIT */
/* Prints doc/metrics.md; `make reference` puts it in its place. */
#include "lbd/metric_page.h"

#include <stdio.h>

int main(void)
{
	AUTO_TEXT page = {0};

	metric_page(&page);
	return page.failed || fputs(text_get(&page), stdout) == EOF || fflush(stdout) == EOF;
}

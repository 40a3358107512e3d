/* SPDX-License-Identifier: MIT */
/* Pages under doc that are printed from a table. */
#ifndef LBPAIR_TESTS_UNIT_PAGE_H
#define LBPAIR_TESTS_UNIT_PAGE_H

#include "common/pure/text.h"

/* The file, a path from the repository's root, is what the table prints. */
void assert_page_is_current(const char *file, const struct text *printed);

#endif

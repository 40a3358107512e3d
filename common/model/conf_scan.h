/* SPDX-License-Identifier: MIT */
/*
 * What is looked at before libconfuse sees a file. Its lexer drops or replaces some characters without a word (3.3: a
 * bare `*`, `${HOME}`, what follows `//` in the middle of a value) and loses its way in an unclosed quote; these are
 * errors here, so that a value is what stands in the file or the file is refused.
 *
 * The lexical rules: words; quotes "..." with \" \\ \$ and '...' with \' \\ as the only escapes, closed on their line;
 * comments from # to the line's end; and { } = , between them.
 */
#ifndef LBPAIR_COMMON_MODEL_CONF_SCAN_H
#define LBPAIR_COMMON_MODEL_CONF_SCAN_H

#include "common/model/conf_error.h"

/*
 * Adds an error for each place that breaks the rules. Returns the line of the innermost `{` that is not closed at the
 * end, 0 when all are: libconfuse takes the end of the file for the end of a section.
 */
unsigned conf_scan(const char *content, size_t size, struct conf_errors *errors);

#endif

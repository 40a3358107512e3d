/* SPDX-License-Identifier: MIT */
/* Texts as they are written in a configuration. */
#ifndef LBPAIR_COMMON_MODEL_CONF_TEXT_H
#define LBPAIR_COMMON_MODEL_CONF_TEXT_H

#include "common/pure/text.h"

/* Adds a text, in quotes where it wants them. */
void conf_text_print(const char *value, struct text *out);

#endif

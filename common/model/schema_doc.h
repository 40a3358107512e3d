/* SPDX-License-Identifier: MIT */
/* The reference page of the configuration language, from the schema's rows. */
#ifndef LBPAIR_COMMON_MODEL_SCHEMA_DOC_H
#define LBPAIR_COMMON_MODEL_SCHEMA_DOC_H

#include "common/pure/text.h"

/* Adds the page, in Markdown. */
void schema_reference(struct text *out);

#endif

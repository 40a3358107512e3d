/* SPDX-License-Identifier: MIT */
/*
 * The document of `lbctl status --json` as a page for the operator: what is wrong first, then the vips, the services
 * and the servers. Does no I/O; a field that is missing or of another type is shown as `-`.
 */
#ifndef LBPAIR_LBCTL_STATUS_TEXT_H
#define LBPAIR_LBCTL_STATUS_TEXT_H

#include "common/pure/base.h"
#include "common/pure/text.h"

#include <jansson.h>

void status_text(const json_t *status, bool colour, struct text *out);

#endif

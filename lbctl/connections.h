/* SPDX-License-Identifier: MIT */
/* `lbctl connections`: what is open in lbd now. */
#ifndef LBPAIR_LBCTL_CONNECTIONS_H
#define LBPAIR_LBCTL_CONNECTIONS_H

#include "common/pure/text.h"
#include "lbctl/lbctl.h"

verb_fn verb_connections;

/* A line for each of the list, which lbd has made; without any it says so. */
void connections_text(const json_t *list, bool colour, struct text *out);

#endif

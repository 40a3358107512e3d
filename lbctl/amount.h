/* SPDX-License-Identifier: MIT */
/* Numbers as a person reads them. No I/O. */
#ifndef LBPAIR_LBCTL_AMOUNT_H
#define LBPAIR_LBCTL_AMOUNT_H

#include "common/pure/base.h"

#define AMOUNT_TEXT_MAX 48

/* 999 B, 1.5 kB. Returns `buffer`. */
const char *amount_bytes(double bytes, char buffer[static AMOUNT_TEXT_MAX]);
/* 250 ms, 1.5 s, 2m05s, 3h07m, 4d02h. */
const char *amount_span(int64_t ms, char buffer[static AMOUNT_TEXT_MAX]);

#endif

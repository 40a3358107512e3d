/* SPDX-License-Identifier: MIT */
/* A strict reader of OpenMetrics 1.0 text, as far as counters, gauges, state sets and infos go. */
#ifndef LBPAIR_TESTS_UNIT_OPENMETRICS_H
#define LBPAIR_TESTS_UNIT_OPENMETRICS_H

#include "common/pure/base.h"
#include "common/pure/text.h"

#define OPENMETRICS_FAULT_MAX 256

/* True: it is in order. Else `fault` says in which line it is not, and how. */
bool openmetrics_is_good(const char *page, char fault[static OPENMETRICS_FAULT_MAX]);
/* The value of a sample, which is given as it stands in the page: `name{label="value"}`. -ENOENT. */
MUST_USE int openmetrics_value(const char *page, const char *sample, double *ret_value);

#endif

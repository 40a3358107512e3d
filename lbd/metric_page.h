/* SPDX-License-Identifier: MIT */
/* doc/metrics.md: what lbd measures, and how to come by it. */
#ifndef LBPAIR_LBD_METRIC_PAGE_H
#define LBPAIR_LBD_METRIC_PAGE_H

#include "common/pure/text.h"

/* Adds the page, in Markdown. */
void metric_page(struct text *out);

#endif

/* SPDX-License-Identifier: MIT */
/* The reference page of the metrics, from their rows. */
#ifndef LBPAIR_COMMON_MODEL_METRICS_DOC_H
#define LBPAIR_COMMON_MODEL_METRICS_DOC_H

#include "common/model/metrics.h"

/* Adds a chapter for each group, in Markdown. */
void metrics_reference(const struct metric_group *groups, size_t count, struct text *out);

#endif

/* SPDX-License-Identifier: MIT */
/* This process as its host sees it. */
#ifndef LBPAIR_LBD_PROCESS_H
#define LBPAIR_LBD_PROCESS_H

#include "lbd/metric_rows.h"

/* Takes a while where many descriptors are open: not for a thread that has better to do. What /proc hides stays 0. */
void process_look(int64_t started_at_s, struct process_sample *ret_sample);

#endif

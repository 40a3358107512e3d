/* SPDX-License-Identifier: MIT */
/* What is done again and again: progress is shown to the guardian and to systemd, and all is looked at anew. */
#ifndef LBPAIR_VRRPD_PULSE_H
#define LBPAIR_VRRPD_PULSE_H

#include "vrrpd/parts.h"

/* The next time is then, instead of when it would have been; from there on it goes by itself. */
void pulse_at(struct agent *agent, struct mono at);

#endif

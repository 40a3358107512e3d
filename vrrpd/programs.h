/* SPDX-License-Identifier: MIT */
/* The operators' programs that the configuration names, all together. */
#ifndef LBPAIR_VRRPD_PROGRAMS_H
#define LBPAIR_VRRPD_PROGRAMS_H

#include "common/model/conf.h"

/* Whether each may be run as root (script.h); -EACCES, with a line in `errors` for each that may not. */
MUST_USE int programs_check(const struct conf *conf, struct text *errors);

#endif

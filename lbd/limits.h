/* SPDX-License-Identifier: MIT */
/* The process's limit of open files, on which the number of connections hangs. */
#ifndef LBPAIR_LBD_LIMITS_H
#define LBPAIR_LBD_LIMITS_H

#include "common/model/conf.h"

/* Raises the limit as far as it may be, and warns where it leaves little room. `threads` are the workers. */
void limits_raise(const struct conf *conf, unsigned threads);

#endif

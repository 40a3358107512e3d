/* SPDX-License-Identifier: MIT */
/*
 * The operators' programs that the configuration names. vrrpd runs as root, and so do these: what somebody else can
 * write to is not run.
 */
#ifndef LBPAIR_VRRPD_PROGRAMS_H
#define LBPAIR_VRRPD_PROGRAMS_H

#include "common/model/conf.h"

/*
 * Whether the path can be run: absolute, an executable file of root's, and neither it nor a directory above it can be
 * written by others. -EACCES with the reason in `why`. Reads the file system.
 */
MUST_USE int program_check(const char *path, char *why, size_t size);
/* The same for all of the configuration; -EACCES, with a line in `errors` for each that may not. */
MUST_USE int programs_check(const struct conf *conf, struct text *errors);

#endif

/* SPDX-License-Identifier: MIT */
/* The one document of `lbctl status` out of what both daemons say of themselves. Does no I/O. */
#ifndef LBPAIR_LBCTL_STATUS_H
#define LBPAIR_LBCTL_STATUS_H

#include "common/pure/base.h"

#include <jansson.h>

/*
 * NULL stands for a daemon that does not answer. Beside the fields of the contract the document has `daemons`, what
 * each says of node, version and config_hash, and `mismatch`, the names of those in which they differ. NULL: out of
 * memory.
 */
MUST_USE json_t *status_merge(const json_t *lbd, const json_t *vrrpd);

#endif

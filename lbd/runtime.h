/* SPDX-License-Identifier: MIT */
/*
 * What operators have decided at run time, keyed by name and beside the configuration: it survives a reload, and is
 * all that the two nodes of a pair have to agree on. What was never decided is not kept and has its default.
 */
#ifndef LBPAIR_LBD_RUNTIME_H
#define LBPAIR_LBD_RUNTIME_H

#include "common/pure/base.h"

enum admin_state {
	ADMIN_ENABLED,
	ADMIN_DRAIN, /* no new connections; what is open goes on */
};

struct runtime;

MUST_USE int runtime_new(struct runtime **ret_runtime);
void runtime_free(struct runtime *runtime);

/* `server` is "POOL/SERVER". -ENOMEM. */
MUST_USE int runtime_set_admin(struct runtime *runtime, const char *server, enum admin_state admin);
enum admin_state runtime_admin(const struct runtime *runtime, const char *server);

const char *admin_name(enum admin_state admin);

#endif

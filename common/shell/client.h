/* SPDX-License-Identifier: MIT */
/* The other end of the control server, for lbctl: one request, one answer, blocking with a limit in time. */
#ifndef LBPAIR_COMMON_SHELL_CLIENT_H
#define LBPAIR_COMMON_SHELL_CLIENT_H

#include "common/pure/base.h"

#include <jansson.h>

/* A refusal may have a line for each vip. */
#define CLIENT_ERROR_MAX ((size_t)64 * 1024)

/*
 * Calls `method` on the socket at `path`, taking the reference to `params` (NULL: none). 0 and the result, owned by the
 * caller; else a negative errno and one line in `ret_error`:
 * -ENOENT, -ECONNREFUSED: no daemon answers; -ETIMEDOUT; -EREMOTEIO: the daemon refused, the line is its reason;
 * -EOPNOTSUPP: it does not know the method; -EPROTO: what came is no answer.
 */
MUST_USE int client_call(const char *path, const char *method, json_t *params, int timeout_ms, json_t **ret_result,
	char ret_error[static CLIENT_ERROR_MAX]);

#endif

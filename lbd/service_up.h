/* SPDX-License-Identifier: MIT */
/* Whether a new connection to a service would find a server. */
#ifndef LBPAIR_LBD_SERVICE_UP_H
#define LBPAIR_LBD_SERVICE_UP_H

#include "common/model/conf.h"
#include "lbd/layout.h"
#include "lbd/runtime.h"
#include "lbd/servers.h"

/* In one of its own pools or its routes'. The backup pool does not count. */
bool service_is_up(const struct layout *layout, const struct runtime *runtime, const struct servers *servers,
	const struct service_conf *service);

#endif

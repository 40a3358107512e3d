/* SPDX-License-Identifier: MIT */
/*
 * Another configuration in place of the one in use, on the thread of the adverts: what may fail is done first, so that
 * a failure changes nothing; then the vips that go say goodbye, everything is swapped in one go, and what has changed
 * is told to the network, the guardian, lbd and the peer. Vips that do not change are not touched.
 */
#ifndef LBPAIR_VRRPD_AGENT_RELOAD_H
#define LBPAIR_VRRPD_AGENT_RELOAD_H

#include "vrrpd/parts.h"

/* What of a configuration's plan is vrrpd's to tell, up to a NULL. */
extern const char *const agent_reload_sections[];

/* As common/shell/reload.h asks for them; the context is the agent. */
struct conf *agent_reload_current(void *context);
MUST_USE int agent_reload_prepare(const struct conf *conf, void **ret_prepared, struct text *errors);
void agent_reload_discard(void *prepared);
MUST_USE int agent_reload_apply(
	void *context, struct conf *conf, void *prepared, uint64_t *ret_generation, struct text *errors);

#endif

/* SPDX-License-Identifier: MIT */
/* Takes in what waits in the sockets before something is decided by silence (look.h). */
#ifndef LBPAIR_VRRPD_DRAIN_H
#define LBPAIR_VRRPD_DRAIN_H

#include "vrrpd/parts.h"

/* Takes in one slice of what had arrived by `due`. False: there may be more, ask again at once. */
bool drain_until(struct agent *agent, struct mono due);
/* When adverts were last lost because nobody took them in; {0}: never. */
struct mono drain_lost_at(const struct agent *agent);

#endif

/* SPDX-License-Identifier: MIT */
/* What the two nodes tell each other over the state port, and what follows from what the peer said. */
#ifndef LBPAIR_VRRPD_TALK_H
#define LBPAIR_VRRPD_TALK_H

#include "vrrpd/peer.h"

/* The context is the agent. */
extern const struct peer_events talk_events;

#endif

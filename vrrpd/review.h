/* SPDX-License-Identifier: MIT */
/*
 * What is known, brought together: links, lbd and the peer become the facts that each vip's state machine goes by. It
 * is done anew whenever one of them says that something changed, and with each pulse for what time alone changes.
 */
#ifndef LBPAIR_VRRPD_REVIEW_H
#define LBPAIR_VRRPD_REVIEW_H

#include "vrrpd/parts.h"

void review_vip(struct agent *agent, struct vip *vip);
void review_all(struct agent *agent);
/* What there is to give the vip doubts of its LAN. */
struct doubt review_doubt(const struct agent *agent, const struct vip *vip);
/* The forwarder as this node reports it; without services in the configuration it does not matter, and counts as well.
 */
struct forwarder_view review_forwarder(const struct agent *agent);

/* Whether they are two vips of one group. */
bool review_is_grouped(const struct vip *vip, const struct vip *other);

#endif

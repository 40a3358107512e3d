/* SPDX-License-Identifier: MIT */
/* Adverts from the socket to the vips that they are for. */
#ifndef LBPAIR_VRRPD_ADVERTS_H
#define LBPAIR_VRRPD_ADVERTS_H

#include "vrrpd/parts.h"

/* Takes in what waits in the socket, a bounded number at a time. */
void adverts_receive(struct agent *agent);

#endif

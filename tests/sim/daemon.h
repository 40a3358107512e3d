/* SPDX-License-Identifier: MIT */
/* The main process of vrrpd, on a simulated host. */
#ifndef LBPAIR_TESTS_SIM_DAEMON_H
#define LBPAIR_TESTS_SIM_DAEMON_H

#include "tests/sim/node.h"

void daemon_start(struct sim_node *node);
/* The planned end. */
void daemon_end(struct sim_node *node);
/* What came for it: taken in at once, or when it gets time again. */
void daemon_deliver(struct sim_node *node, struct sim_packet *packet);
/* So many adverts that are none come for it at once. */
void daemon_flood(struct sim_node *node, int vip, size_t count);
/* It gets time again: what waits in its sockets goes first, as in its loop. */
void daemon_wake(struct sim_node *node);
struct mono daemon_deadline(struct sim_node *node);
/* Fires the first timer that is due; false: none is. */
bool daemon_fire(struct sim_node *node);
/* Events of the kernel: the link or the address changed, lbd's process ended. */
void daemon_link_changed(struct sim_node *node);
void daemon_address_gone(struct sim_node *node, int vip);
void daemon_lbd_ended(struct sim_node *node);
/* Packets that nobody will take. */
void daemon_forget(struct sim_node *node);

#endif

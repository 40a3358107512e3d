/* SPDX-License-Identifier: MIT */
/* What a simulated host's kernel does for its processes: the address and its lease, the clocks, frames and datagrams.
 */
#ifndef LBPAIR_TESTS_SIM_KERNEL_H
#define LBPAIR_TESTS_SIM_KERNEL_H

#include "tests/sim/node.h"

int64_t kernel_real_ns(const struct sim_node *node);
void kernel_write_lease(struct sim_node *node, int vip);
void kernel_remove_address(struct sim_node *node, int vip);
/* Draws the next sequence from the page that main and guardian share, and sends. */
void kernel_send_advert(struct sim_node *node, int vip, uint8_t priority);
void kernel_send_announcement(struct sim_node *node, int vip);
/* To the other node of the pair. */
void kernel_send_datagram(struct sim_node *node, int net, const struct peer_message *message);
void kernel_send_probe(struct sim_node *node, int vip, int party);
void kernel_answer_arp(struct sim_node *node, int vip, int party);

#endif

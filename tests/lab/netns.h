/* SPDX-License-Identifier: MIT */
/* For test programs that need privilege: a network namespace of their own, which ends with them. */
#ifndef LBPAIR_TESTS_LAB_NETNS_H
#define LBPAIR_TESTS_LAB_NETNS_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"

/* Moves the process into a new namespace with its loopback up. Where that is not allowed it says so and exits 77. */
void netns_enter(void);

/* Runs a shell command, which has to succeed. */
void netns_run(const char *format, ...) PRINTF_LIKE(1, 2);

/* A veth pair, both ends up: the first is the host's, the second stands for the LAN; their interface indices. */
void netns_make_veth(const char *host, const char *lan, int *ret_host, int *ret_lan);

/* A non-blocking packet socket for the IPv4 or ARP frames (`ethertype`) that come in at that interface. */
int netns_packet_socket(int ifindex, uint16_t ethertype);

/*
 * Whether `done` says yes within `timeout_ns`; asked each millisecond. `ret_ns` may be NULL, else the time that it
 * took.
 */
bool netns_wait(bool (*done)(void *context), void *context, int64_t timeout_ns, int64_t *ret_ns);

struct ip ip_of(const char *text);
struct prefix prefix_of(const char *text);

#endif

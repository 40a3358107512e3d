/* SPDX-License-Identifier: MIT */
/*
 * IP addresses, endpoints (address and port) and prefixes as values: parsed from text, formatted, compared.
 * Text forms: 192.0.2.1, 2001:db8::1; 192.0.2.1:80, [2001:db8::1]:80; 192.0.2.0/24.
 */
#ifndef LBPAIR_COMMON_PURE_ADDR_H
#define LBPAIR_COMMON_PURE_ADDR_H

#include "common/pure/base.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* family is AF_INET (the first 4 bytes count, the rest are zero), AF_INET6, or 0 for none. */
struct ip {
	uint8_t bytes[16];
	uint8_t family;
};

struct endpoint {
	struct ip ip;
	uint16_t port; /* host order */
};

struct prefix {
	struct ip ip;
	uint8_t length; /* bits */
};

#define IP_TEXT_MAX 46
#define ENDPOINT_TEXT_MAX 56
#define PREFIX_TEXT_MAX 50

/* -EINVAL: not an address in the text form above. */
MUST_USE int ip_parse(const char *text, struct ip *ret_ip);
MUST_USE int endpoint_parse(const char *text, struct endpoint *ret_endpoint);
/* Without "/N" the length is that of a host. -EINVAL; -ERANGE: the length is too large for the family. */
MUST_USE int prefix_parse(const char *text, struct prefix *ret_prefix);

/* Write the text into `buffer` and return it, for use in an argument. */
const char *ip_text(const struct ip *ip, char buffer[static IP_TEXT_MAX]);
const char *endpoint_text(const struct endpoint *endpoint, char buffer[static ENDPOINT_TEXT_MAX]);
const char *prefix_text(const struct prefix *prefix, char buffer[static PREFIX_TEXT_MAX]);

struct ip ip_from_v4(struct in_addr address);
struct ip ip_from_v6(const struct in6_addr *address);
/* The address as the kernel's type; the family must be the right one. */
struct in_addr ip_to_v4(const struct ip *ip);
struct in6_addr ip_to_v6(const struct ip *ip);

bool ip_equal(const struct ip *a, const struct ip *b);
/* Unsigned in network order, as VRRP breaks ties; IPv4 sorts before IPv6. */
int ip_compare(const struct ip *a, const struct ip *b);
/* Whether the address lies in the prefix; another family's never does. */
bool prefix_contains(const struct prefix *prefix, const struct ip *ip);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* The unspecified address, 0.0.0.0 or ::. */
bool ip_is_any(const struct ip *ip);
/* RFC 4291 2.5.6, fe80::/10: which host it is depends on the interface. */
bool ip_is_link_local(const struct ip *ip);
/* Whether it can be the address of one host: it is neither that, nor of a group, nor of 0.0.0.0/8. */
bool ip_is_host(const struct ip *ip);
/* 4 or 16; 0 for none. */
size_t ip_size(const struct ip *ip);

/* Fill a sockaddr; returns its length. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *to);
/* -EAFNOSUPPORT: neither IPv4 nor IPv6. IPv4-mapped IPv6 addresses become IPv4. */
MUST_USE int endpoint_from_sockaddr(const struct sockaddr_storage *from, struct endpoint *ret_endpoint);

#endif

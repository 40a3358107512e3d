/* SPDX-License-Identifier: MIT */
#include "common/pure/addr.h"

#include "common/pure/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

bool ip_is_any(const struct ip *ip)
{
	static const uint8_t zeros[sizeof ip->bytes];

	return memcmp(ip->bytes, zeros, sizeof zeros) == 0;
}

bool ip_is_host(const struct ip *ip)
{
	if (ip_is_any(ip))
		return false;
	if (ip->family == AF_INET)
		return ip->bytes[0] < 224 && ip->bytes[0] != 0;
	return ip->bytes[0] != 0xff;
}

bool ip_is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

size_t ip_size(const struct ip *ip)
{
	if (ip->family == AF_INET)
		return 4;
	return ip->family == AF_INET6 ? 16 : 0;
}

int ip_parse(const char *text, struct ip *ret_ip)
{
	struct ip ip = {0};

	if (inet_pton(AF_INET, text, ip.bytes) == 1)
		ip.family = AF_INET;
	else if (inet_pton(AF_INET6, text, ip.bytes) == 1)
		ip.family = AF_INET6;
	else
		return -EINVAL;
	*ret_ip = ip;
	return 0;
}

/* Copies the part of `text` before `end` out and parses it as an address. */
static int ip_parse_part(const char *text, const char *end, struct ip *ret_ip)
{
	char part[IP_TEXT_MAX];
	size_t length = (size_t)(end - text);

	if (length >= sizeof part)
		return -EINVAL;
	memcpy(part, text, length);
	part[length] = '\0';
	return ip_parse(part, ret_ip);
}

int endpoint_parse(const char *text, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {0};
	const char *colon = strrchr(text, ':');
	const char *end = colon;
	bool bracketed = text[0] == '[';
	uint64_t port;

	if (colon == NULL)
		return -EINVAL;
	if (bracketed) {
		if (end == text || end[-1] != ']')
			return -EINVAL;
		text++;
		end--;
	}
	if (ip_parse_part(text, end, &endpoint.ip) < 0 || bracketed != (endpoint.ip.family == AF_INET6))
		return -EINVAL;
	if (text_to_u64(colon + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	endpoint.port = (uint16_t)port;
	*ret_endpoint = endpoint;
	return 0;
}

int prefix_parse(const char *text, struct prefix *ret_prefix)
{
	struct prefix prefix = {0};
	const char *slash = strchr(text, '/');
	uint64_t length;

	if (ip_parse_part(text, slash != NULL ? slash : text + strlen(text), &prefix.ip) < 0)
		return -EINVAL;
	length = ip_size(&prefix.ip) * 8;
	if (slash != NULL) {
		int r = text_to_u64(slash + 1, 0, length, &length);

		if (r < 0)
			return r;
	}
	prefix.length = (uint8_t)length;
	*ret_prefix = prefix;
	return 0;
}

const char *ip_text(const struct ip *ip, char buffer[static IP_TEXT_MAX])
{
	if (ip_size(ip) == 0 || inet_ntop(ip->family, ip->bytes, buffer, IP_TEXT_MAX) == NULL)
		strcpy(buffer, "-");
	return buffer;
}

const char *endpoint_text(const struct endpoint *endpoint, char buffer[static ENDPOINT_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];

	ip_text(&endpoint->ip, ip);
	if (endpoint->ip.family == AF_INET6)
		snprintf(buffer, ENDPOINT_TEXT_MAX, "[%s]:%u", ip, endpoint->port);
	else
		snprintf(buffer, ENDPOINT_TEXT_MAX, "%s:%u", ip, endpoint->port);
	return buffer;
}

const char *prefix_text(const struct prefix *prefix, char buffer[static PREFIX_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];

	snprintf(buffer, PREFIX_TEXT_MAX, "%s/%u", ip_text(&prefix->ip, ip), prefix->length);
	return buffer;
}

struct ip ip_from_v4(struct in_addr address)
{
	struct ip ip = {.family = AF_INET};

	memcpy(ip.bytes, &address, sizeof address);
	return ip;
}

struct ip ip_from_v6(const struct in6_addr *address)
{
	struct ip ip = {.family = AF_INET6};

	memcpy(ip.bytes, address, sizeof *address);
	return ip;
}

struct in_addr ip_to_v4(const struct ip *ip)
{
	struct in_addr address;

	assert(ip->family == AF_INET);
	memcpy(&address, ip->bytes, sizeof address);
	return address;
}

struct in6_addr ip_to_v6(const struct ip *ip)
{
	struct in6_addr address;

	assert(ip->family == AF_INET6);
	memcpy(&address, ip->bytes, sizeof address);
	return address;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, ip_size(a));
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_compare(a, b) == 0;
}

bool prefix_contains(const struct prefix *prefix, const struct ip *ip)
{
	size_t whole = prefix->length / 8;
	uint8_t mask = (uint8_t)(0xff00 >> prefix->length % 8);

	if (prefix->ip.family != ip->family || memcmp(prefix->ip.bytes, ip->bytes, whole) != 0)
		return false;
	return mask == 0 || ((prefix->ip.bytes[whole] ^ ip->bytes[whole]) & mask) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_equal(&a->ip, &b->ip);
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *to)
{
	memset(to, 0, sizeof *to);
	if (endpoint->ip.family == AF_INET) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)to;

		v4->sin_family = AF_INET;
		v4->sin_port = htons(endpoint->port);
		v4->sin_addr = ip_to_v4(&endpoint->ip);
		return sizeof *v4;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(endpoint->port);
	v6->sin6_addr = ip_to_v6(&endpoint->ip);
	return sizeof *v6;
}

int endpoint_from_sockaddr(const struct sockaddr_storage *from, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {0};

	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;

		endpoint.ip = ip_from_v4(v4->sin_addr);
		endpoint.port = ntohs(v4->sin_port);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

		endpoint.port = ntohs(v6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			endpoint.ip.family = AF_INET;
			memcpy(endpoint.ip.bytes, v6->sin6_addr.s6_addr + 12, 4);
		} else {
			endpoint.ip = ip_from_v6(&v6->sin6_addr);
		}
	} else {
		return -EAFNOSUPPORT;
	}
	*ret_endpoint = endpoint;
	return 0;
}

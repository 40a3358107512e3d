/* SPDX-License-Identifier: MIT */
/* The PROXY protocol, from those that are trusted with it. */
#include "lbd/preface.h"

#include "lbd/proxy_header.h"
#include "lbd/snapshot.h"

#include <errno.h>

static bool proxy_is_asked(const struct service_conf *service)
{
	return service->accept_proxy;
}

static bool proxy_is_due(const struct preface *preface)
{
	const struct snapshot_service *service = preface->service;

	for (size_t i = 0; i < service->proxy_from_count; i++) {
		if (prefix_contains(&service->proxy_from[i], &preface->client.ip))
			return true;
	}
	return false;
}

static int proxy_read(struct preface *preface, const uint8_t *bytes, size_t size, size_t *ret_length)
{
	struct proxy_header header;
	int r = proxy_header_read(bytes, size, &header, ret_length);

	if (r == 0 && header.client.ip.family != 0) {
		preface->client = header.client;
		preface->local = header.local;
	}
	return r;
}

const struct preface_ops preface_proxy = {
	.name = "proxy",
	.is_asked = proxy_is_asked,
	.is_due = proxy_is_due,
	.read = proxy_read,
};

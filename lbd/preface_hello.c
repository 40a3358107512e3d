/* SPDX-License-Identifier: MIT */
/* A TLS client's first message, which is looked at and left to the server. */
#include "lbd/preface.h"

#include "lbd/snapshot.h"

#include <errno.h>

static bool hello_is_asked(const struct service_conf *service)
{
	return service->route_count > 0;
}

static bool hello_is_due(const struct preface *preface)
{
	return preface->service->routes != NULL;
}

/* What is no such message takes no route, which is for the service to answer, and no mistake. */
static int hello_read(struct preface *preface, const uint8_t *bytes, size_t size, size_t *ret_length)
{
	const struct snapshot_service *service = preface->service;
	struct client_hello hello;
	size_t route = ROUTES_NONE;
	int r = client_hello_read(bytes, size, &hello);

	if (r == -EAGAIN)
		return r;
	if (r == 0 && service->routes != NULL)
		route = routes_find(service->routes, &hello);
	if (route != ROUTES_NONE)
		preface->pool = service->route_pools[route];
	*ret_length = 0;
	return 0;
}

const struct preface_ops preface_hello = {
	.name = "hello",
	.is_optional = true,
	.is_asked = hello_is_asked,
	.is_due = hello_is_due,
	.read = hello_read,
};

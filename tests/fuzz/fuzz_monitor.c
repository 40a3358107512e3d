/* SPDX-License-Identifier: MIT */
/*
 * Messages of rtnetlink: whatever they hold, what is handed on has its name ended and its address in bounds, and a
 * gateway is a host.
 */
#include "tests/fuzz/fuzz.h"

#include "vrrpd/monitor.h"
#include "vrrpd/route.h"

#include <errno.h>
#include <string.h>

static void check_change(void *context, const struct monitor_change *change)
{
	size_t *count = context;

	++*count;
	switch (change->kind) {
	case MONITOR_LINK:
	case MONITOR_LINK_GONE:
		FUZZ_CHECK(change->link.ifindex > 0);
		FUZZ_CHECK(memchr(change->link.name, '\0', sizeof change->link.name) != NULL);
		break;
	case MONITOR_ADDRESS:
	case MONITOR_ADDRESS_GONE:
		FUZZ_CHECK(change->ifindex > 0);
		FUZZ_CHECK(change->address.ip.family == AF_INET || change->address.ip.family == AF_INET6);
		FUZZ_CHECK(change->address.length <= 8 * ip_size(&change->address.ip));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of the very size, aligned as a socket's buffer is. */
	AUTO_FREE uint8_t *bytes = malloc(MAX(size, (size_t)1));
	struct ip gateway;
	size_t count = 0;
	int r;

	FUZZ_CHECK(bytes != NULL);
	if (size > 0)
		memcpy(bytes, data, size);
	r = monitor_decode(bytes, size, check_change, &count);
	FUZZ_CHECK(r <= 1 && r >= -4095);
	FUZZ_CHECK(count <= size / 16);
	if (route_decode(bytes, size, &gateway))
		FUZZ_CHECK(size >= 16 + ip_size(&gateway) && ip_is_host(&gateway));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a client of a service with routes may send: with more bytes of it an answer once given stays, a name is one in
 * its one form, and whatever stands there can be looked up.
 */
#include "tests/fuzz/fuzz.h"

#include "lbd/client_hello.h"
#include "lbd/routes.h"

#include <errno.h>
#include <string.h>

static void check_hello(const struct client_hello *hello)
{
	static const char *const names[] = {"*.example.com", "shop.example.com", "*"};
	static const char *const protocols[] = {"h2"};
	static const struct route_conf list[] = {
		{.server_names = names, .server_name_count = 2},
		{.server_names = names + 2, .server_name_count = 1, .alpn = protocols, .alpn_count = 1},
	};
	char again[SERVER_NAME_MAX + 1];
	struct routes *routes;

	if (*hello->name != '\0') {
		FUZZ_CHECK(server_name_read(hello->name, strlen(hello->name), again) == 0);
		FUZZ_CHECK(strcmp(again, hello->name) == 0);
	}
	FUZZ_CHECK(hello->protocols_size <= sizeof hello->protocols);
	if (routes_new(list, ARRAY_LEN(list), &routes) < 0)
		return;
	if (routes_find(routes, hello) == 1)
		FUZZ_CHECK(client_hello_offers(hello, "h2"));
	routes_unref(routes);
}

/* In memory of just that size. */
static int read_exactly(const uint8_t *data, size_t size, struct client_hello *ret_hello)
{
	uint8_t *copy = malloc(MAX(size, (size_t)1));
	int r;

	FUZZ_CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	r = client_hello_read(copy, size, ret_hello);
	free(copy);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client_hello whole, part;
	int r = read_exactly(data, size, &whole);

	FUZZ_CHECK(r == 0 || r == -EAGAIN || r == -EBADMSG || r == -EMSGSIZE);
	if (r == 0)
		check_hello(&whole);
	for (size_t cut = 0; cut < size; cut += 1 + size / 64) {
		int early = read_exactly(data, cut, &part);

		FUZZ_CHECK(early == -EAGAIN || early == r);
		FUZZ_CHECK(early != 0 || strcmp(part.name, whole.name) == 0);
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a proxy in front may send: a header is found at the same place, with the same content, however it is cut, ends
 * within its bound, and what was refused once stays so.
 */
#include "tests/fuzz/fuzz.h"

#include "lbd/proxy_header.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, part;
	size_t length = 0, again = 0;
	int r = proxy_header_read(data, size, &whole, &length);

	FUZZ_CHECK(r == 0 || r == -EAGAIN || r == -EBADMSG);
	FUZZ_CHECK(r != -EAGAIN || size < PROXY_HEADER_READ_MAX);
	if (r == 0) {
		FUZZ_CHECK(length > 0 && length <= size && length <= PROXY_HEADER_READ_MAX);
		FUZZ_CHECK((whole.client.ip.family == 0) == (whole.local.ip.family == 0));
		FUZZ_CHECK(proxy_header_read(data, length, &part, &again) == 0 && again == length);
		FUZZ_CHECK(endpoint_equal(&whole.client, &part.client) && endpoint_equal(&whole.local, &part.local));
	}
	for (size_t cut = 0; cut < MIN(size, r == 0 ? length : size); cut++) {
		int early = proxy_header_read(data, cut, &part, &again);

		FUZZ_CHECK(early == -EAGAIN || (early == -EBADMSG && r == -EBADMSG));
	}
	return 0;
}

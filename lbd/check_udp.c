/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

#include <stdio.h>
#include <string.h>

static void udp_request(const struct check_conf *conf, const struct endpoint *server, struct text *out)
{
	(void)server;
	text_add_bytes(out, conf->send.data, conf->send.size);
}

static enum check_progress udp_feed(union check_state *state, const struct check_conf *conf, const void *bytes,
	size_t count, char text[static CHECK_TEXT_MAX])
{
	bool found = conf->expect.size == 0 || memmem(bytes, count, conf->expect.data, conf->expect.size) != NULL;

	(void)state;
	snprintf(text, CHECK_TEXT_MAX, found ? "answered" : "answered without the expected bytes");
	return found ? CHECK_PASSED : CHECK_FAILED;
}

/* A datagram is sent; an answer may be expected, and a refusal by ICMP is none. */
const struct check_ops check_udp = {
	.name = "udp",
	.carrier = CHECK_BY_DATAGRAM,
	.request = udp_request,
	.feed = udp_feed,
};

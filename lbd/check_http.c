/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

#include <stdio.h>

static void http_request(const struct check_conf *conf, const struct endpoint *server, struct text *out)
{
	char address[ENDPOINT_TEXT_MAX] = "localhost";

	/* Else it is a Unix socket. */
	if (server->ip.family != 0)
		endpoint_text(server, address);
	text_addf(out,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lbpair/" PACKAGE_VERSION
		"\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		conf->path, *conf->host != '\0' ? conf->host : address);
}

static bool http_wants_tls(const struct check_conf *conf)
{
	return conf->tls;
}

static void http_begin(union check_state *state, const struct check_conf *conf)
{
	http_response_init(&state->http, conf->expect_body);
}

static enum check_progress judge(
	const struct http_response *response, const struct check_conf *conf, char text[static CHECK_TEXT_MAX])
{
	if (response->status < conf->expect_status_min || response->status > conf->expect_status_max) {
		snprintf(text, CHECK_TEXT_MAX, "HTTP %u where %u-%u is expected", response->status,
			conf->expect_status_min, conf->expect_status_max);
		return CHECK_FAILED;
	}
	if (*conf->expect_body != '\0' && !response->found) {
		snprintf(text, CHECK_TEXT_MAX, "HTTP %u without the expected body", response->status);
		return CHECK_FAILED;
	}
	snprintf(text, CHECK_TEXT_MAX, "HTTP %u", response->status);
	return CHECK_PASSED;
}

static enum check_progress http_feed(union check_state *state, const struct check_conf *conf, const void *bytes,
	size_t count, char text[static CHECK_TEXT_MAX])
{
	struct http_response *response = &state->http;

	switch (count > 0 ? http_response_feed(response, bytes, count) : http_response_end(response)) {
	case HTTP_MORE:
		return CHECK_MORE;
	case HTTP_DONE:
		return judge(response, conf, text);
	case HTTP_BAD:
		break;
	}
	snprintf(text, CHECK_TEXT_MAX, "%s", response->error);
	return CHECK_FAILED;
}

const struct check_ops check_http = {
	.name = "http",
	.carrier = CHECK_BY_STREAM,
	.wants_tls = http_wants_tls,
	.request = http_request,
	.begin = http_begin,
	.feed = http_feed,
};

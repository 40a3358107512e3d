/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

#include "common/pure/mono.h"

#include <stdio.h>
#include <string.h>

const struct check_ops *const check_table[] = {
	[CHECK_NONE] = NULL,
	[CHECK_TCP] = &check_tcp,
	[CHECK_TLS] = &check_tls,
	[CHECK_HTTP] = &check_http,
	[CHECK_SCRIPT] = &check_script,
	[CHECK_UDP] = &check_udp,
	[CHECK_AGENT] = &check_agent,
};
static_assert(ARRAY_LEN(check_table) == CHECK_COUNT, "a row is missing");

bool check_wants_tls(const struct check_conf *conf)
{
	const struct check_ops *ops = check_table[conf->kind];

	return ops != NULL && ops->wants_tls != NULL && ops->wants_tls(conf);
}

/* What does not go with a kind of check is NULL. */
static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_bytes(const struct bytes_conf *a, const struct bytes_conf *b)
{
	return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static_assert(sizeof(struct check_conf) == 136, "check_conf_equal has to look at the new field as well");

bool check_conf_equal(const struct check_conf *a, const struct check_conf *b)
{
	return a->kind == b->kind && a->interval_ns == b->interval_ns && a->timeout_ns == b->timeout_ns &&
	       a->rise == b->rise && a->fall == b->fall && a->port == b->port && same_text(a->host, b->host) &&
	       a->tls == b->tls && a->verify == b->verify && same_text(a->ca_file, b->ca_file) &&
	       same_text(a->path, b->path) && a->expect_status_min == b->expect_status_min &&
	       a->expect_status_max == b->expect_status_max && same_text(a->expect_body, b->expect_body) &&
	       same_text(a->command, b->command) && same_text(a->argument, b->argument) &&
	       same_bytes(&a->send, &b->send) && same_bytes(&a->expect, &b->expect);
}

const char *check_result_text(
	const struct check_result *result, int64_t took_ns, char text[static CHECK_RESULT_TEXT_MAX])
{
	char took[32] = "";

	if (result->passed)
		snprintf(took, sizeof took, " in %lld ms", (long long)(took_ns / NS_PER_MS));
	snprintf(text, CHECK_RESULT_TEXT_MAX, "%s%s%s", result->what, took, result->more);
	return text;
}

void check_result_error(struct check_result *result, int error)
{
	const char *name = strerrordesc_np(error);

	result->passed = false;
	snprintf(result->what, sizeof result->what, "%s", name != NULL ? name : "unknown error");
	if (result->what[0] >= 'A' && result->what[0] <= 'Z')
		result->what[0] = (char)(result->what[0] - 'A' + 'a');
}

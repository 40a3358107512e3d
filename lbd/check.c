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

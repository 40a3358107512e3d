/* SPDX-License-Identifier: MIT */
#include "lbctl/deploy.h"

#include "common/model/pool_share.h"
#include "common/pure/text.h"
#include "common/system/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* It is done when every worker goes by it. */
#define DECIDE_TIMEOUT_MS 10000
#define QUERY_TIMEOUT_MS 5000
/* While it is waited for the last connection's end: how often that is asked, and told at most. */
#define WAIT_LOOK_MS 100
#define WAIT_TELL_NS NS_PER_S
#define PACE_MAX 1000000

/* Calls the method and prints what it says; lbd says there that it holds on its node alone. */
static enum lbctl_exit decide(const struct invocation *invocation, const char *method, json_t *params)
{
	json_t *result = NULL;
	enum lbctl_exit r = daemon_call(invocation, DAEMON_LBD, method, params, DECIDE_TIMEOUT_MS, &result);

	return r == LBCTL_DONE ? print_field(result, "message") : r;
}

/* Servers. */

static bool is_server(const char *word)
{
	const char *slash = strchr(word, '/');

	if (slash != NULL && slash != word && slash[1] != '\0')
		return true;
	complain("'%s' is no POOL/SERVER", word);
	return false;
}

static enum lbctl_exit set_server(const struct invocation *invocation, const char *method)
{
	const char *server = invocation->words[0];

	if (!is_server(server))
		return LBCTL_USAGE;
	return decide(invocation, method, json_pack("{ss}", "server", server));
}

enum lbctl_exit verb_enable(const struct invocation *invocation)
{
	return set_server(invocation, "enable");
}

enum lbctl_exit verb_disable(const struct invocation *invocation)
{
	return set_server(invocation, "disable");
}

enum lbctl_exit verb_weight(const struct invocation *invocation)
{
	const char *server = invocation->words[0];
	uint64_t weight;

	if (!is_server(server))
		return LBCTL_USAGE;
	if (text_to_u64(invocation->words[1], 0, 256, &weight) < 0) {
		complain("'%s' is no weight: write a number from 0 to 256", invocation->words[1]);
		return LBCTL_USAGE;
	}
	return decide(invocation, "weight", json_pack("{ss sI}", "server", server, "weight", (json_int_t)weight));
}

/* "50/s"; 0 where the option is not given. */
static bool read_pace(const char *text, uint64_t *ret_pace)
{
	size_t length = text != NULL ? strlen(text) : 0;
	char number[16];

	*ret_pace = 0;
	if (text == NULL)
		return true;
	if (length > 2 && length - 2 < sizeof number && strcmp(text + length - 2, "/s") == 0) {
		memcpy(number, text, length - 2);
		number[length - 2] = '\0';
		if (text_to_u64(number, 1, PACE_MAX, ret_pace) == 0)
			return true;
	}
	complain("'%s' is no pace: write so many connections a second as 50/s, up to %d/s", text, PACE_MAX);
	return false;
}

/* 0: it is not limited. */
static bool read_limit(const char *text, int64_t *ret_limit_ns)
{
	*ret_limit_ns = 0;
	if (text == NULL || *text == '\0' || text_to_span_ns(text, ret_limit_ns) == 0)
		return true;
	complain("'%s' is no time: write one with its unit ms, s, m or h as 30s", text);
	return false;
}

/* How many connections the server has open, and whether it still is one that gets no new ones. */
static enum lbctl_exit ask_open(
	const struct invocation *invocation, const char *server, json_int_t *ret_open, bool *ret_out)
{
	json_t *result = NULL, *params = json_pack("{ss}", "server", server);
	enum lbctl_exit r = daemon_call(invocation, DAEMON_LBD, "server", params, QUERY_TIMEOUT_MS, &result);
	const char *admin = json_string_value(json_object_get(result, "admin"));

	if (r != LBCTL_DONE)
		return r;
	*ret_open = json_integer_value(json_object_get(result, "connections"));
	*ret_out = admin != NULL && strcmp(admin, "enabled") != 0;
	json_decref(result);
	return LBCTL_DONE;
}

struct progress {
	const char *server;
	json_int_t told;
	struct mono told_at;
};

static void tell_progress(struct progress *progress, json_int_t open, struct mono now)
{
	if (open == progress->told || (open > 0 && mono_diff(now, progress->told_at) < WAIT_TELL_NS))
		return;
	progress->told = open;
	progress->told_at = now;
	printf("%s: %lld open\n", progress->server, (long long)open);
	(void)fflush(stdout);
}

static enum lbctl_exit wait_for_last(const struct invocation *invocation, const char *server, int64_t limit_ns)
{
	struct mono began = clock_mono(), now = began;
	struct progress progress = {.server = server, .told = -1, .told_at = {INT64_MIN / 2}};
	json_int_t open = 0;

	for (;;) {
		bool out;
		enum lbctl_exit r = ask_open(invocation, server, &open, &out);

		if (r != LBCTL_DONE)
			return r;
		tell_progress(&progress, open, now);
		if (open == 0)
			return LBCTL_DONE;
		if (!out) {
			complain("%s has been enabled again meanwhile", server);
			return LBCTL_FAILED;
		}
		if (limit_ns > 0 && mono_diff(now, began) >= limit_ns)
			break;
		(void)poll(NULL, 0, WAIT_LOOK_MS);
		now = clock_mono();
	}
	complain("%s has %lld open still; it gets no new ones", server, (long long)open);
	return LBCTL_FAILED;
}

enum lbctl_exit verb_drain(const struct invocation *invocation)
{
	const char *server = invocation->words[0], *wait = invocation_option(invocation, "wait");
	enum lbctl_exit r;
	int64_t limit_ns;
	uint64_t pace;

	if (!is_server(server) || !read_pace(invocation_option(invocation, "pace"), &pace) ||
		!read_limit(wait, &limit_ns))
		return LBCTL_USAGE;
	r = decide(invocation, "drain", json_pack("{ss sI}", "server", server, "pace", (json_int_t)pace));
	(void)fflush(stdout);
	return r == LBCTL_DONE && wait != NULL ? wait_for_last(invocation, server, limit_ns) : r;
}

/* Services. */

static bool is_forced(const struct invocation *invocation)
{
	return invocation_option(invocation, "force") != NULL;
}

enum lbctl_exit verb_switch(const struct invocation *invocation)
{
	return decide(invocation, "switch",
		json_pack("{ss ss sb}", "service", invocation->words[0], "pool", invocation->words[1], "force",
			is_forced(invocation)));
}

enum lbctl_exit verb_rollback(const struct invocation *invocation)
{
	return decide(invocation, "rollback",
		json_pack("{ss sb}", "service", invocation->words[0], "force", is_forced(invocation)));
}

enum lbctl_exit verb_split(const struct invocation *invocation)
{
	json_t *pools = json_array();

	for (size_t i = 1; i < LBCTL_WORDS_MAX && invocation->words[i] != NULL; i++) {
		struct pool_share share;

		if (strchr(invocation->words[i], ':') == NULL || pool_share_parse(invocation->words[i], &share) < 0) {
			complain("'%s' is no POOL:N, with N from 0 to %d", invocation->words[i], POOL_SHARE_MAX);
			json_decref(pools);
			return LBCTL_USAGE;
		}
		json_array_append_new(pools, json_string(invocation->words[i]));
	}
	return decide(invocation, "split",
		json_pack(
			"{ss so sb}", "service", invocation->words[0], "pools", pools, "force", is_forced(invocation)));
}

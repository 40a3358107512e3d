/* SPDX-License-Identifier: MIT */
#include "lbctl/commands.h"

#include "common/model/conf.h"
#include "common/pure/text.h"
#include "common/shell/daemon.h"
#include "lbctl/status.h"
#include "lbctl/status_text.h"

#include <stdio.h>
#include <string.h>

/* A daemon that lives answers from memory; one that does not is not waited for at night. */
#define QUERY_TIMEOUT_MS 2000
/* The peer has to confirm, and to take over. */
#define FAILOVER_TIMEOUT_MS 30000
#define EVENTS_TIMEOUT_MS 15000

/* Loads the file; on failure its errors are on stderr. */
static enum lbctl_exit load(const char *path, struct conf **ret_conf)
{
	AUTO_TEXT errors = {0};

	if (conf_load(path, ret_conf, &errors) == 0)
		return LBCTL_DONE;
	fputs(text_get(&errors), stderr);
	return LBCTL_FAILED;
}

enum lbctl_exit verb_check(const struct invocation *invocation)
{
	const char *path = invocation->words[0] != NULL ? invocation->words[0] : DAEMON_CONFIG;
	struct conf *conf = NULL;
	enum lbctl_exit result = load(path, &conf);

	if (result == LBCTL_DONE)
		puts("ok");
	conf_free(conf);
	return result;
}

static enum lbctl_exit show_file(const char *path)
{
	AUTO_TEXT text = {0};
	struct conf *conf = NULL;
	enum lbctl_exit result = load(path, &conf);

	if (result == LBCTL_DONE) {
		conf_show(conf, &text);
		fputs(text_get(&text), stdout);
	}
	conf_free(conf);
	return result;
}

enum lbctl_exit verb_config_show(const struct invocation *invocation)
{
	if (invocation->words[0] != NULL)
		return show_file(invocation->words[0]);
	for (int id = 0; id < DAEMON_COUNT; id++) {
		json_t *result = NULL;

		if (daemon_call(invocation, (enum daemon_id)id, "config", NULL, QUERY_TIMEOUT_MS, &result) ==
			LBCTL_DONE)
			return print_field(result, "text");
	}
	complain("this is the file " DAEMON_CONFIG ", as no daemon answers");
	return show_file(DAEMON_CONFIG);
}

/* Status. */

static void print_status(const json_t *status, bool as_json)
{
	AUTO_TEXT page = {0};

	if (as_json) {
		(void)json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		status_text(status, wants_colour(), &page);
		fputs(text_get(&page), stdout);
	}
}

enum lbctl_exit verb_status(const struct invocation *invocation)
{
	json_t *halves[DAEMON_COUNT] = {NULL};
	enum lbctl_exit worst = LBCTL_DONE;
	bool any = false;
	json_t *status;

	for (int id = 0; id < DAEMON_COUNT; id++) {
		enum lbctl_exit r =
			daemon_call(invocation, (enum daemon_id)id, "status", NULL, QUERY_TIMEOUT_MS, &halves[id]);

		any |= r == LBCTL_DONE;
		/* What is there but refuses tells more than what is not there. */
		if (worst != LBCTL_FAILED && r != LBCTL_DONE)
			worst = r;
	}
	if (!any)
		return worst;
	status = status_merge(halves[DAEMON_LBD], halves[DAEMON_VRRPD]);
	if (status != NULL)
		print_status(status, invocation_option(invocation, "json") != NULL);
	else
		complain("out of memory");
	json_decref(halves[DAEMON_LBD]);
	json_decref(halves[DAEMON_VRRPD]);
	json_decref(status);
	return status != NULL ? LBCTL_DONE : LBCTL_FAILED;
}

/* What changes something. */

enum lbctl_exit verb_failover(const struct invocation *invocation)
{
	json_t *params = json_pack("{ss* ss* sb}", "vip", invocation->words[0], "to",
		invocation_option(invocation, "to"), "dry_run", invocation_option(invocation, "dry-run") != NULL);
	json_t *result = NULL;
	enum lbctl_exit r = daemon_call(invocation, DAEMON_VRRPD, "failover", params, FAILOVER_TIMEOUT_MS, &result);

	return r == LBCTL_DONE ? print_field(result, "message") : r;
}

enum lbctl_exit verb_maintenance(const struct invocation *invocation)
{
	const char *word = invocation->words[0];
	json_t *result = NULL;
	enum lbctl_exit r;

	if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0) {
		complain("'%s' is neither on nor off", word);
		return LBCTL_USAGE;
	}
	r = daemon_call(invocation, DAEMON_VRRPD, "maintenance", json_pack("{sb}", "on", strcmp(word, "on") == 0),
		FAILOVER_TIMEOUT_MS, &result);
	return r == LBCTL_DONE ? print_field(result, "message") : r;
}

enum lbctl_exit verb_explain(const struct invocation *invocation)
{
	json_t *params = json_pack("{ss*}", "vip", invocation->words[0]);
	json_t *result = NULL;
	enum lbctl_exit r = daemon_call(invocation, DAEMON_VRRPD, "explain", params, QUERY_TIMEOUT_MS, &result);

	return r == LBCTL_DONE ? print_field(result, "text") : r;
}

/* Prints the events of an answer; false where it is none. */
static bool print_events(const json_t *result, json_int_t *ret_next, bool *ret_any)
{
	const json_t *list = json_object_get(result, "events");
	const json_t *next = json_object_get(result, "next");
	json_int_t lost = json_integer_value(json_object_get(result, "lost"));

	if (!json_is_array(list) || !json_is_integer(next))
		return false;
	if (lost > 0)
		complain("%lld events are forgotten already", (long long)lost);
	for (size_t i = 0; i < json_array_size(list); i++) {
		(void)json_dumpf(json_array_get(list, i), stdout, JSON_COMPACT);
		putchar('\n');
	}
	*ret_next = json_integer_value(next);
	*ret_any = json_array_size(list) > 0;
	return true;
}

enum lbctl_exit verb_events(const struct invocation *invocation)
{
	bool follow = invocation_option(invocation, "follow") != NULL;
	json_int_t next = -1;
	bool any = true;

	/* Who follows is given ten seconds of silence at the most by the daemon, and asks anew. */
	while (any || follow) {
		json_t *params = next < 0 ? json_object() : json_pack("{sI sb}", "after", next, "wait", follow);
		json_t *result = NULL;
		enum lbctl_exit r = daemon_call(invocation, DAEMON_VRRPD, "events", params, EVENTS_TIMEOUT_MS, &result);
		bool good;

		if (r != LBCTL_DONE)
			return r;
		good = print_events(result, &next, &any);
		json_decref(result);
		if (!good) {
			complain("the answer has no events: the daemon may be of another version");
			return LBCTL_FAILED;
		}
		/* The reader may have gone. */
		if (fflush(stdout) != 0)
			return LBCTL_FAILED;
	}
	return LBCTL_DONE;
}

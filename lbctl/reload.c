/* SPDX-License-Identifier: MIT */
#include "lbctl/commands.h"

#include "common/pure/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A large configuration takes a second to read, on a busy machine some. */
#define RELOAD_TIMEOUT_MS 60000

/* Whether the line, of that length, is one of `told`. */
static bool is_told(const struct text *told, const char *line, size_t length)
{
	const char *at = text_get(told);

	while (*at != '\0') {
		size_t size = strcspn(at, "\n");

		if (size == length && strncmp(at, line, size) == 0)
			return true;
		at += size + (at[size] == '\n');
	}
	return false;
}

/* Of what concerns both daemons, the log's level for one, the first has told. */
static void print_plan(const char *plan, struct text *told)
{
	while (*plan != '\0') {
		size_t length = strcspn(plan, "\n");

		if (strchr("+~-!", *plan) == NULL || !is_told(told, plan, length))
			printf("%.*s\n", (int)length, plan);
		text_add_bytes(told, plan, length);
		text_add(told, "\n");
		plan += length + (plan[length] == '\n');
	}
}

/* Prints the plan, or why there is none. */
static enum lbctl_exit print_answer(enum daemon_id id, const json_t *result, struct text *told)
{
	const char *plan = json_string_value(json_object_get(result, "plan"));
	const char *errors = json_string_value(json_object_get(result, "errors"));

	if (plan == NULL || errors == NULL) {
		complain("the answer of %s has no plan: it may be of another version", daemon_name(id));
		return LBCTL_FAILED;
	}
	fputs(errors, stderr);
	if (!json_is_true(json_object_get(result, "done"))) {
		complain("%s has not reloaded, nothing has changed there", daemon_name(id));
		return LBCTL_FAILED;
	}
	printf("%s:\n", daemon_name(id));
	print_plan(plan, told);
	return LBCTL_DONE;
}

/* LBCTL_NO_DAEMON is said by the caller, who knows whether it matters. */
static enum lbctl_exit reload_one(const struct invocation *invocation, enum daemon_id id, struct text *told)
{
	bool dry_run = invocation_option(invocation, "dry-run") != NULL;
	char error[CLIENT_ERROR_MAX];
	json_t *result = NULL;
	int r = daemon_ask(
		invocation, id, "reload", json_pack("{s:b}", "dry_run", dry_run), RELOAD_TIMEOUT_MS, &result, error);
	enum lbctl_exit exit = LBCTL_FAILED;

	switch (r) {
	case 0:
		exit = print_answer(id, result, told);
		break;
	case -EOPNOTSUPP:
		/* Nothing of it has failed. */
		complain("%s of this version takes a new configuration by a restart", daemon_name(id));
		exit = LBCTL_DONE;
		break;
	case -ENOENT:
	case -ECONNREFUSED:
		exit = LBCTL_NO_DAEMON;
		break;
	case -EREMOTEIO:
		complain("%s: %s", daemon_name(id), error);
		break;
	default:
		complain("%s does not answer: %s", daemon_name(id), error);
	}
	json_decref(result);
	return exit;
}

enum lbctl_exit verb_reload(const struct invocation *invocation)
{
	enum lbctl_exit worst = LBCTL_DONE;
	unsigned absent = 0;
	AUTO_TEXT told = {0};

	for (int id = 0; id < DAEMON_COUNT; id++) {
		enum lbctl_exit r = reload_one(invocation, (enum daemon_id)id, &told);

		if (r == LBCTL_NO_DAEMON)
			absent++;
		else if (r != LBCTL_DONE)
			worst = r;
	}
	if (absent < DAEMON_COUNT)
		return worst;
	complain("no daemon answers in %s", invocation->run_dir);
	return LBCTL_NO_DAEMON;
}

/* SPDX-License-Identifier: MIT */
#include "lbctl/lbctl.h"

#include "common/pure/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const daemon_names[] = {
	[DAEMON_LBD] = "lbd",
	[DAEMON_VRRPD] = "vrrpd",
};
static_assert(ARRAY_LEN(daemon_names) == DAEMON_COUNT, "a row is missing");

const char *daemon_name(enum daemon_id id)
{
	return daemon_names[id];
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
	for (size_t i = 0; i < LBCTL_OPTIONS_MAX && invocation->verb->options[i].name != NULL; i++) {
		if (strcmp(invocation->verb->options[i].name, name) == 0)
			return invocation->values[i];
	}
	assert(false);
	return NULL;
}

bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"); /* no-color.org */
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0') && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0;
}

void complain(const char *format, ...)
{
	va_list arguments;

	fputs("lbctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static enum lbctl_exit exit_for(int error)
{
	switch (error) {
	case 0:
		return LBCTL_DONE;
	case -ENOENT:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ETIMEDOUT:
		return LBCTL_NO_DAEMON;
	default:
		return LBCTL_FAILED;
	}
}

int daemon_ask(const struct invocation *invocation, enum daemon_id id, const char *method, json_t *params,
	int timeout_ms, json_t **ret_result, char ret_error[static CLIENT_ERROR_MAX])
{
	AUTO_TEXT path = {0};

	text_addf(&path, "%s/%s.sock", invocation->run_dir, daemon_name(id));
	return client_call(text_get(&path), method, params, timeout_ms, ret_result, ret_error);
}

enum lbctl_exit daemon_call(const struct invocation *invocation, enum daemon_id id, const char *method, json_t *params,
	int timeout_ms, json_t **ret_result)
{
	char error[CLIENT_ERROR_MAX];
	int r = daemon_ask(invocation, id, method, params, timeout_ms, ret_result, error);

	if (r == -EREMOTEIO || r == -EOPNOTSUPP)
		complain("%s: %s", daemon_name(id), error);
	else if (r < 0)
		complain("%s does not answer: %s", daemon_name(id), error);
	return exit_for(r);
}

enum lbctl_exit print_field(json_t *result, const char *key)
{
	const char *text = json_string_value(json_object_get(result, key));
	size_t length = text != NULL ? strlen(text) : 0;

	if (text == NULL) {
		complain("the answer has no %s: the daemon may be of another version", key);
		json_decref(result);
		return LBCTL_FAILED;
	}
	printf("%s%s", text, length > 0 && text[length - 1] == '\n' ? "" : "\n");
	json_decref(result);
	return LBCTL_DONE;
}

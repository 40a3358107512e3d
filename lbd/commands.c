/* SPDX-License-Identifier: MIT */
#include "lbd/commands.h"

#include "common/pure/list.h"
#include "common/shell/control.h"
#include "common/shell/daemon.h"

#include <errno.h>
#include <string.h>

/* An answer that is given when the workers have carried a generation out. */
struct waiting {
	struct list link;
	struct control_call *call;
	json_t *result;
	uint64_t generation;
};

struct commands {
	struct commands_setup setup;
	struct control_server *server;
	struct list waiting; /* in the order of their generations */
};

static void answer_waiting(void *context)
{
	struct commands *commands = context;
	uint64_t applied = director_applied(commands->setup.director);

	while (!list_is_empty(&commands->waiting)) {
		struct waiting *first = LIST_ENTRY(commands->waiting.next, struct waiting, link);

		if (first->generation > applied)
			return;
		list_remove(&first->link);
		control_reply(first->call, first->result);
		free(first);
	}
}

static void reply_when_applied(
	struct commands *commands, struct control_call *call, json_t *result, uint64_t generation)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	if (waiting == NULL) {
		control_reply(call, result);
		return;
	}
	*waiting = (struct waiting){.call = call, .result = result, .generation = generation};
	list_append(&commands->waiting, &waiting->link);
	answer_waiting(commands);
}

static void on_status(struct control_call *call, const json_t *params, void *context)
{
	const struct commands *commands = context;

	(void)params;
	control_reply(call, status_json(commands->setup.director, &commands->setup.identity));
}

static void on_config(struct control_call *call, const json_t *params, void *context)
{
	const struct commands *commands = context;
	AUTO_TEXT text = {0};

	(void)params;
	conf_show(director_conf(commands->setup.director), &text);
	control_reply(call, text.failed ? NULL : json_pack("{s:s}", "text", text_get(&text)));
}

static void set_admin(struct control_call *call, const json_t *params, struct commands *commands,
	enum admin_state admin, const char *done)
{
	const char *server = control_string(params, "server");
	uint64_t generation;
	int r;

	if (server == NULL) {
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which server: POOL/SERVER");
		return;
	}
	r = director_set_admin(commands->setup.director, server, admin, &generation);
	if (r == -ENOENT) {
		control_refuse(
			call, CONTROL_REFUSED, "there is no server %s (POOL/SERVER, as in `lbctl status`)", server);
		return;
	}
	if (r < 0) {
		control_refuse(call, CONTROL_REFUSED, "%s", strerrordesc_np(-r));
		return;
	}
	reply_when_applied(commands, call,
		json_pack("{s:o}", "message",
			json_sprintf("%s: %s, on this node (%s) alone", server, done, commands->setup.identity.node)),
		generation);
}

static void on_drain(struct control_call *call, const json_t *params, void *context)
{
	set_admin(call, params, context, ADMIN_DRAIN, "no new connections");
}

static void on_enable(struct control_call *call, const json_t *params, void *context)
{
	set_admin(call, params, context, ADMIN_ENABLED, "enabled");
}

/* Addresses as text, also with a prefix length. -EINVAL. */
static int read_addresses(const json_t *list, struct ip addresses[static ROLE_ADDRESSES_MAX], size_t *ret_count)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count > ROLE_ADDRESSES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct prefix prefix;

		if (text == NULL || prefix_parse(text, &prefix) < 0)
			return -EINVAL;
		addresses[i] = prefix.ip;
	}
	*ret_count = count;
	return 0;
}

static void on_role(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;
	const char *vip = control_string(params, "vip");
	const char *state = control_string(params, "state");
	struct ip addresses[ROLE_ADDRESSES_MAX];
	size_t count;
	uint64_t generation;
	int r;

	if (vip == NULL || state == NULL || strlen(vip) >= ROLE_NAME_MAX || strlen(state) >= ROLE_NAME_MAX ||
		read_addresses(json_object_get(params, "addresses"), addresses, &count) < 0) {
		control_refuse(call, CONTROL_INVALID_PARAMS, "a role is vip, state and addresses");
		return;
	}
	r = director_set_role(commands->setup.director, vip, state, addresses, count, &generation);
	if (r < 0)
		control_refuse(call, CONTROL_REFUSED, "%s", strerrordesc_np(-r));
	else
		reply_when_applied(commands, call, json_object(), generation);
}

static const struct control_command command_table[] = {
	{"status", on_status},
	{"config", on_config},
	{"drain", on_drain},
	{"enable", on_enable},
	{"role", on_role},
	{0},
};

int commands_new(const struct commands_setup *setup, struct commands **ret_commands)
{
	struct commands *commands = calloc(1, sizeof *commands);
	AUTO_TEXT path = {0};
	int r;

	if (commands == NULL)
		return -ENOMEM;
	commands->setup = *setup;
	list_init(&commands->waiting);
	text_addf(&path, "%s/lbd.sock", setup->run_dir);
	r = control_server_new(setup->loop, text_get(&path), DAEMON_GROUP, command_table, commands, &commands->server);
	if (r < 0) {
		free(commands);
		return r;
	}
	director_on_applied(setup->director, answer_waiting, commands);
	*ret_commands = commands;
	return 0;
}

void commands_free(struct commands *commands)
{
	struct waiting *waiting;

	if (commands == NULL)
		return;
	director_on_applied(commands->setup.director, NULL, NULL);
	LIST_FOR_EACH(waiting, &commands->waiting, link)
	{
		json_decref(waiting->result);
		control_refuse(waiting->call, CONTROL_REFUSED, "lbd is stopping");
		free(waiting);
	}
	control_server_free(commands->server);
	free(commands);
}

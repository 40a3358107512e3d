/* SPDX-License-Identifier: MIT */
#include "lbd/commands.h"

#include "common/pure/list.h"
#include "common/shell/control.h"
#include "common/shell/daemon.h"
#include "lbd/connections.h"
#include "lbd/status_calls.h"

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
	struct control_call *reload_call;
	struct connections *connections;
	struct status_calls *status;
};

static void answer_waiting(struct commands *commands)
{
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

static void on_news(void *context)
{
	struct commands *commands = context;

	answer_waiting(commands);
	connections_collect(commands->connections);
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
	status_calls_ask(commands->status, call);
}

static void on_config(struct control_call *call, const json_t *params, void *context)
{
	const struct commands *commands = context;
	AUTO_TEXT text = {0};

	(void)params;
	conf_show(director_conf(commands->setup.director), &text);
	control_reply(call, text.failed ? NULL : json_pack("{s:s}", "text", text_get(&text)));
}

/* Carries it out, and answers when every worker goes by it. */
static void decide(struct control_call *call, struct commands *commands, const struct operation *operation)
{
	AUTO_TEXT answer = {0};
	uint64_t generation;
	int r = director_operate(commands->setup.director, operation, &generation, &answer);

	if (r == -EPERM)
		control_refuse(call, CONTROL_REFUSED, "%s", text_get(&answer));
	else if (r < 0)
		control_refuse(call, CONTROL_REFUSED, "%s", strerrordesc_np(-r));
	else
		reply_when_applied(commands, call,
			json_pack("{s:o, s:I}", "message",
				json_sprintf("%s, on this node (%s) alone", text_get(&answer),
					commands->setup.identity.node),
				"generation",
				(json_int_t)runtime_generation(director_runtime(commands->setup.director))),
			generation);
}

/* An integer; 0 when it is absent. False: it is something else, or out of its range. */
static bool read_number(const json_t *params, const char *name, unsigned max, unsigned *ret_number)
{
	const json_t *value = json_object_get(params, name);

	*ret_number = 0;
	if (value == NULL)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
		return false;
	*ret_number = (unsigned)json_integer_value(value);
	return true;
}

#define PACE_MAX 1000000

static void on_server_verb(
	struct control_call *call, const json_t *params, struct commands *commands, enum operation_kind kind)
{
	struct operation operation = {.kind = kind, .target = control_string(params, "server")};

	if (operation.target == NULL)
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which server: POOL/SERVER");
	else if (!read_number(params, "pace", PACE_MAX, &operation.pace))
		control_refuse(
			call, CONTROL_INVALID_PARAMS, "a pace is so many connections a second, up to %d", PACE_MAX);
	else
		decide(call, commands, &operation);
}

static void on_drain(struct control_call *call, const json_t *params, void *context)
{
	on_server_verb(call, params, context, OPERATE_DRAIN);
}

static void on_enable(struct control_call *call, const json_t *params, void *context)
{
	on_server_verb(call, params, context, OPERATE_ENABLE);
}

static void on_disable(struct control_call *call, const json_t *params, void *context)
{
	on_server_verb(call, params, context, OPERATE_DISABLE);
}

static void on_weight(struct control_call *call, const json_t *params, void *context)
{
	struct operation operation = {.kind = OPERATE_WEIGHT, .target = control_string(params, "server")};

	if (operation.target == NULL || json_object_get(params, "weight") == NULL ||
		!read_number(params, "weight", WEIGHT_MAX, &operation.weight))
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which server, POOL/SERVER, and a weight from 0 to %d",
			WEIGHT_MAX);
	else
		decide(call, context, &operation);
}

static bool read_force(const json_t *params)
{
	return json_is_true(json_object_get(params, "force"));
}

static void on_switch(struct control_call *call, const json_t *params, void *context)
{
	const char *pool = control_string(params, "pool");
	AUTO_TEXT pools = {0};
	struct operation operation = {
		.kind = OPERATE_POOLS, .target = control_string(params, "service"), .force = read_force(params)};

	if (operation.target == NULL || pool == NULL || pool[strcspn(pool, ": ")] != '\0') {
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which service, and the pool that it is to have");
		return;
	}
	text_addf(&pools, "%s:%d", pool, POOL_SHARE_WHOLE);
	operation.pools = text_get(&pools);
	decide(call, context, &operation);
}

static void on_split(struct control_call *call, const json_t *params, void *context)
{
	const json_t *list = json_object_get(params, "pools");
	AUTO_TEXT pools = {0};
	struct operation operation = {
		.kind = OPERATE_POOLS, .target = control_string(params, "service"), .force = read_force(params)};
	bool good = operation.target != NULL && json_array_size(list) > 0;

	for (size_t i = 0; good && i < json_array_size(list); i++) {
		const char *pool = json_string_value(json_array_get(list, i));

		good = pool != NULL && strchr(pool, ' ') == NULL;
		if (good)
			text_addf(&pools, "%s%s", i > 0 ? " " : "", pool);
	}
	if (!good) {
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which service, and its pools as POOL:N");
		return;
	}
	operation.pools = text_get(&pools);
	decide(call, context, &operation);
}

static void on_rollback(struct control_call *call, const json_t *params, void *context)
{
	struct operation operation = {
		.kind = OPERATE_ROLLBACK, .target = control_string(params, "service"), .force = read_force(params)};

	if (operation.target == NULL)
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which service");
	else
		decide(call, context, &operation);
}

/* For those who wait for a server to be drained: a small part of the status. */
static void on_server(struct control_call *call, const json_t *params, void *context)
{
	const struct commands *commands = context;
	const char *name = control_string(params, "server");
	const struct director *director = commands->setup.director;
	uint32_t slot = name != NULL ? layout_find_server(director_layout(director), name) : LAYOUT_NO_SLOT;

	if (name == NULL)
		control_refuse(call, CONTROL_INVALID_PARAMS, "say which server: POOL/SERVER");
	else if (slot == LAYOUT_NO_SLOT)
		control_refuse(call, CONTROL_REFUSED, "there is no server %s", name);
	else
		control_reply(call, status_server_json(director, slot));
}

/* One asks at a time: a second one is refused. */
static void answer_reload(void *context, const struct reload_result *result)
{
	struct commands *commands = context;
	struct control_call *call = TAKE(commands->reload_call);
	json_t *json = json_pack("{s:b, s:s, s:s}", "done", result->error == 0, "errors", result->errors, "plan",
		result->error == 0 ? result->plan : "");

	if (call == NULL)
		json_decref(json);
	else
		reply_when_applied(commands, call, json, result->generation);
}

static void on_reload(struct control_call *call, const json_t *params, void *context)
{
	struct commands *commands = context;
	bool dry_run = json_is_true(json_object_get(params, "dry_run"));
	int r = reload_start(commands->setup.reload, dry_run, answer_reload, commands);

	if (r == -EBUSY)
		control_refuse(call, CONTROL_REFUSED, "a reload is under way: try again when it is over");
	else if (r < 0)
		control_refuse(call, CONTROL_REFUSED, "%s", strerrordesc_np(-r));
	else
		commands->reload_call = call;
}

static void on_connections(struct control_call *call, const json_t *params, void *context)
{
	const struct commands *commands = context;

	connections_ask(commands->connections, call, params);
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
	{"server", on_server},
	{"drain", on_drain},
	{"enable", on_enable},
	{"disable", on_disable},
	{"weight", on_weight},
	{"switch", on_switch},
	{"split", on_split},
	{"rollback", on_rollback},
	{"role", on_role},
	{"reload", on_reload},
	{"connections", on_connections},
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
	r = connections_new(setup->director, &commands->connections);
	if (r == 0)
		r = status_calls_new(setup->loop, setup->director, &setup->identity, &commands->status);
	if (r == 0)
		r = control_server_new(
			setup->loop, text_get(&path), DAEMON_GROUP, command_table, commands, &commands->server);
	if (r < 0) {
		status_calls_free(commands->status);
		connections_free(commands->connections);
		free(commands);
		return r;
	}
	director_on_applied(setup->director, on_news, commands);
	*ret_commands = commands;
	return 0;
}

void commands_free(struct commands *commands)
{
	struct waiting *waiting;

	if (commands == NULL)
		return;
	director_on_applied(commands->setup.director, NULL, NULL);
	/* An answer lets its client's next line in, which would join the lists that are emptied here. */
	control_server_stop(commands->server);
	LIST_FOR_EACH(waiting, &commands->waiting, link)
	{
		json_decref(waiting->result);
		control_refuse(waiting->call, CONTROL_REFUSED, "lbd is stopping");
		free(waiting);
	}
	if (commands->reload_call != NULL)
		control_refuse(TAKE(commands->reload_call), CONTROL_REFUSED, "lbd is stopping");
	status_calls_free(commands->status);
	connections_free(commands->connections);
	control_server_free(commands->server);
	free(commands);
}

/* SPDX-License-Identifier: MIT */
#include "lbd/operate.h"

#include "common/system/log.h"
#include "lbd/balance.h"
#include "lbd/service_pools.h"

#include <errno.h>
#include <string.h>

/* Servers. */

static int set_admin(const struct operate *with, struct server *server, enum admin_state admin, const char *done,
	struct text *answer)
{
	int r = runtime_set_admin(with->runtime, server->name, admin);

	if (r < 0)
		return r;
	servers_set_admin(with->servers, server, admin, with->now);
	text_addf(answer, "%s: %s", server->name, done);
	return 0;
}

static uint32_t slot_of(const struct operate *with, const struct server *server)
{
	return (uint32_t)(server - with->servers->list);
}

static int drain(
	const struct operate *with, struct server *server, const struct operation *operation, struct text *answer)
{
	const struct closing closing = {.server = slot_of(with, server), .pace = operation->pace, .cause = END_DRAINED};
	int r = 0;

	if (operation->pace > 0)
		r = closings_add(with->closings, &closing);
	else
		closings_drop(with->closings, closing.server);
	if (r == 0)
		r = set_admin(with, server, ADMIN_DRAIN, "no new connections", answer);
	if (r == 0 && operation->pace > 0)
		text_addf(answer, ", and %u a second of the open ones are closed", operation->pace);
	return r;
}

static int disable(
	const struct operate *with, struct server *server, const struct operation *operation, struct text *answer)
{
	const struct closing closing = {.server = slot_of(with, server), .cause = END_DISABLED};
	int r = closings_add(with->closings, &closing);

	(void)operation;
	return r == 0 ? set_admin(with, server, ADMIN_DISABLED, "disabled", answer) : r;
}

static int enable(
	const struct operate *with, struct server *server, const struct operation *operation, struct text *answer)
{
	(void)operation;
	closings_drop(with->closings, slot_of(with, server));
	return set_admin(with, server, ADMIN_ENABLED, "enabled", answer);
}

static int set_weight(
	const struct operate *with, struct server *server, const struct operation *operation, struct text *answer)
{
	unsigned configured = server->conf->weight, before = server->weight;
	int r;

	if (operation->weight > WEIGHT_MAX) {
		text_addf(answer, "a weight is a number from 0 to %d", WEIGHT_MAX);
		return -EPERM;
	}
	r = runtime_set_weight(with->runtime, server->name, operation->weight, configured);
	if (r < 0)
		return r;
	servers_set_weight(with->servers, server, operation->weight);
	text_addf(answer, "%s: weight %u, before %u", server->name, operation->weight, before);
	return 0;
}

/* Services. */

/* `green`, or `blue:90 green:10`. */
static void tell(const struct service_pools *pools, struct text *out)
{
	if (pools->count == 1)
		text_add(out, pools->list[0].pool->name);
	else
		service_pools_print(pools, out);
}

/* Each that is to have a share must have a server that is up. */
static bool all_are_up(const struct operate *with, const struct service_pools *pools, struct text *answer)
{
	for (size_t i = 0; i < pools->count; i++) {
		const struct pool_conf *pool = pools->list[i].pool;

		if (pools->list[i].parts == 0 || servers_pool_is_up(with->servers, layout_pool_of(with->layout, pool)))
			continue;
		text_addf(answer, "pool %s has no server up (--force does it all the same)", pool->name);
		return false;
	}
	return true;
}

static bool share_something(const struct service_pools *pools, struct text *answer)
{
	unsigned sum = 0;

	for (size_t i = 0; i < pools->count; i++) {
		sum += pools->list[i].parts;
		for (size_t j = 0; j < i; j++) {
			if (pools->list[i].pool != pools->list[j].pool)
				continue;
			text_addf(answer, "pool %s is named twice", pools->list[i].pool->name);
			return false;
		}
	}
	if (sum == 0)
		text_add(answer, "no pool would have a share");
	return sum > 0;
}

/* For an answer that names the one that is not there. */
static bool all_are_there(const struct conf *conf, const char *text, struct text *answer)
{
	while (*text != '\0') {
		char name[POOL_SHARE_NAME_MAX + 1];
		size_t length = strcspn(text, ": ");

		if (length == 0 || length >= sizeof name)
			break;
		memcpy(name, text, length);
		name[length] = '\0';
		if (conf_find_pool(conf, name) == NULL) {
			text_addf(answer, "there is no pool %s", name);
			return false;
		}
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return true;
}

static int set_pools(const struct operate *with, const struct service_conf *service, const struct operation *operation,
	struct text *answer)
{
	const struct conf *conf = with->layout->conf;
	struct service_pools configured, before, after;
	AUTO_TEXT configured_text = {0};
	AUTO_TEXT before_text = {0};
	AUTO_TEXT after_text = {0};

	if (!all_are_there(conf, operation->pools, answer))
		return -EPERM;
	if (service_pools_parse(conf, operation->pools, &after) < 0) {
		text_addf(answer, "say up to %d pools with shares from 0 to %d, as blue:90", POOL_SHARES_MAX,
			POOL_SHARE_MAX);
		return -EPERM;
	}
	if (!share_something(&after, answer) || (!operation->force && !all_are_up(with, &after, answer)))
		return -EPERM;
	service_pools_configured(conf, service, &configured);
	service_pools_now(conf, service, with->runtime, &before);
	service_pools_print(&configured, &configured_text);
	service_pools_print(&before, &before_text);
	service_pools_print(&after, &after_text);
	text_addf(answer, "%s: ", service->name);
	tell(&after, answer);
	if (strcmp(text_get(&before_text), text_get(&after_text)) == 0) {
		text_add(answer, " already");
		return 0;
	}
	text_add(answer, ", before ");
	tell(&before, answer);
	if (configured_text.failed || before_text.failed || after_text.failed)
		return -ENOMEM;
	return runtime_decide(with->runtime, RUNTIME_POOLS, service->name, text_get(&after_text),
		text_get(&before_text), text_get(&configured_text));
}

static int roll_back(const struct operate *with, const struct service_conf *service, const struct operation *operation,
	struct text *answer)
{
	const struct conf *conf = with->layout->conf;
	const struct decision *last = runtime_find(with->runtime, RUNTIME_POOLS, service->name);
	struct service_pools configured, before, after;
	AUTO_TEXT configured_text = {0};
	int r;

	service_pools_configured(conf, service, &configured);
	service_pools_print(&configured, &configured_text);
	service_pools_now(conf, service, with->runtime, &before);
	if (last == NULL || last->before == NULL || strcmp(last->configured, text_get(&configured_text)) != 0) {
		text_addf(answer, "%s has had no switch or split to go back from", service->name);
		return -EPERM;
	}
	if (service_pools_parse(conf, last->before, &after) < 0) {
		text_addf(answer, "%s had %s, which is not configured any more", service->name, last->before);
		return -EPERM;
	}
	if (!operation->force && !all_are_up(with, &after, answer))
		return -EPERM;
	r = runtime_rollback(with->runtime, RUNTIME_POOLS, service->name, text_get(&configured_text));
	if (r < 0)
		return r;
	text_addf(answer, "%s: ", service->name);
	tell(&after, answer);
	text_add(answer, " again, before ");
	tell(&before, answer);
	return 0;
}

/* One row a kind: it is about a server, or about a service. */
static const struct {
	int (*server)(const struct operate *with, struct server *server, const struct operation *operation,
		struct text *answer);
	int (*service)(const struct operate *with, const struct service_conf *service,
		const struct operation *operation, struct text *answer);
} operations[] = {
	[OPERATE_DRAIN] = {.server = drain},
	[OPERATE_ENABLE] = {.server = enable},
	[OPERATE_DISABLE] = {.server = disable},
	[OPERATE_WEIGHT] = {.server = set_weight},
	[OPERATE_POOLS] = {.service = set_pools},
	[OPERATE_ROLLBACK] = {.service = roll_back},
};
static_assert(ARRAY_LEN(operations) == OPERATE_COUNT, "a row is missing");

static int operate_server(const struct operate *with, const struct operation *operation, struct text *answer)
{
	struct server *server = servers_find(with->servers, operation->target);

	if (server != NULL)
		return operations[operation->kind].server(with, server, operation, answer);
	text_addf(answer, "there is no server %s (POOL/SERVER, as in `lbctl status`)", operation->target);
	return -EPERM;
}

static int operate_service(const struct operate *with, const struct operation *operation, struct text *answer)
{
	const struct service_conf *service = conf_find_service(with->layout->conf, operation->target);

	if (service != NULL)
		return operations[operation->kind].service(with, service, operation, answer);
	text_addf(answer, "there is no service %s", operation->target);
	return -EPERM;
}

int operate(const struct operate *with, const struct operation *operation, struct text *answer)
{
	int r = operations[operation->kind].server != NULL ? operate_server(with, operation, answer)
							   : operate_service(with, operation, answer);

	if (r == 0)
		log_info("operator", log_str("decision", text_get(answer)),
			log_uint("generation", runtime_generation(with->runtime)));
	return r;
}

/* Settling with a configuration. */

static const struct server_conf *find_server(const struct conf *conf, const char *name)
{
	const char *slash = strchr(name, '/');

	for (size_t i = 0; slash != NULL && i < conf->pool_count; i++) {
		const struct pool_conf *pool = &conf->pools[i];

		if (strlen(pool->name) != (size_t)(slash - name) ||
			strncmp(pool->name, name, (size_t)(slash - name)) != 0)
			continue;
		for (size_t j = 0; j < pool->place_count; j++) {
			if (strcmp(pool->places[j].name, slash + 1) == 0)
				return &pool->places[j];
		}
	}
	return NULL;
}

/* False: what the decision is about is configured no more. */
static bool configured_value(const struct conf *conf, const struct decision *decision, struct text *out)
{
	const struct server_conf *server = decision->field != RUNTIME_POOLS ? find_server(conf, decision->name) : NULL;
	const struct service_conf *service =
		decision->field == RUNTIME_POOLS ? conf_find_service(conf, decision->name) : NULL;
	struct service_pools pools;

	if (service != NULL) {
		service_pools_configured(conf, service, &pools);
		service_pools_print(&pools, out);
	} else if (server != NULL && decision->field == RUNTIME_WEIGHT) {
		text_addf(out, "%u", server->weight);
	} else if (server != NULL) {
		text_add(out, admin_name(ADMIN_ENABLED));
	}
	return server != NULL || service != NULL;
}

void operate_settle(struct runtime *runtime, const struct conf *conf)
{
	for (size_t i = runtime_count(runtime); i > 0; i--) {
		const struct decision *decision = runtime_at(runtime, i - 1);
		AUTO_TEXT configured = {0};
		bool there = configured_value(conf, decision, &configured);

		if (configured.failed || (there && strcmp(decision->configured, text_get(&configured)) == 0))
			continue;
		log_warning("an operator's decision is over: another value is configured",
			log_str("of", decision->name), log_str("decided", decision->value),
			log_str("configured", there ? text_get(&configured) : "nothing"));
		(void)runtime_settle(runtime, decision->field, decision->name, there ? text_get(&configured) : NULL);
	}
}

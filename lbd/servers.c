/* SPDX-License-Identifier: MIT */
#include "lbd/servers.h"

#include "common/pure/text.h"
#include "common/system/log.h"
#include "lbd/share.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The operator's decisions and what checks find are looked at first: the agent takes away, it gives nothing. */
static unsigned weight_of(const struct server *server)
{
	return agent_share(&server->agent, server->conf->weight);
}

static bool is_usable(const struct server *server)
{
	if (server->agent.mode == AGENT_MODE_DRAIN || server->agent.mode == AGENT_MODE_MAINT ||
		server->agent.health == AGENT_HEALTH_DOWN)
		return false;
	return server->admin == ADMIN_ENABLED && !server->outlier.ejected && server->score.health != HEALTH_DOWN;
}

static void update_usable(struct servers *servers, struct server *server, struct mono now)
{
	if (server->usable == is_usable(server))
		return;
	server->usable = is_usable(server);
	server->since = now;
	servers->revision++;
	servers->pool_revisions[server->pool - servers->conf->pools] = servers->revision;
}

static int add(struct servers *servers, const struct pool_conf *pool, const struct server_conf *conf,
	const struct runtime *runtime)
{
	struct server *server = &servers->list[servers->count];
	AUTO_TEXT name = {0};

	text_addf(&name, "%s/%s", pool->name, conf->name);
	if (name.failed)
		return -ENOMEM;
	*server = (struct server){.pool = pool, .conf = conf, .name = TAKE(name.data)};
	agent_init(&server->agent);
	server->admin = runtime_admin(runtime, server->name);
	server->usable = is_usable(server);
	server->since = MONO_NEVER;
	servers->count++;
	if (pool->check.kind != CHECK_NONE)
		servers->unchecked++;
	return 0;
}

static int fill(struct servers *servers, const struct runtime *runtime)
{
	const struct conf *conf = servers->conf;
	size_t count = 0;

	for (size_t i = 0; i < conf->pool_count; i++)
		count += conf->pools[i].server_count;
	servers->list = calloc(MAX(count, (size_t)1), sizeof *servers->list);
	servers->shares = calloc(MAX(count, (size_t)1), sizeof *servers->shares);
	servers->pool_revisions = calloc(MAX(conf->pool_count, (size_t)1), sizeof *servers->pool_revisions);
	servers->first_of_pool = calloc(MAX(conf->pool_count, (size_t)1), sizeof *servers->first_of_pool);
	if (servers->list == NULL || servers->shares == NULL || servers->pool_revisions == NULL ||
		servers->first_of_pool == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->pool_count; i++) {
		const struct pool_conf *pool = &conf->pools[i];

		servers->first_of_pool[i] = servers->count;
		for (size_t j = 0; j < pool->server_count; j++) {
			int r = add(servers, pool, &pool->servers[j], runtime);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int servers_new(const struct conf *conf, const struct runtime *runtime, struct servers **ret_servers)
{
	struct servers *servers = calloc(1, sizeof *servers);
	int r;

	if (servers == NULL)
		return -ENOMEM;
	servers->conf = conf;
	r = fill(servers, runtime);
	if (r < 0)
		servers_free(servers);
	else
		*ret_servers = servers;
	return r;
}

void servers_free(struct servers *servers)
{
	if (servers == NULL)
		return;
	for (size_t i = 0; i < servers->count; i++)
		free(servers->list[i].name);
	free(servers->list);
	free(servers->shares);
	free(servers->pool_revisions);
	free(servers->first_of_pool);
	free(servers);
}

struct server *servers_find(struct servers *servers, const char *name)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (strcmp(servers->list[i].name, name) == 0)
			return &servers->list[i];
	}
	return NULL;
}

/* An agent that cannot be reached says nothing: what it said before stands. */
static void note_agent(struct servers *servers, struct server *server, const struct check_result *result,
	const char *text, struct mono now)
{
	struct agent_words before = server->agent;

	snprintf(server->agent_text, sizeof server->agent_text, "%s", text);
	if (result->passed)
		agent_merge(&server->agent, &result->words);
	if (memcmp(&before, &server->agent, sizeof before) == 0)
		return;
	log_info("server agent", log_str("server", server->name), log_str("agent", text));
	update_usable(servers, server, now);
	servers->revision++;
	servers->pool_revisions[server->pool - servers->conf->pools] = servers->revision;
}

static bool can_spare(const struct servers *servers, const struct pool_conf *pool)
{
	const struct server *first = servers_of_pool(servers, pool);
	size_t ejected = 0;

	for (size_t i = 0; i < pool->server_count; i++)
		ejected += first[i].outlier.ejected;
	return outlier_spares(pool->outlier, pool->server_count, ejected);
}

void servers_note_failures(struct servers *servers, size_t place, uint64_t failures, struct mono now)
{
	struct server *server = &servers->list[place];
	unsigned news = (unsigned)MIN(failures - server->failures, (uint64_t)UINT32_MAX / OUTLIER_PARTS);

	server->failures = failures;
	if (!outlier_step(&server->outlier, server->pool->outlier, news, can_spare(servers, server->pool), now))
		return;
	LOG_AT(server->outlier.ejected ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		server->outlier.ejected ? "server ejected" : "server no longer ejected",
		log_str("server", server->name), log_endpoint("address", &server->conf->address),
		log_uint("failures", failures));
	update_usable(servers, server, now);
}

enum health servers_health(const struct server *server)
{
	if (server->agent.health == AGENT_HEALTH_DOWN)
		return HEALTH_DOWN;
	if (server->score.health == HEALTH_UNKNOWN && server->agent.health == AGENT_HEALTH_UP)
		return HEALTH_UP;
	return server->score.health;
}

void servers_note_check(
	struct servers *servers, size_t place, const struct check_result *result, const char *text, struct mono now)
{
	struct server *server = &servers->list[place];
	const struct check_conf *check = &server->pool->check;
	enum health before = server->score.health;

	if (result->agent) {
		note_agent(servers, server, result, text, now);
		return;
	}
	snprintf(server->check, sizeof server->check, "%s", text);
	if (result->certificate_until_s != 0)
		server->certificate_until_s = result->certificate_until_s;
	if (!score_step(&server->score, check->rise, check->fall, result->passed))
		return;
	if (before == HEALTH_UNKNOWN)
		servers->unchecked--;
	update_usable(servers, server, now);
	LOG_AT(server->score.health == HEALTH_DOWN ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "server health",
		log_str("server", server->name), log_endpoint("address", &server->conf->address),
		log_str("from", health_name(before)), log_str("to", health_name(server->score.health)),
		log_str("check", text));
}

void servers_set_admin(struct servers *servers, struct server *server, enum admin_state admin, struct mono now)
{
	if (server->admin == admin)
		return;
	log_info("server admin", log_str("server", server->name), log_str("from", admin_name(server->admin)),
		log_str("to", admin_name(admin)));
	server->admin = admin;
	update_usable(servers, server, now);
}

/* A backup server has its share when no other of the pool is usable. */
static bool others_serve(const struct server *servers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (servers[i].usable && weight_of(&servers[i]) > 0 && !servers[i].conf->backup)
			return true;
	}
	return false;
}

static void update_shares(struct servers *servers, size_t pool, struct mono now)
{
	const struct pool_conf *conf = &servers->conf->pools[pool];
	const struct server *list = servers->list + servers->first_of_pool[pool];
	unsigned *shares = servers->shares + servers->first_of_pool[pool];
	bool others = others_serve(list, conf->server_count);
	bool changed = false;

	for (size_t i = 0; i < conf->server_count; i++) {
		unsigned share = 0;

		if (list[i].usable && list[i].conf->backup != others)
			share = share_at(weight_of(&list[i]), conf->slow_start_ns, list[i].since, now);
		changed |= share != shares[i];
		shares[i] = share;
	}
	if (changed)
		servers->pool_revisions[pool] = ++servers->revision;
}

const unsigned *servers_shares(struct servers *servers, struct mono now)
{
	for (size_t i = 0; i < servers->conf->pool_count; i++)
		update_shares(servers, i, now);
	return servers->shares;
}

struct mono servers_next_step(const struct servers *servers, struct mono now)
{
	struct mono next = MONO_NEVER;

	for (size_t i = 0; i < servers->count; i++) {
		const struct server *server = &servers->list[i];

		if (server->usable)
			next = mono_min(next, share_next_step(server->pool->slow_start_ns, server->since, now));
	}
	return next;
}

const struct server *servers_of_pool(const struct servers *servers, const struct pool_conf *pool)
{
	return servers->list + servers->first_of_pool[pool - servers->conf->pools];
}

bool servers_pool_is_up(const struct servers *servers, const struct pool_conf *pool)
{
	const struct server *first = servers_of_pool(servers, pool);

	for (const struct server *server = first; server < first + pool->server_count; server++) {
		if (server->usable && weight_of(server) > 0)
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "lbd/servers.h"

#include "common/system/log.h"
#include "lbd/share.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The operator's decisions and what checks find are looked at first: the agent takes away, it gives nothing. */
static unsigned weight_of(const struct server *server)
{
	return agent_share(&server->agent, server->weight);
}

static bool is_usable(const struct server *server)
{
	if (server->unresolved)
		return false;
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
	servers->pool_revisions[server->pool_slot] = servers->revision;
}

/* Nothing is known of it yet; a slot that has been taken again before it was free has its counters still. */
static void begin(struct server *server, const struct server *leaving, struct mono since)
{
	agent_init(&server->agent);
	server->usable = is_usable(server);
	server->since = since;
	server->failures_seen = leaving == NULL;
}

/* What was found out by a check that is no more is out of date; another check goes on from it. */
static void go_on(struct server *server, const struct server *before)
{
	server->score = before->score;
	server->usable = before->usable;
	server->since = before->since;
	memcpy(server->check, before->check, sizeof server->check);
	server->outlier = before->outlier;
	server->failures = before->failures;
	server->failures_seen = before->failures_seen && before->pool->outlier != NULL;
	server->agent = before->agent;
	memcpy(server->agent_text, before->agent_text, sizeof server->agent_text);
	server->certificate_until_s = before->certificate_until_s;
	server->checks = before->checks;
	server->checks_failed = before->checks_failed;
	server->check_ns = before->check_ns;
	server->lookups = before->lookups;
	server->lookups_failed = before->lookups_failed;
	server->moves = before->moves;
	if (server->pool->check.kind == CHECK_NONE) {
		server->score = (struct score){0};
		*server->check = '\0';
		server->certificate_until_s = 0;
	}
	if (server->pool->agent.kind == CHECK_NONE) {
		agent_init(&server->agent);
		*server->agent_text = '\0';
	}
	if (server->pool->outlier == NULL)
		server->outlier = (struct outlier){0};
}

static bool has_same_host(const struct server_conf *a, const struct server_conf *b)
{
	return a->host != NULL && b->host != NULL && strcmp(a->host, b->host) == 0;
}

static bool awaits_verdict(const struct server *server)
{
	return !server->leaving && !server->absent && server->pool->check.kind != CHECK_NONE &&
	       server->score.health == HEALTH_UNKNOWN;
}

/* What an algorithm lays its tables out by: one that is absent is not in them. */
static void update_weight(struct servers *servers, const struct server *server)
{
	servers->weights[server - servers->list] = server->absent ? 0 : server->weight;
}

/* One that is resolved stays so. */
static void fill_address(struct servers *servers, uint32_t slot, const struct servers *previous)
{
	struct server *server = &servers->list[slot];
	const struct server *before = previous != NULL && slot < previous->count ? &previous->list[slot] : NULL;
	struct endpoint *address = &servers->addresses[slot];
	bool same = before != NULL && before->conf != NULL && has_same_host(server->conf, before->conf);

	*address = server->conf->address;
	if (same)
		address->ip = previous->addresses[slot].ip;
	server->unresolved = server->conf->host != NULL && address->ip.family == 0;
	/* Of one that was leaving and comes back, the name is looked up anew. */
	server->absent = server->unresolved &&
			 (server->conf->further > 0 || (same && before->absent && before->leaving == server->leaving));
}

static void fill_one(struct servers *servers, uint32_t slot, const struct servers *previous,
	const struct runtime *runtime, struct mono now)
{
	const struct layout_server *from = &servers->layout->servers[slot];
	bool was = previous != NULL && slot < previous->count && previous->list[slot].pool != NULL;
	const struct server *before = was ? &previous->list[slot] : NULL;
	struct server *server = &servers->list[slot];

	if (from->conf == NULL)
		return;
	*server = (struct server){.pool = from->pool_conf, .conf = from->conf, .name = from->name};
	server->pool_slot = from->pool;
	server->leaving = from->leaving;
	server->admin = runtime_admin(runtime, server->name);
	server->weight = runtime_weight(runtime, server->name, server->conf->weight);
	fill_address(servers, slot, previous);
	update_weight(servers, server);
	if (before != NULL && before->leaving == from->leaving)
		go_on(server, before);
	else
		begin(server, before, previous != NULL ? now : MONO_NEVER);
	if (server->leaving)
		server->usable = false;
	else
		update_usable(servers, server, now);
	if (before != NULL && !server->leaving)
		servers->shares[slot] = previous->shares[slot];
	servers->unchecked += awaits_verdict(server);
}

static int fill(struct servers *servers, const struct servers *previous, const struct runtime *runtime, struct mono now)
{
	servers->count = servers->layout->server_count;
	servers->pool_count = servers->layout->pool_count;
	servers->list = calloc(MAX(servers->count, (size_t)1), sizeof *servers->list);
	servers->weights = calloc(MAX(servers->count, (size_t)1), sizeof *servers->weights);
	servers->shares = calloc(MAX(servers->count, (size_t)1), sizeof *servers->shares);
	servers->pool_revisions = calloc(MAX(servers->pool_count, (size_t)1), sizeof *servers->pool_revisions);
	servers->addresses = calloc(MAX(servers->count, (size_t)1), sizeof *servers->addresses);
	if (servers->list == NULL || servers->weights == NULL || servers->shares == NULL ||
		servers->pool_revisions == NULL || servers->addresses == NULL)
		return -ENOMEM;
	servers->revision = previous != NULL ? previous->revision : 0;
	for (size_t i = 0; previous != NULL && i < MIN(servers->pool_count, previous->pool_count); i++)
		servers->pool_revisions[i] = previous->pool_revisions[i];
	for (uint32_t i = 0; i < servers->count; i++)
		fill_one(servers, i, previous, runtime, now);
	return 0;
}

int servers_next(const struct servers *previous, const struct layout *layout, const struct runtime *runtime,
	struct mono now, struct servers **ret_servers)
{
	struct servers *servers = calloc(1, sizeof *servers);
	int r;

	if (servers == NULL)
		return -ENOMEM;
	servers->layout = layout;
	r = fill(servers, previous, runtime, now);
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
	free(servers->list);
	free(servers->weights);
	free(servers->shares);
	free(servers->addresses);
	free(servers->pool_revisions);
	free(servers);
}

void servers_forget(struct servers *servers, uint32_t slot)
{
	assert(servers->list[slot].leaving);
	servers->list[slot] = (struct server){0};
}

struct server *servers_find(struct servers *servers, const char *name)
{
	uint32_t slot = layout_find_server(servers->layout, name);

	return slot != LAYOUT_NO_SLOT ? &servers->list[slot] : NULL;
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
	servers->pool_revisions[server->pool_slot] = servers->revision;
}

static bool can_spare(const struct servers *servers, uint32_t slot)
{
	const struct layout_pool *pool = &servers->layout->pools[slot];
	size_t ejected = 0;

	for (size_t i = 0; i < pool->server_count; i++)
		ejected += servers->list[pool->servers[i]].outlier.ejected;
	return outlier_spares(pool->conf->outlier, servers_present(servers, slot), ejected);
}

void servers_note_failures(struct servers *servers, uint32_t slot, uint64_t failures, struct mono now)
{
	struct server *server = &servers->list[slot];
	uint64_t since = server->failures_seen ? failures - server->failures : 0;
	unsigned news = (unsigned)MIN(since, (uint64_t)UINT32_MAX / OUTLIER_PARTS);
	char address[SERVER_ADDRESS_TEXT_MAX];

	server->failures_seen = true;
	server->failures = failures;
	if (server->absent)
		return;
	if (!outlier_step(&server->outlier, server->pool->outlier, news, can_spare(servers, server->pool_slot), now))
		return;
	LOG_AT(server->outlier.ejected ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		server->outlier.ejected ? "server ejected" : "server no longer ejected",
		log_str("server", server->name), log_str("address", servers_address(servers, slot, address)),
		log_uint("failures", failures));
	update_usable(servers, server, now);
}

enum health servers_health(const struct server *server)
{
	if ((server->unresolved && !server->absent) || server->agent.health == AGENT_HEALTH_DOWN)
		return HEALTH_DOWN;
	if (server->score.health == HEALTH_UNKNOWN && server->agent.health == AGENT_HEALTH_UP)
		return HEALTH_UP;
	return server->score.health;
}

bool servers_resets_when_down(const struct server *server)
{
	enum on_down own = server->conf->on_down;

	return (own == ON_DOWN_POOL ? server->pool->on_down : own) == ON_DOWN_RESET;
}

void servers_note_check(
	struct servers *servers, uint32_t slot, const struct check_result *result, const char *text, struct mono now)
{
	struct server *server = &servers->list[slot];
	const struct check_conf *check = &server->pool->check;
	enum health before = server->score.health;
	char address[SERVER_ADDRESS_TEXT_MAX];

	if (result->agent) {
		note_agent(servers, server, result, text, now);
		return;
	}
	snprintf(server->check, sizeof server->check, "%s", text);
	server->checks++;
	server->checks_failed += !result->passed;
	server->check_ns = result->took_ns;
	if (result->certificate_until_s != 0)
		server->certificate_until_s = result->certificate_until_s;
	if (!score_step(&server->score, check->rise, check->fall, result->passed))
		return;
	if (before == HEALTH_UNKNOWN)
		servers->unchecked--;
	update_usable(servers, server, now);
	LOG_AT(server->score.health == HEALTH_DOWN ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "server health",
		log_str("server", server->name), log_str("address", servers_address(servers, slot, address)),
		log_str("from", health_name(before)), log_str("to", health_name(server->score.health)),
		log_str("check", text));
}

const char *servers_address(const struct servers *servers, uint32_t slot, char text[static SERVER_ADDRESS_TEXT_MAX])
{
	const struct server *server = &servers->list[slot];

	if (server->conf->host != NULL && !server->unresolved)
		return endpoint_text(&servers->addresses[slot], text);
	return conf_server_address(server->conf, text);
}

/* Without an address there are no checks; the first verdict is that there is none. */
static void note_failed_lookup(struct servers *servers, struct server *server, const char *why)
{
	server->lookups_failed++;
	if (!server->lookup_failing && !server->absent)
		log_warning(server->unresolved ? "server has no address: its name cannot be resolved"
					       : "server keeps its address: its name cannot be resolved",
			log_str("server", server->name), log_str("name", server->conf->host), log_str("why", why));
	server->lookup_failing = true;
	if (!server->unresolved || server->absent)
		return;
	snprintf(server->check, sizeof server->check, "name not resolved: %s", why);
	if (server->pool->check.kind != CHECK_NONE && score_step(&server->score, 1, 1, false))
		servers->unchecked--;
}

/* What was found out at an address that it has no more. */
static void forget_findings(struct server *server)
{
	server->score = (struct score){0};
	*server->check = '\0';
	server->outlier = (struct outlier){0};
	agent_init(&server->agent);
	*server->agent_text = '\0';
	server->certificate_until_s = 0;
}

/* To another address, to the first, or to none. */
static void move(struct servers *servers, uint32_t slot, const struct ip *address, struct mono now)
{
	struct server *server = &servers->list[slot];
	struct ip before = servers->addresses[slot].ip;

	servers->unchecked -= awaits_verdict(server);
	servers->addresses[slot].ip = *address;
	log_info("server address", log_str("server", server->name), log_str("name", server->conf->host),
		log_ip("from", &before), log_ip("to", address));
	if (before.family != 0 && address->family != 0)
		server->moves++;
	if (before.family == 0)
		*server->check = '\0';
	server->unresolved = server->absent = address->family == 0;
	if (server->absent)
		forget_findings(server);
	else
		score_begin_anew(&server->score);
	servers->unchecked += awaits_verdict(server);
	update_weight(servers, server);
	update_usable(servers, server, now);
	servers->revision++;
	servers->pool_revisions[server->pool_slot] = servers->revision;
}

bool servers_note_lookup(
	struct servers *servers, uint32_t slot, const struct ip *address, const char *why, struct mono now)
{
	struct server *server = &servers->list[slot];

	server->lookups++;
	if (address == NULL) {
		note_failed_lookup(servers, server, why);
		return false;
	}
	server->lookup_failing = false;
	if (ip_equal(address, &servers->addresses[slot].ip))
		return false;
	move(servers, slot, address, now);
	return true;
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

void servers_set_weight(struct servers *servers, struct server *server, unsigned weight)
{
	if (server->weight == weight)
		return;
	log_info("server weight", log_str("server", server->name), log_uint("from", server->weight),
		log_uint("to", weight));
	server->weight = weight;
	update_weight(servers, server);
	servers->revision++;
	servers->pool_revisions[server->pool_slot] = servers->revision;
}

/* A backup server has its share when no other of the pool is usable. */
static bool others_serve(const struct servers *servers, const struct layout_pool *pool)
{
	for (size_t i = 0; i < pool->server_count; i++) {
		const struct server *server = &servers->list[pool->servers[i]];

		if (server->usable && weight_of(server) > 0 && !server->conf->backup)
			return true;
	}
	return false;
}

static void update_shares(struct servers *servers, uint32_t slot, struct mono now)
{
	const struct layout_pool *pool = &servers->layout->pools[slot];
	bool others = others_serve(servers, pool);
	bool changed = false;

	for (size_t i = 0; i < pool->server_count; i++) {
		const struct server *server = &servers->list[pool->servers[i]];
		unsigned *at = &servers->shares[pool->servers[i]], share = 0;

		if (server->usable && server->conf->backup != others)
			share = share_at(weight_of(server), pool->conf->slow_start_ns, server->since, now);
		changed |= share != *at;
		*at = share;
	}
	if (changed)
		servers->pool_revisions[slot] = ++servers->revision;
}

const unsigned *servers_shares(struct servers *servers, struct mono now)
{
	for (uint32_t i = 0; i < servers->pool_count; i++)
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

size_t servers_present(const struct servers *servers, uint32_t slot)
{
	const struct layout_pool *pool = &servers->layout->pools[slot];
	size_t count = 0;

	for (size_t i = 0; i < pool->server_count; i++)
		count += !servers->list[pool->servers[i]].absent;
	return count;
}

bool servers_pool_is_up(const struct servers *servers, uint32_t slot)
{
	const struct layout_pool *pool = &servers->layout->pools[slot];

	for (size_t i = 0; i < pool->server_count; i++) {
		const struct server *server = &servers->list[pool->servers[i]];

		if (server->usable && weight_of(server) > 0)
			return true;
	}
	return false;
}

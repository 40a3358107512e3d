/* SPDX-License-Identifier: MIT */
#include "lbd/checks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The first checks are spread over so much a server, and over no more than the second. */
#define SPREAD_NS NS_PER_MS
#define SPREAD_MAX_NS NS_PER_S

/* Whom the servers of a pool are trusted by; pools with the same bundle share it. */
struct trust {
	const char *ca_file; /* NULL: anybody is trusted */
	struct tls_trust *trust;
};

/* What is checked under one configuration. */
struct set {
	struct conf *conf; /* a reference */
	struct trust *trusts;
	size_t trust_count;
	struct checker **checkers; /* two for each slot: its check's and its agent's */
	size_t count;
};

struct checks {
	struct checks_setup setup;
	struct children *children;
	struct checker_gate gates[CHECK_CARRIER_COUNT];
	struct set set;
};

struct checks_change {
	struct checks *checks;
	const struct layout *layout;
	const struct endpoint *addresses; /* by slot */
	struct set set; /* its checkers are the new ones alone; where there is none, the former may stay */
	int64_t delay_ns;
	int64_t spread_ns;
};

static int set_init(struct set *set, struct conf *conf, size_t slots)
{
	*set = (struct set){.conf = conf_ref(conf), .count = 2 * slots};
	set->trusts = calloc(MAX(conf->pool_count, (size_t)1), sizeof *set->trusts);
	set->checkers = calloc(MAX(set->count, (size_t)1), sizeof(struct checker *));
	return set->trusts == NULL || set->checkers == NULL ? -ENOMEM : 0;
}

static void set_free(struct set *set)
{
	for (size_t i = 0; i < set->count && set->checkers != NULL; i++)
		checker_free(set->checkers[i]);
	for (size_t i = 0; i < set->trust_count; i++)
		tls_trust_free(set->trusts[i].trust);
	free(set->checkers);
	free(set->trusts);
	conf_free(set->conf);
	*set = (struct set){0};
}

int checks_new(const struct checks_setup *setup, struct checks **ret_checks)
{
	struct checks *checks = calloc(1, sizeof *checks);
	int r;

	if (checks == NULL)
		return -ENOMEM;
	checks->setup = *setup;
	for (size_t i = 0; i < CHECK_CARRIER_COUNT; i++)
		list_init(&checks->gates[i].waiting);
	r = children_new(setup->loop, &checks->children);
	if (r < 0)
		checks_free(checks);
	else
		*ret_checks = checks;
	return r;
}

void checks_free(struct checks *checks)
{
	if (checks == NULL)
		return;
	set_free(&checks->set);
	children_free(checks->children);
	free(checks);
}

static const char *ca_file_of(const struct check_conf *conf)
{
	return conf->verify ? conf->ca_file : NULL;
}

static bool same_ca_file(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int open_trust(struct set *set, const struct pool_conf *pool, struct text *errors)
{
	const char *ca_file = ca_file_of(&pool->check);
	struct trust *next = &set->trusts[set->trust_count];
	int r;

	for (size_t i = 0; i < set->trust_count; i++) {
		if (same_ca_file(set->trusts[i].ca_file, ca_file))
			return 0;
	}
	next->ca_file = ca_file;
	r = tls_trust_new(ca_file, &next->trust);
	if (r == 0)
		set->trust_count++;
	else if (ca_file == NULL || *ca_file == '\0')
		text_addf(
			errors, "pool %s: TLS for its checks cannot be set up: %s\n", pool->name, strerrordesc_np(-r));
	else
		text_addf(errors, "pool %s: ca-file %s: %s\n", pool->name, ca_file,
			r == -EBADMSG ? "there is no certificate in PEM in it" : strerrordesc_np(-r));
	return r;
}

static int open_trusts(struct set *set, struct text *errors)
{
	int result = 0;

	for (size_t i = 0; i < set->conf->pool_count; i++) {
		const struct pool_conf *pool = &set->conf->pools[i];
		int r = check_wants_tls(&pool->check) ? open_trust(set, pool, errors) : 0;

		result = result < 0 ? result : r;
	}
	return result;
}

static int find_commands(const struct set *set, struct text *errors)
{
	int r = 0;

	for (size_t i = 0; i < set->conf->pool_count; i++) {
		const struct pool_conf *pool = &set->conf->pools[i];

		if (pool->check.kind != CHECK_SCRIPT || access(pool->check.command, X_OK) == 0)
			continue;
		r = -errno;
		text_addf(errors, "pool %s: command %s cannot be run: %s\n", pool->name, pool->check.command,
			strerrordesc_np(errno));
	}
	return r;
}

static struct tls_trust *find_trust(const struct set *set, const struct check_conf *conf)
{
	for (size_t i = 0; check_wants_tls(conf) && i < set->trust_count; i++) {
		if (same_ca_file(set->trusts[i].ca_file, ca_file_of(conf)))
			return set->trusts[i].trust;
	}
	return NULL;
}

static struct probe_target target_of(const struct checks_change *change, uint32_t slot, const struct check_conf *conf)
{
	const struct layout_server *server = &change->layout->servers[slot];
	struct probe_target target = {
		.conf = conf,
		.trust = find_trust(&change->set, conf),
		.pool = server->pool_conf->name,
		.name = server->conf->name,
		.server = change->addresses[slot],
		.path = server->conf->path,
		/* Behind another port somebody else listens, who knows nothing of headers. */
		.send_proxy = conf->port == 0 ? server->conf->send_proxy : SEND_PROXY_NONE,
	};

	if (conf->port != 0)
		target.server.port = conf->port;
	return target;
}

/* The check, or the agent, of the pool that a slot's server is in. */
static const struct check_conf *conf_at(const struct layout *layout, size_t place)
{
	const struct layout_server *server = &layout->servers[place / 2];

	if (server->conf == NULL || server->leaving)
		return NULL;
	return place % 2 == 0 ? &server->pool_conf->check : &server->pool_conf->agent;
}

static bool is_wanted(const struct check_conf *conf)
{
	return conf != NULL && conf->kind != CHECK_NONE;
}

static bool stays(const struct checks *checks, size_t place, const struct check_conf *conf)
{
	const struct checker *checker = place < checks->set.count ? checks->set.checkers[place] : NULL;

	return checker != NULL && check_conf_equal(checker_conf(checker), conf);
}

static int start_check(struct checks_change *change, size_t place)
{
	struct checks *checks = change->checks;
	const struct check_conf *conf = conf_at(change->layout, place);
	struct checker_setup setup = {
		.loop = checks->setup.loop,
		.children = checks->children,
		.slot = (uint32_t)(place / 2),
		.delay_ns = change->delay_ns,
		.fn = checks->setup.fn,
		.context = checks->setup.context,
	};

	if (!is_wanted(conf) || stays(checks, place, conf))
		return 0;
	setup.gate = &checks->gates[check_table[conf->kind]->carrier];
	setup.target = target_of(change, (uint32_t)(place / 2), conf);
	change->delay_ns += place % 2 == 0 ? change->spread_ns : 0;
	return checker_new(&setup, &change->set.checkers[place]);
}

static int prepare(struct checks_change *change, struct text *errors)
{
	int r = open_trusts(&change->set, errors);
	int found = find_commands(&change->set, errors);

	r = r < 0 ? r : found;
	for (size_t i = 0; r == 0 && i < change->set.count; i++)
		r = start_check(change, i);
	return r;
}

int checks_prepare(struct checks *checks, const struct layout *layout, const struct endpoint *addresses,
	struct checks_change **ret_change, struct text *errors)
{
	struct checks_change *change = calloc(1, sizeof *change);
	int64_t spread_ns = SPREAD_MAX_NS / (int64_t)MAX(layout->server_count, (size_t)1);
	int r;

	if (change == NULL)
		return -ENOMEM;
	change->checks = checks;
	change->layout = layout;
	change->addresses = addresses;
	change->spread_ns = MIN(spread_ns, SPREAD_NS);
	r = set_init(&change->set, layout->conf, layout->server_count);
	if (r == 0)
		r = prepare(change, errors);
	if (r < 0)
		checks_abandon(change);
	else
		*ret_change = change;
	return r;
}

/* From the former set to the new one, where it is to stay. */
static void take_over(struct checks *checks, struct checks_change *change, size_t place)
{
	const struct check_conf *conf = conf_at(change->layout, place);
	struct checker **former = &checks->set.checkers[place];
	struct probe_target target;

	if (!is_wanted(conf) || change->set.checkers[place] != NULL)
		return;
	target = target_of(change, (uint32_t)(place / 2), conf);
	checker_retarget(*former, &target);
	change->set.checkers[place] = TAKE(*former);
}

void checks_commit(struct checks *checks, struct checks_change *change)
{
	for (size_t i = 0; i < MIN(checks->set.count, change->set.count); i++)
		take_over(checks, change, i);
	set_free(&checks->set);
	checks->set = change->set;
	free(change);
}

void checks_abandon(struct checks_change *change)
{
	if (change == NULL)
		return;
	set_free(&change->set);
	free(change);
}

void checks_set_address(struct checks *checks, uint32_t slot, const struct ip *address)
{
	for (size_t i = 2 * (size_t)slot; i < MIN(2 * (size_t)slot + 2, checks->set.count); i++) {
		if (checks->set.checkers[i] != NULL)
			checker_set_address(checks->set.checkers[i], address);
	}
}

int checks_probe(struct conf *conf, struct text *errors)
{
	struct set set;
	int r = set_init(&set, conf, 0), found;

	if (r == 0) {
		r = open_trusts(&set, errors);
		found = find_commands(&set, errors);
		r = r < 0 ? r : found;
	}
	set_free(&set);
	return r;
}

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

struct checks {
	const struct conf *conf;
	struct children *children; /* NULL where only a probe is made */
	struct checker_gate gates[CHECK_CARRIER_COUNT];
	struct trust *trusts;
	size_t trust_count;
	struct checker **checkers;
	size_t checker_count;
};

static size_t count_servers(const struct conf *conf)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->pool_count; i++)
		count += conf->pools[i].server_count;
	return count;
}

static struct checks *checks_new(const struct conf *conf)
{
	struct checks *checks = calloc(1, sizeof *checks);

	if (checks == NULL)
		return NULL;
	checks->conf = conf;
	for (size_t i = 0; i < CHECK_CARRIER_COUNT; i++)
		list_init(&checks->gates[i].waiting);
	checks->trusts = calloc(MAX(conf->pool_count, (size_t)1), sizeof *checks->trusts);
	checks->checkers = calloc(MAX(2 * count_servers(conf), (size_t)1), sizeof(struct checker *));
	if (checks->trusts != NULL && checks->checkers != NULL)
		return checks;
	checks_stop(checks);
	return NULL;
}

void checks_stop(struct checks *checks)
{
	if (checks == NULL)
		return;
	for (size_t i = 0; i < checks->checker_count; i++)
		checker_free(checks->checkers[i]);
	for (size_t i = 0; i < checks->trust_count; i++)
		tls_trust_free(checks->trusts[i].trust);
	children_free(checks->children);
	free(checks->checkers);
	free(checks->trusts);
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

static int open_trust(struct checks *checks, const struct pool_conf *pool, struct text *errors)
{
	const char *ca_file = ca_file_of(&pool->check);
	struct trust *next = &checks->trusts[checks->trust_count];
	int r;

	for (size_t i = 0; i < checks->trust_count; i++) {
		if (same_ca_file(checks->trusts[i].ca_file, ca_file))
			return 0;
	}
	next->ca_file = ca_file;
	r = tls_trust_new(ca_file, &next->trust);
	if (r == 0)
		checks->trust_count++;
	else if (ca_file == NULL || *ca_file == '\0')
		text_addf(
			errors, "pool %s: TLS for its checks cannot be set up: %s\n", pool->name, strerrordesc_np(-r));
	else
		text_addf(errors, "pool %s: ca-file %s: %s\n", pool->name, ca_file,
			r == -EBADMSG ? "there is no certificate in PEM in it" : strerrordesc_np(-r));
	return r;
}

static int open_trusts(struct checks *checks, struct text *errors)
{
	int result = 0;

	for (size_t i = 0; i < checks->conf->pool_count; i++) {
		const struct pool_conf *pool = &checks->conf->pools[i];
		int r = check_wants_tls(&pool->check) ? open_trust(checks, pool, errors) : 0;

		result = result < 0 ? result : r;
	}
	return result;
}

static int find_commands(const struct checks *checks, struct text *errors)
{
	int r = 0;

	for (size_t i = 0; i < checks->conf->pool_count; i++) {
		const struct pool_conf *pool = &checks->conf->pools[i];

		if (pool->check.kind != CHECK_SCRIPT || access(pool->check.command, X_OK) == 0)
			continue;
		r = -errno;
		text_addf(errors, "pool %s: command %s cannot be run: %s\n", pool->name, pool->check.command,
			strerrordesc_np(errno));
	}
	return r;
}

static struct tls_trust *find_trust(const struct checks *checks, const struct check_conf *conf)
{
	for (size_t i = 0; check_wants_tls(conf) && i < checks->trust_count; i++) {
		if (same_ca_file(checks->trusts[i].ca_file, ca_file_of(conf)))
			return checks->trusts[i].trust;
	}
	return NULL;
}

static int start_check(struct checks *checks, const struct check_conf *conf, const struct server_conf *server,
	struct checker_setup *setup)
{
	int r;

	if (conf->kind == CHECK_NONE)
		return 0;
	setup->gate = &checks->gates[check_table[conf->kind]->carrier];
	setup->target.conf = conf;
	setup->target.trust = find_trust(checks, conf);
	setup->target.name = server->name;
	setup->target.server = server->address;
	setup->target.path = server->path;
	/* Behind another port somebody else listens, who knows nothing of headers. */
	setup->target.send_proxy = conf->port == 0 ? server->send_proxy : SEND_PROXY_NONE;
	if (conf->port != 0)
		setup->target.server.port = conf->port;
	r = checker_new(setup, &checks->checkers[checks->checker_count]);
	if (r == 0)
		checks->checker_count++;
	return r;
}

/* `setup` has what all have in common. */
static int start_pool(
	struct checks *checks, const struct layout_pool *pool, struct checker_setup *setup, int64_t spread_ns)
{
	const struct pool_conf *conf = pool->conf;
	int r = 0;

	setup->target = (struct probe_target){.pool = conf->name};
	for (size_t i = 0; r == 0 && i < conf->server_count; i++, setup->delay_ns += spread_ns) {
		setup->slot = pool->servers[i];
		r = start_check(checks, &conf->check, &conf->servers[i], setup);
		if (r == 0)
			r = start_check(checks, &conf->agent, &conf->servers[i], setup);
	}
	return r;
}

int checks_start(struct loop *loop, const struct layout *layout, checker_fn *fn, void *context,
	struct checks **ret_checks, struct text *errors)
{
	const struct conf *conf = layout->conf;
	struct checks *checks = checks_new(conf);
	struct checker_setup setup = {.loop = loop, .fn = fn, .context = context};
	int64_t spread_ns = SPREAD_MAX_NS / (int64_t)MAX(count_servers(conf), (size_t)1);
	int r;

	if (checks == NULL)
		return -ENOMEM;
	r = open_trusts(checks, errors);
	if (r == 0)
		r = find_commands(checks, errors);
	if (r == 0)
		r = children_new(loop, &checks->children);
	setup.children = checks->children;
	for (size_t i = 0; r == 0 && i < conf->pool_count; i++)
		r = start_pool(checks, &layout->pools[layout->pool_of[i]], &setup, MIN(spread_ns, SPREAD_NS));
	if (r < 0)
		checks_stop(checks);
	else
		*ret_checks = checks;
	return r;
}

int checks_probe(const struct conf *conf, struct text *errors)
{
	struct checks *checks = checks_new(conf);
	int r = -ENOMEM, found;

	if (checks != NULL) {
		r = open_trusts(checks, errors);
		found = find_commands(checks, errors);
		r = r < 0 ? r : found;
	}
	checks_stop(checks);
	return r;
}

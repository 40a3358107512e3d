/* SPDX-License-Identifier: MIT */
#include "lbctl/status_text.h"

#include "lbctl/amount.h"
#include "lbctl/table.h"

#include <stdio.h>
#include <string.h>

/* A fifth of the time window of the signed adverts: time to set the clocks right before it matters. */
#define CLOCK_OFFSET_NOTED_MS 1000

#define LIST_MAX 80
/* More would push the tables off the screen. */
#define PROBLEMS_SHOWN 20

/* jansson's macro walks by an index that it calls int in places; this one is clean, and gives NULL nothing to walk. */
#define FOR_EACH_ITEM(item, array) \
	for (size_t i_##item = 0; ((item) = json_array_get((array), i_##item)) != NULL; i_##item++)

/* Fields. */

static const char *string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "-";
}

#define NUMBER_TEXT_MAX AMOUNT_TEXT_MAX
static const char *number_of(const json_t *object, const char *key, char buffer[static NUMBER_TEXT_MAX])
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value))
		snprintf(buffer, NUMBER_TEXT_MAX, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buffer, NUMBER_TEXT_MAX, "%.1f", json_real_value(value));
	else
		strcpy(buffer, "-");
	return buffer;
}

static const char *bytes_of(const json_t *object, const char *key, char buffer[static NUMBER_TEXT_MAX])
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return strcpy(buffer, "-");
	return amount_bytes((double)json_integer_value(value), buffer);
}

static bool says(const json_t *object, const char *key, const char *word)
{
	return strcmp(string_of(object, key), word) == 0;
}

/* The first of a list, and how many more there are. */
static const char *list_of(const json_t *object, const char *key, char buffer[static LIST_MAX])
{
	const json_t *list = json_object_get(object, key);
	const char *first = json_string_value(json_array_get(list, 0));
	size_t count = json_array_size(list);

	if (first == NULL)
		return strcpy(buffer, "-");
	if (count > 1)
		snprintf(buffer, LIST_MAX, "%.50s +%zu", first, count - 1);
	else
		snprintf(buffer, LIST_MAX, "%.60s", first);
	return buffer;
}

/* What is wrong. */

struct problems {
	struct text lines;
	size_t count;
	bool colour;
};

static void problem(struct problems *problems, const char *format, ...) PRINTF_LIKE(2, 3);
static void problem(struct problems *problems, const char *format, ...)
{
	AUTO_TEXT line = {0};
	va_list arguments;

	if (++problems->count > PROBLEMS_SHOWN)
		return;
	va_start(arguments, format);
	text_addv(&line, format, arguments);
	va_end(arguments);
	text_add(&problems->lines, "  ");
	style_add(&problems->lines, problems->colour, STYLE_BAD, text_get(&line));
	text_add(&problems->lines, "\n");
}

static void find_daemon_problems(const json_t *status, struct problems *problems)
{
	const json_t *daemons = json_object_get(status, "daemons");
	const json_t *lbd = json_object_get(daemons, "lbd");
	const json_t *vrrpd = json_object_get(daemons, "vrrpd");
	const json_t *guardian = json_object_get(json_object_get(status, "pids"), "guardian");
	const json_t *field;

	if (!json_is_object(lbd))
		problem(problems, "lbd does not answer: this node forwards nothing");
	if (!json_is_object(vrrpd))
		problem(problems, "vrrpd does not answer: this node holds no vip");
	else if (json_is_integer(guardian) && json_integer_value(guardian) <= 0)
		problem(problems, "vrrpd has no guardian: should it die or hang, its vips stay until their lease ends");
	FOR_EACH_ITEM(field, json_object_get(status, "mismatch"))
	{
		const char *name = json_string_value(field);

		if (name != NULL)
			problem(problems, "lbd and vrrpd differ in %s (%s, %s): restart the one that is behind", name,
				string_of(lbd, name), string_of(vrrpd, name));
	}
}

/* How many of the peer's paths are alive. */
static size_t count_alive(const json_t *peer)
{
	const json_t *path;
	size_t alive = 0;

	FOR_EACH_ITEM(path, json_object_get(peer, "seen"))
	alive += json_is_true(json_object_get(path, "alive"));
	return alive;
}

static void find_peer_problems(const json_t *status, struct problems *problems)
{
	const json_t *peer = json_object_get(status, "peer");
	const json_t *seen = json_object_get(peer, "seen");
	json_int_t offset = json_integer_value(json_object_get(peer, "clock_offset_ms"));
	const json_t *path;

	if (!json_is_object(peer))
		return;
	FOR_EACH_ITEM(path, seen)
	{
		if (json_is_true(json_object_get(path, "unanswered")))
			problem(problems,
				"the peer %s does not hear this node on its path %s, and may hear nobody there",
				string_of(peer, "node"), string_of(path, "path"));
	}
	if (json_array_size(seen) > 0 && count_alive(peer) == 0) {
		problem(problems, "the peer %s is not heard", string_of(peer, "node"));
	} else {
		FOR_EACH_ITEM(path, seen)
		{
			if (!json_is_true(json_object_get(path, "alive")))
				problem(problems, "the peer %s is not heard on its path %s", string_of(peer, "node"),
					string_of(path, "path"));
		}
	}
	if (json_is_true(json_object_get(peer, "drift")))
		problem(problems, "the peer's configuration differs (%s, here %s)", string_of(peer, "config_hash"),
			string_of(status, "config_hash"));
	if (offset >= CLOCK_OFFSET_NOTED_MS || offset <= -CLOCK_OFFSET_NOTED_MS)
		problem(problems, "the peer's clock is off by %+.1f s: see to the clock synchronisation of both nodes",
			(double)offset / 1000);
}

static void find_track_problems(const json_t *vip, struct problems *problems)
{
	const json_t *track;

	FOR_EACH_ITEM(track, json_object_get(vip, "tracks"))
	{
		if (says(track, "state", "down"))
			problem(problems, "vip %s: tracked %s %s is down: %s", string_of(vip, "name"),
				string_of(track, "kind"), string_of(track, "name"), string_of(track, "reason"));
	}
}

static void find_vip_problems(const json_t *status, struct problems *problems)
{
	const json_t *vip;

	FOR_EACH_ITEM(vip, json_object_get(status, "vips"))
	{
		const char *name = string_of(vip, "name");

		if (json_is_true(json_object_get(vip, "conflict")))
			problem(problems, "vip %s: two nodes are active", name);
		if (json_is_string(json_object_get(vip, "lan_alarm")))
			problem(problems, "vip %s: %s", name, string_of(vip, "lan_alarm"));
		if (says(vip, "state", "fault"))
			problem(problems, "vip %s: fault: %s", name, string_of(vip, "reason"));
		if (json_is_null(json_object_get(vip, "active_node")))
			problem(problems, "vip %s: no node is active", name);
		find_track_problems(vip, problems);
	}
}

static bool takes_connections(const json_t *server)
{
	const json_t *weight = json_object_get(server, "weight");

	return says(server, "admin", "enabled") && !says(server, "health", "down") &&
	       !json_is_true(json_object_get(server, "leaving")) &&
	       (!json_is_integer(weight) || json_integer_value(weight) > 0);
}

static void find_service_problems(const json_t *status, struct problems *problems)
{
	const json_t *service, *pool;

	FOR_EACH_ITEM(service, json_object_get(status, "services"))
	{
		const json_t *pools = json_object_get(service, "pools");

		FOR_EACH_ITEM(pool, pools)
		{
			if (json_is_true(json_object_get(pool, "backup")))
				problem(problems, "service %s: no server of pool %s takes connections, pool %s answers",
					string_of(service, "name"), string_of(json_array_get(pools, 0), "name"),
					string_of(pool, "name"));
		}
	}
}

static void find_pool_problems(const json_t *status, struct problems *problems)
{
	const json_t *pool, *server;

	FOR_EACH_ITEM(pool, json_object_get(status, "pools"))
	{
		const char *name = string_of(pool, "name");
		size_t takers = 0;

		FOR_EACH_ITEM(server, json_object_get(pool, "servers"))
		{
			takers += takes_connections(server);
			if (says(server, "health", "down"))
				problem(problems, "server %s/%s is down: %s", name, string_of(server, "name"),
					string_of(server, "check"));
		}
		if (takers == 0)
			problem(problems, "pool %s: no server takes connections", name);
	}
}

static void add_problems(const json_t *status, bool colour, struct text *out)
{
	struct problems problems = {.colour = colour};

	find_daemon_problems(status, &problems);
	find_peer_problems(status, &problems);
	find_vip_problems(status, &problems);
	find_service_problems(status, &problems);
	find_pool_problems(status, &problems);
	if (problems.count == 0) {
		style_add(out, colour, STYLE_GOOD, "no problems");
		text_add(out, "\n");
	} else {
		style_add(out, colour, STYLE_TITLE, "PROBLEMS");
		text_addf(out, "\n%s", text_get(&problems.lines));
	}
	if (problems.count > PROBLEMS_SHOWN)
		text_addf(out, "  and %zu more\n", problems.count - PROBLEMS_SHOWN);
	out->failed |= problems.lines.failed;
	text_free(&problems.lines);
}

/* This node and the peer. */

static void add_node(const json_t *status, bool colour, struct text *out)
{
	const json_t *pids = json_object_get(status, "pids");
	char generation[NUMBER_TEXT_MAX], lbd[NUMBER_TEXT_MAX], vrrpd[NUMBER_TEXT_MAX], guardian[NUMBER_TEXT_MAX];

	text_add(out, "node ");
	style_add(out, colour, STYLE_TITLE, string_of(status, "node"));
	text_add(out, ": lbpair ");
	style_add(out, colour, STYLE_PLAIN, string_of(status, "version"));
	text_add(out, ", configuration ");
	style_add(out, colour, STYLE_PLAIN, string_of(status, "config_hash"));
	text_addf(out, ", generation %s, pids: lbd %s, vrrpd %s, guardian %s\n",
		number_of(status, "generation", generation), number_of(pids, "lbd", lbd),
		number_of(pids, "vrrpd", vrrpd), number_of(pids, "guardian", guardian));
}

static void add_clock(const json_t *peer, bool colour, struct text *out)
{
	const json_t *value = json_object_get(peer, "clock_offset_ms");
	json_int_t offset = json_integer_value(value);
	bool far = offset >= CLOCK_OFFSET_NOTED_MS || offset <= -CLOCK_OFFSET_NOTED_MS;
	char text[NUMBER_TEXT_MAX] = "-";

	if (json_is_integer(value))
		snprintf(text, sizeof text, "%+lld ms", (long long)offset);
	text_add(out, ", clock ");
	style_add(out, colour, far ? STYLE_BAD : STYLE_PLAIN, text);
}

static void add_peer(const json_t *status, bool colour, struct text *out)
{
	const json_t *peer = json_object_get(status, "peer");
	const json_t *drift = json_object_get(peer, "drift");
	size_t alive = count_alive(peer);
	size_t paths = json_array_size(json_object_get(peer, "seen"));
	char heard[64];

	if (!json_is_object(peer))
		return;
	text_add(out, "peer ");
	style_add(out, colour, STYLE_TITLE, string_of(peer, "node"));
	text_add(out, ": ");
	/* Without a key the nodes have nothing but their adverts. */
	if (paths == 0)
		snprintf(heard, sizeof heard, "known by its adverts alone");
	else
		snprintf(heard, sizeof heard, "heard on %zu of %zu paths", alive, paths);
	style_add(out, colour, alive < paths ? STYLE_BAD : STYLE_GOOD, heard);
	text_add(out, ", link ");
	style_add(out, colour, STYLE_PLAIN, string_of(peer, "link"));
	text_add(out, ", configuration ");
	/* A peer that was never heard has told no hash. */
	if (json_is_boolean(drift) && json_is_string(json_object_get(peer, "config_hash")))
		style_add(out, colour, json_is_true(drift) ? STYLE_BAD : STYLE_GOOD,
			json_is_true(drift) ? "DIFFERENT" : "the same");
	else
		text_add(out, "-");
	add_clock(peer, colour, out);
	text_add(out, "\n");
}

/* Tables. */

static const struct {
	const char *word;
	const char *shown;
	enum style style;
} words[] = {
	{"active", "ACTIVE", STYLE_GOOD},
	{"fault", "FAULT", STYLE_BAD},
	{"initialize", "initialize", STYLE_NOTE},
	{"down", "DOWN", STYLE_BAD},
	{"up", "up", STYLE_GOOD},
	{"unknown", "unknown", STYLE_NOTE},
	{"drain", "DRAIN", STYLE_NOTE},
	{"disabled", "DISABLED", STYLE_NOTE},
};

/* A word of the contract, so that those which matter stand out without colour too. */
static void add_word(struct table *table, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, word) == 0) {
			table_add(table, words[i].style, words[i].shown);
			return;
		}
	}
	table_add(table, STYLE_PLAIN, word);
}

static void add_priority(struct table *table, const json_t *vip)
{
	char priority[NUMBER_TEXT_MAX], effective[NUMBER_TEXT_MAX];

	number_of(vip, "priority", priority);
	number_of(vip, "effective_priority", effective);
	if (strcmp(priority, effective) == 0 || strcmp(effective, "-") == 0)
		table_add(table, STYLE_PLAIN, priority);
	else
		table_addf(table, STYLE_NOTE, "%s of %s", effective, priority);
}

static void add_vips(const json_t *status, bool colour, struct text *out)
{
	static const struct column columns[] = {{"VIP", false}, {"STATE", false}, {"ACTIVE ON", false},
		{"PRIORITY", true}, {"CHANGES", true}, {"ADDRESSES", false}, {"REASON", false}};
	struct table table = table_of(columns, ARRAY_LEN(columns));
	char number[NUMBER_TEXT_MAX], list[LIST_MAX];
	const json_t *vip;

	FOR_EACH_ITEM(vip, json_object_get(status, "vips"))
	{
		bool nobody = json_is_null(json_object_get(vip, "active_node"));

		table_add(&table, STYLE_PLAIN, string_of(vip, "name"));
		add_word(&table, string_of(vip, "state"));
		table_add(&table, nobody ? STYLE_BAD : STYLE_PLAIN, nobody ? "NOBODY" : string_of(vip, "active_node"));
		add_priority(&table, vip);
		table_add(&table, STYLE_PLAIN, number_of(vip, "transitions", number));
		table_add(&table, STYLE_PLAIN, list_of(vip, "addresses", list));
		table_add(&table, STYLE_PLAIN, string_of(vip, "reason"));
	}
	if (table.count > 0)
		text_add(out, "\n");
	table_finish(&table, colour, out);
}

/* `web: 3 auth, 1 ttl`, for vips that discarded any advert. */
static void add_discards(const json_t *status, struct text *out)
{
	const json_t *vip;

	FOR_EACH_ITEM(vip, json_object_get(status, "vips"))
	{
		json_t *discarded = json_object_get(json_object_get(vip, "counters"), "discarded");
		const char *reason;
		json_t *count;
		const char *separator = " ";

		json_object_foreach(discarded, reason, count)
		{
			if (json_integer_value(count) <= 0)
				continue;
			if (*separator == ' ') {
				text_add(out, "discarded adverts of vip ");
				style_add(out, false, STYLE_PLAIN, string_of(vip, "name"));
				text_add(out, ":");
			}
			text_addf(out, "%s%lld ", separator, (long long)json_integer_value(count));
			style_add(out, false, STYLE_PLAIN, reason);
			separator = ", ";
		}
		if (*separator == ',')
			text_add(out, "\n");
	}
}

/* `blue`, or `blue:90 green:10` where it is split. */
static void add_shares(struct table *table, const json_t *service)
{
	const json_t *pools = json_object_get(service, "pools");
	const json_t *pool;
	AUTO_TEXT shares = {0};
	char number[NUMBER_TEXT_MAX];

	FOR_EACH_ITEM(pool, pools)
	{
		text_addf(&shares, "%s%s", shares.length > 0 ? " " : "", string_of(pool, "name"));
		if (json_array_size(pools) > 1)
			text_addf(&shares, ":%s", number_of(pool, "share", number));
	}
	table_add(table, STYLE_PLAIN, text_get(&shares));
}

static void add_services(const json_t *status, bool colour, struct text *out)
{
	static const struct column columns[] = {{"SERVICE", false}, {"PROTOCOL", false}, {"LISTEN", false},
		{"POOL", false}, {"OPEN", true}, {"TOTAL", true}, {"REFUSED", true}, {"IN", true}, {"OUT", true}};
	struct table table = table_of(columns, ARRAY_LEN(columns));
	char number[NUMBER_TEXT_MAX], list[LIST_MAX];
	const json_t *service;

	FOR_EACH_ITEM(service, json_object_get(status, "services"))
	{
		table_add(&table, STYLE_PLAIN, string_of(service, "name"));
		table_add(&table, STYLE_PLAIN, string_of(service, "protocol"));
		table_add(&table, STYLE_PLAIN, list_of(service, "listen", list));
		add_shares(&table, service);
		table_add(&table, STYLE_PLAIN, number_of(service, "connections", number));
		table_add(&table, STYLE_PLAIN, number_of(service, "connections_total", number));
		table_add(&table, STYLE_PLAIN, number_of(service, "refused_total", number));
		table_add(&table, STYLE_PLAIN, bytes_of(service, "bytes_in", number));
		table_add(&table, STYLE_PLAIN, bytes_of(service, "bytes_out", number));
	}
	if (table.count > 0)
		text_add(out, "\n");
	table_finish(&table, colour, out);
}

/* `100`, `35 of 100` while it is given less, `100 backup`. */
static void add_weight(struct table *table, const json_t *server)
{
	json_int_t weight = json_integer_value(json_object_get(server, "weight"));
	const json_t *share = json_object_get(server, "share");
	char number[NUMBER_TEXT_MAX];

	number_of(server, "weight", number);
	if (json_is_integer(share) && json_integer_value(share) > 0 && json_integer_value(share) < weight)
		table_addf(table, STYLE_NOTE, "%lld of %s", (long long)json_integer_value(share), number);
	else if (json_is_true(json_object_get(server, "backup")))
		table_addf(table, STYLE_PLAIN, "%s backup", number);
	else
		table_add(table, STYLE_PLAIN, number);
}

static void add_server(struct table *table, const json_t *pool, const json_t *server)
{
	char number[NUMBER_TEXT_MAX];

	table_addf(table, STYLE_PLAIN, "%s/%s", string_of(pool, "name"), string_of(server, "name"));
	table_add(table, STYLE_PLAIN, string_of(server, "address"));
	add_word(table, json_is_true(json_object_get(server, "leaving")) ? "leaving" : string_of(server, "admin"));
	add_word(table, string_of(server, "health"));
	add_weight(table, server);
	table_add(table, STYLE_PLAIN, number_of(server, "connections", number));
	table_add(table, STYLE_PLAIN, number_of(server, "connections_total", number));
	table_add(table, STYLE_PLAIN, string_of(server, "check"));
}

static void add_servers(const json_t *status, bool colour, struct text *out)
{
	static const struct column columns[] = {{"SERVER", false}, {"ADDRESS", false}, {"ADMIN", false},
		{"HEALTH", false}, {"WEIGHT", true}, {"OPEN", true}, {"TOTAL", true}, {"CHECK", false}};
	struct table table = table_of(columns, ARRAY_LEN(columns));
	const json_t *pool, *server;

	FOR_EACH_ITEM(pool, json_object_get(status, "pools"))
	{
		FOR_EACH_ITEM(server, json_object_get(pool, "servers"))
		add_server(&table, pool, server);
	}
	if (table.count > 0)
		text_add(out, "\n");
	table_finish(&table, colour, out);
}

void status_text(const json_t *status, bool colour, struct text *out)
{
	add_node(status, colour, out);
	add_peer(status, colour, out);
	add_problems(status, colour, out);
	add_vips(status, colour, out);
	add_discards(status, out);
	add_services(status, colour, out);
	add_servers(status, colour, out);
}

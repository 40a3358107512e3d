/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check.h"

#include "common/model/conf_check_client.h"
#include "common/model/conf_check_heartbeats.h"
#include "common/model/conf_check_pool.h"
#include "common/model/conf_check_routes.h"
#include "common/model/conf_value.h"
#include "common/model/conf_vip.h"
#include "common/model/schema.h"
#include "common/pure/mono.h"
#include "common/system/liveness.h"

#include <errno.h>
#include <string.h>

struct check {
	struct conf *conf;
	const struct conf_item *root;
	struct conf_errors *errors;
	bool no_memory;
};

/* Walks the sections of that name in `parent`. */
#define FOR_EACH_SECTION(item, parent, name) \
	for (const struct conf_item *item = conf_item_section(parent, name); item != NULL; \
		item = conf_item_next_section(item))

/* Things that may be there once: gathered, sorted, and neighbours compared, so that many take no longer than few. */

struct thing {
	const void *key;
	const struct conf_item *section; /* what it belongs to */
	unsigned line;
	size_t place; /* among all, in the file's order */
};

struct things {
	struct thing *list;
	size_t count;
	size_t capacity;
};

typedef int compare_fn(const void *a, const void *b);
typedef void again_fn(struct conf_errors *errors, const struct thing *first, const struct thing *again);

static void things_add(
	struct check *check, struct things *things, const void *key, const struct conf_item *section, unsigned line)
{
	if (things->count == things->capacity) {
		size_t capacity = MAX((size_t)64, things->capacity * 2);
		struct thing *list = reallocarray(things->list, capacity, sizeof *list);

		if (list == NULL) {
			check->no_memory = true;
			return;
		}
		things->list = list;
		things->capacity = capacity;
	}
	things->list[things->count] = (struct thing){key, section, line, things->count};
	things->count++;
}

static int compare_things(const void *a, const void *b, void *compare_keys)
{
	const struct thing *x = a, *y = b;
	int order = (*(compare_fn **)compare_keys)(x->key, y->key);

	if (order != 0)
		return order;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Reports each thing whose key an earlier one has, and forgets them all. */
static void things_settle(struct check *check, struct things *things, compare_fn *compare, again_fn *report)
{
	const struct thing *first = things->list;

	if (things->count > 1)
		qsort_r(things->list, things->count, sizeof *things->list, compare_things, &compare);
	for (size_t i = 1; i < things->count; i++) {
		if (compare(first->key, things->list[i].key) == 0)
			report(check->errors, first, &things->list[i]);
		else
			first = &things->list[i];
	}
	things->count = 0;
}

static void things_free(struct things *things)
{
	free(things->list);
}
#define AUTO_THINGS AUTO(things_free) struct things

/* Names. */

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void name_again(struct conf_errors *errors, const struct thing *first, const struct thing *again)
{
	conf_error(errors, again->line,
		"section '%s %.64s' is there again: line %u has one already, give this one another name",
		again->section->name, again->section->title, first->line);
}

static void check_names(
	struct check *check, struct things *things, const struct schema_section *schema, const struct conf_item *item)
{
	for (size_t i = 0; i < schema->section_count; i++) {
		const struct schema_section *inner = &schema->sections[i];

		if (!inner->many || inner->title != SCHEMA_TITLE_NAME)
			continue;
		FOR_EACH_SECTION(child, item, inner->name)
		things_add(check, things, child->title, child, child->line);
		things_settle(check, things, compare_names, name_again);
		FOR_EACH_SECTION(child, item, inner->name)
		check_names(check, things, inner, child);
	}
}

/* Nodes. */

static void check_host_address(struct check *check, unsigned line, const char *option, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (!ip_is_host(ip))
		conf_error(check->errors, line, "option '%s': '%s' is no address of a host: write a unicast address",
			option, ip_text(ip, text));
}

static void check_node_pair(struct check *check, const struct conf_item *a, const struct conf_item *b)
{
	const struct node_conf *node_a = a->object, *node_b = b->object;
	const struct conf_item *address = conf_item_option(b, "address");
	const struct conf_item *priority = conf_item_option(b, "priority");
	char text[IP_TEXT_MAX];

	if (address != NULL && conf_item_option(a, "address") != NULL && ip_equal(&node_a->address, &node_b->address))
		conf_error(check->errors, address->line,
			"option 'address': node '%s' has %s already: each node wants its own", node_a->name,
			ip_text(&node_a->address, text));
	/* RFC 9568 5.2.4: the owner's priority; equal ones below it are settled by the greater address. */
	if (node_a->priority == 255 && node_b->priority == 255)
		conf_error(check->errors, priority->line,
			"option 'priority': node '%s' owns the addresses already (255): only one node can",
			node_a->name);
}

static void check_nodes(struct check *check)
{
	const struct conf_item *pair = conf_item_section(check->root, "pair");
	const struct conf_item *first = pair != NULL ? conf_item_section(pair, "node") : NULL;
	const struct conf_item *second = first != NULL ? conf_item_next_section(first) : NULL;
	const struct conf_item *third = second != NULL ? conf_item_next_section(second) : NULL;
	const struct conf_item *vip = conf_item_section(check->root, "vip");

	if (pair == NULL)
		return;
	FOR_EACH_SECTION(node, pair, "node")
	{
		const struct conf_item *address = conf_item_option(node, "address");

		if (address != NULL)
			check_host_address(
				check, address->line, "address", &((const struct node_conf *)node->object)->address);
	}
	conf_check_heartbeats(first, second, check->errors);
	if (third != NULL)
		conf_error(check->errors, third->line, "section 'node %.64s' is one too many: a pair has two nodes",
			third->title);
	else if (second != NULL)
		check_node_pair(check, first, second);
	else if (first != NULL && vip != NULL)
		conf_error(check->errors, pair->line,
			"section 'pair' has one node only, and 'vip %.64s' needs two to move between: write the other "
			"node",
			vip->title);
}

/* VIPs. */

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	return ip_compare(&x->ip, &y->ip);
}

static void prefix_again(struct conf_errors *errors, const struct thing *first, const struct thing *again)
{
	const struct prefix *prefix = again->key;
	char text[IP_TEXT_MAX];

	conf_error(errors, again->line,
		"option 'addresses': %s stands in line %u already, for 'vip %.64s': take one out",
		ip_text(&prefix->ip, text), first->line, first->section->title);
}

static int compare_vrids(const void *a, const void *b)
{
	const struct vip_conf *x = a, *y = b;
	int order = strcmp(x->interface, y->interface);

	return order != 0 ? order : (int)x->vrid - (int)y->vrid;
}

static void vrid_again(struct conf_errors *errors, const struct thing *first, const struct thing *again)
{
	const struct vip_conf *vip = again->key;

	conf_error(errors, again->line,
		"option 'vrid': 'vip %.64s' has %u on %s already, in line %u: take another number",
		first->section->title, vip->vrid, vip->interface, first->line);
}

static void check_vip_address(struct check *check, const struct prefix *prefix, unsigned line)
{
	char text[PREFIX_TEXT_MAX], ip[IP_TEXT_MAX];

	check_host_address(check, line, "addresses", &prefix->ip);
	if (prefix->length != 8 * ip_size(&prefix->ip))
		conf_error(check->errors, line,
			"option 'addresses': %s: a VIP is a single address, so that its removal never takes the node's "
			"own "
			"with it: write %s/%zu",
			prefix_text(prefix, text), ip_text(&prefix->ip, ip), 8 * ip_size(&prefix->ip));
	for (size_t i = 0; i < check->conf->pair.node_count; i++) {
		const struct node_conf *node = &check->conf->pair.nodes[i];

		if (node->address.family != 0 && ip_equal(&node->address, &prefix->ip))
			conf_error(check->errors, line,
				"option 'addresses': %s is the own address of node '%s': a VIP is an address of no "
				"node",
				ip_text(&prefix->ip, ip), node->name);
	}
}

static void check_vip_addresses(struct check *check, struct things *things, const struct conf_item *vip)
{
	const struct conf_item *option = conf_item_option(vip, "addresses");
	const struct vip_conf *conf = vip->object;
	const struct conf_word *word;
	size_t i = 0;

	if (option == NULL)
		return;
	for (word = option->first_word; word != NULL; word = word->next, i++) {
		check_vip_address(check, &conf->addresses[i], word->line);
		things_add(check, things, &conf->addresses[i], vip, word->line);
	}
}

static void check_interface(struct check *check, const struct conf_item *vip)
{
	const struct conf_item *option = conf_item_option(vip, "interface");
	const char *name = ((const struct vip_conf *)vip->object)->interface;

	if (option == NULL)
		return;
	/* The kernel's own rule (dev_valid_name). */
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || name[strcspn(name, "/: \t")] != '\0')
		conf_error(check->errors, option->line,
			"option 'interface': '%s' cannot be an interface: write its name as `ip link` has it", name);
}

static const char *service_name_at(const void *context, size_t i)
{
	const struct conf *conf = context;

	return i < conf->service_count ? conf->services[i].name : NULL;
}

static void check_tracks(struct check *check, const struct conf_item *vip)
{
	FOR_EACH_SECTION(track, vip, "track-gateway")
	{
		struct ip ip;

		if (ip_parse(track->title, &ip) == 0)
			check_host_address(check, track->line, "track-gateway", &ip);
	}
	FOR_EACH_SECTION(track, vip, "track-service")
	{
		const char *nearest = text_nearest(track->title, service_name_at, check->conf);

		if (conf_find_service(check->conf, track->title) != NULL)
			continue;
		if (nearest != NULL)
			conf_error(check->errors, track->line,
				"section 'track-service %.64s': there is no such service: did you mean '%s'?",
				track->title, nearest);
		else
			conf_error(check->errors, track->line,
				"section 'track-service %.64s': there is no such service: write a section 'service "
				"%.64s'",
				track->title, track->title);
	}
}

static void check_vips(struct check *check)
{
	AUTO_THINGS addresses = {0};
	AUTO_THINGS vrids = {0};

	FOR_EACH_SECTION(vip, check->root, "vip")
	{
		const struct conf_item *vrid = conf_item_option(vip, "vrid");

		check_interface(check, vip);
		check_vip_addresses(check, &addresses, vip);
		check_tracks(check, vip);
		conf_vip_check(check->conf, vip, check->errors);
		if (vrid != NULL && conf_item_option(vip, "interface") != NULL)
			things_add(check, &vrids, vip->object, vip, vrid->line);
	}
	things_settle(check, &addresses, compare_prefixes, prefix_again);
	things_settle(check, &vrids, compare_vrids, vrid_again);
	/* The addresses' line numbers go by what the file says, so it is completed when they were looked at. */
	FOR_EACH_SECTION(vip, check->root, "vip")
	check->no_memory |= conf_vip_complete(check->conf, vip, check->errors) == -ENOMEM;
}

/* Services. */

static int compare_endpoints(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	int order = ip_compare(&x->ip, &y->ip);

	return order != 0 ? order : (int)x->port - (int)y->port;
}

static void endpoint_again(struct conf_errors *errors, const struct thing *first, const struct thing *again)
{
	char text[ENDPOINT_TEXT_MAX];

	bool named = first->section->title != NULL;

	conf_error(errors, again->line, "option 'listen': %s stands in line %u already, for '%s%s%.64s': take one out",
		endpoint_text(again->key, text), first->line, first->section->name, named ? " " : "",
		named ? first->section->title : "");
}

static void check_again(struct check *check, unsigned line, const struct service_conf *conf, size_t place)
{
	for (size_t i = 0; i < place; i++) {
		if (conf->pools[i].pool == conf->pools[place].pool)
			conf_error(check->errors, line,
				"option 'pool': '%s' has a share already: give it one, and other pools theirs",
				conf->pools[place].name);
	}
}

static void resolve_shares(struct check *check, const struct conf_item *option, struct service_conf *conf)
{
	struct pool_share_conf *shares = (struct pool_share_conf *)conf->pools;
	const struct conf_word *word = option->first_word;
	unsigned sum = 0;

	for (size_t i = 0; i < conf->pool_count; i++, word = word->next) {
		shares[i].pool = conf_check_pool(check->conf, option, word->line, shares[i].name, check->errors);
		if (shares[i].pool != NULL)
			check_again(check, word->line, conf, i);
		sum += shares[i].parts;
	}
	if (sum == 0)
		conf_error(check->errors, option->line,
			"option 'pool': no pool has a share that is above 0: give one of them 1 at least");
}

static void resolve_pools(struct check *check, const struct conf_item *service)
{
	const struct conf_item *option = conf_item_option(service, "pool");
	const struct conf_item *backup = conf_item_option(service, "backup-pool");
	struct service_conf *conf = service->object;

	if (option != NULL)
		resolve_shares(check, option, conf);
	if (backup == NULL || *conf->backup_pool_name == '\0')
		return;
	conf->backup_pool = conf_check_pool(check->conf, backup, backup->line, conf->backup_pool_name, check->errors);
	for (size_t i = 0; option != NULL && conf->backup_pool != NULL && i < conf->pool_count; i++) {
		if (conf->pools[i].pool == conf->backup_pool)
			conf_error(check->errors, backup->line,
				"option 'backup-pool': '%s' is the service's pool already: name another, or take it "
				"out",
				conf->backup_pool_name);
	}
}

static void check_listen(
	struct check *check, struct things *things, const struct conf_item *section, const struct endpoint *listen)
{
	const struct conf_item *option = conf_item_option(section, "listen");
	size_t i = 0;

	if (option == NULL)
		return;
	for (const struct conf_word *word = option->first_word; word != NULL; word = word->next)
		things_add(check, things, &listen[i++], section, word->line);
}

/*
 * A UDP session has no end of its own, and holds a descriptor until it is idle: 10 minutes of a busy name server would
 * be more than there are. 1 minute is longer than what keeps other sessions alive (QUIC, WireGuard, SIP: up to 30 s).
 */
#define UDP_IDLE_NS (60 * NS_PER_S)

/* Whether the option is there with another value than its default: `lbctl config show` writes all of them. */
static bool is_set(const struct conf_item *section, const char *section_name, const char *option_name)
{
	const struct schema_section *service = schema_find_section(&schema_root, "service");
	const struct schema_section *schema = schema_find_section(service, section_name);
	const struct schema_option *row = schema_find_option(schema, option_name);
	AUTO_TEXT value = {0};

	if (section == NULL || conf_item_option(section, option_name) == NULL)
		return false;
	conf_value_print(row, section->object, &value);
	return strcmp(text_get(&value), row->preset) != 0;
}

static void check_udp(struct check *check, const struct conf_item *service)
{
	static const char *const tcp_only[] = {"connect", "half-close"};
	const struct conf_item *timeouts = conf_item_section(service, "timeouts");
	const struct conf_item *bandwidth = conf_item_section(service, "bandwidth");
	struct service_conf *conf = service->object;

	if (bandwidth != NULL && (conf->bandwidth.up > 0 || conf->bandwidth.down > 0))
		conf_error(check->errors, bandwidth->line,
			"section 'bandwidth' does not go with 'protocol = udp', whose datagrams would be lost: take it "
			"out");
	if (timeouts == NULL || conf_item_option(timeouts, "idle") == NULL)
		conf->timeouts.idle_ns = UDP_IDLE_NS;
	for (size_t i = 0; i < ARRAY_LEN(tcp_only); i++) {
		if (is_set(timeouts, "timeouts", tcp_only[i]))
			conf_error(check->errors, conf_item_option(timeouts, tcp_only[i])->line,
				"option '%s' does not go with 'protocol = udp', whose sessions know 'idle' alone: take "
				"it out",
				tcp_only[i]);
	}
}

static void check_protocol(struct check *check, const struct conf_item *service)
{
	const struct service_conf *conf = service->object;
	const struct conf_item *udp = conf_item_section(service, "udp");

	if (conf->protocol == SERVICE_PROTOCOL_UDP)
		check_udp(check, service);
	else if (is_set(udp, "udp", "answers"))
		conf_error(check->errors, conf_item_option(udp, "answers")->line,
			"option 'answers' does not go with 'protocol = tcp': set 'protocol = udp', or take it out");
}

static void check_services(struct check *check)
{
	struct things listens[SERVICE_PROTOCOL_COUNT] = {0}; /* tcp and udp may share a port */
	size_t count = 0;

	FOR_EACH_SECTION(admin, check->root, "admin")
	{
		const struct admin_conf *conf = admin->object;

		check_listen(check, &listens[SERVICE_PROTOCOL_TCP], admin, conf->listen);
	}
	FOR_EACH_SECTION(service, check->root, "service")
	{
		const struct service_conf *conf = service->object;

		check_listen(check, &listens[conf->protocol], service, conf->listen);
		check_protocol(check, service);
		conf_check_client(service, check->errors);
		resolve_pools(check, service);
		if (conf_check_routes(check->conf, service, check->errors) < 0)
			check->no_memory = true;
		if (++count == LIVENESS_SERVICES_MAX + 1)
			conf_error(check->errors, service->line,
				"section 'service %.64s' is one too many: there may be %d services", service->title,
				LIVENESS_SERVICES_MAX);
	}
	for (size_t i = 0; i < ARRAY_LEN(listens); i++) {
		things_settle(check, &listens[i], compare_endpoints, endpoint_again);
		things_free(&listens[i]);
	}
}

/* Pools. */

static void check_check(struct check *check, const struct conf_item *section)
{
	const struct conf_item *host = conf_item_option(section, "host");
	const struct conf_item *ca_file = conf_item_option(section, "ca-file");
	const struct check_conf *conf = section->object;

	if (host != NULL && host->first_word->text[strcspn(host->first_word->text, " \t/")] != '\0')
		conf_error(check->errors, host->line,
			"option 'host': '%.64s' cannot be a Host: write a name as www.example.com",
			host->first_word->text);
	if (ca_file != NULL && *conf->ca_file != '\0' && *conf->ca_file != '/')
		conf_error(check->errors, ca_file->line,
			"option 'ca-file': '%.64s' does not begin with '/': write a path, or \"\" for this system's",
			conf->ca_file);
	if (ca_file != NULL && *conf->ca_file != '\0' && !conf->verify)
		conf_error(check->errors, ca_file->line,
			"option 'ca-file' without 'verify': nobody would be checked by it, write verify = yes");
	if (conf->kind == CHECK_AGENT && conf->port == 0)
		conf_error(check->errors, section->line,
			"option 'port' is missing in section 'check agent': set it to the agent's port, a number from "
			"1 to 65535");
	if (conf->verify && conf->kind == CHECK_HTTP && !conf->tls)
		conf_error(check->errors, section->line,
			"option 'verify' without 'tls': there is no certificate to verify, write tls = yes");
}

/* A pool has one check, and one agent beside it. */
static void check_checks(struct check *check, const struct conf_item *pool)
{
	struct pool_conf *conf = pool->object;
	const struct conf_item *firsts[2] = {0};

	FOR_EACH_SECTION(section, pool, "check")
	{
		const struct check_conf *read = section->object;
		const struct conf_item **first;

		/* One of an unknown kind has no object. */
		if (read == NULL)
			continue;
		first = &firsts[read->kind == CHECK_AGENT];
		if (*first != NULL) {
			conf_error(check->errors, section->line,
				"section 'check %s' is there again: line %u has one already, keep one", section->title,
				(*first)->line);
			continue;
		}
		*first = section;
		*(read->kind == CHECK_AGENT ? &conf->agent : &conf->check) = *read;
		check_check(check, section);
	}
}

static void check_source(struct check *check, const struct conf_item *section, const struct ip *source)
{
	const struct conf_item *option = conf_item_option(section, "source");

	if (option != NULL && source->family != 0)
		check_host_address(check, option->line, "source", source);
}

static void check_pools(struct check *check)
{
	FOR_EACH_SECTION(pool, check->root, "pool")
	{
		FOR_EACH_SECTION(server, pool, "server")
		{
			const struct conf_item *address = conf_item_option(server, "address");

			const struct server_conf *conf = server->object;

			if (address != NULL && conf->path == NULL && conf->host == NULL)
				check_host_address(check, address->line, "address", &conf->address.ip);
			check_source(check, server, &conf->source);
		}
		check_source(check, pool, &((const struct pool_conf *)pool->object)->source);
		check_checks(check, pool);
		conf_check_reach(pool, check->errors);
	}
}

/* What has to be known of both a service and its pools. */
static void check_uses(struct check *check)
{
	FOR_EACH_SECTION(service, check->root, "service")
	{
		const struct service_conf *conf = service->object;

		for (size_t i = 0; i < conf->pool_count; i++) {
			if (conf->pools[i].pool != NULL)
				conf_check_use(conf, conf->pools[i].pool, service->line, check->errors);
		}
		if (conf->backup_pool != NULL)
			conf_check_use(conf, conf->backup_pool, service->line, check->errors);
	}
}

int conf_check(struct conf *conf, const struct conf_item *root, struct conf_errors *errors)
{
	struct check check = {.conf = conf, .root = root, .errors = errors};
	AUTO_THINGS names = {0};

	check_names(&check, &names, &schema_root, root);
	check_nodes(&check);
	check_vips(&check);
	check_services(&check);
	check_pools(&check);
	check_uses(&check);
	return check.no_memory ? -ENOMEM : 0;
}

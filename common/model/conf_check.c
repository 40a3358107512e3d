/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check.h"

#include "common/model/conf_check_client.h"
#include "common/model/conf_check_heartbeats.h"
#include "common/model/conf_check_services.h"
#include "common/model/conf_check_vips.h"
#include "common/model/conf_checking.h"
#include "common/model/schema.h"

#include <errno.h>
#include <string.h>

/* Names. */

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void name_again(struct conf_errors *errors, const struct conf_thing *first, const struct conf_thing *again)
{
	conf_error(errors, again->line,
		"section '%s %.64s' is there again: line %u has one already, give this one another name",
		again->section->name, again->section->title, first->line);
}

static void check_names(struct checking *check, struct conf_things *things, const struct schema_section *schema,
	const struct conf_item *item)
{
	for (size_t i = 0; i < schema->section_count; i++) {
		const struct schema_section *inner = &schema->sections[i];

		if (!inner->many || inner->title != SCHEMA_TITLE_NAME)
			continue;
		FOR_EACH_SECTION(child, item, inner->name)
		conf_things_add(check, things, child->title, child, child->line);
		conf_things_settle(check, things, compare_names, name_again);
		FOR_EACH_SECTION(child, item, inner->name)
		check_names(check, things, inner, child);
	}
}

/* Nodes. */

static void check_node_pair(struct checking *check, const struct conf_item *a, const struct conf_item *b)
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

static void check_nodes(struct checking *check)
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
			conf_check_host_address(
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

/* Pools. */

static void check_check(struct checking *check, const struct conf_item *section)
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
static void check_checks(struct checking *check, const struct conf_item *pool)
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

static void check_source(struct checking *check, const struct conf_item *section, const struct ip *source)
{
	const struct conf_item *option = conf_item_option(section, "source");

	if (option != NULL && source->family != 0)
		conf_check_host_address(check, option->line, "source", source);
}

static void check_pools(struct checking *check)
{
	FOR_EACH_SECTION(pool, check->root, "pool")
	{
		FOR_EACH_SECTION(server, pool, "server")
		{
			const struct conf_item *address = conf_item_option(server, "address");

			const struct server_conf *conf = server->object;

			if (address != NULL && conf->path == NULL && conf->host == NULL)
				conf_check_host_address(check, address->line, "address", &conf->address.ip);
			check_source(check, server, &conf->source);
		}
		check_source(check, pool, &((const struct pool_conf *)pool->object)->source);
		check_checks(check, pool);
		conf_check_reach(pool, check->errors);
	}
}

/* What has to be known of both a service and its pools. */
static void check_uses(struct checking *check)
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
	struct checking check = {.conf = conf, .root = root, .errors = errors};
	AUTO_THINGS names = {0};

	check_names(&check, &names, &schema_root, root);
	check_nodes(&check);
	conf_check_vips(&check);
	conf_check_services(&check);
	check_pools(&check);
	check_uses(&check);
	return check.no_memory ? -ENOMEM : 0;
}

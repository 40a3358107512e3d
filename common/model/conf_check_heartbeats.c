/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_heartbeats.h"

#include "common/model/conf.h"

#include <string.h>

static const struct node_conf *node_of(const struct conf_item *item)
{
	return item->object;
}

/* Whether the node has the address, other than as its heartbeat number `but`. */
static bool has(const struct conf_item *item, const struct ip *ip, size_t but)
{
	const struct node_conf *node = node_of(item);

	if (ip_equal(&node->address, ip))
		return true;
	for (size_t i = 0; i < node->heartbeat_count; i++) {
		if (i != but && ip_equal(&node->heartbeats[i], ip))
			return true;
	}
	return false;
}

static void check_own(const struct conf_item *item, const struct conf_item *other, struct conf_errors *errors)
{
	const struct conf_item *option = conf_item_option(item, "heartbeat");
	const struct node_conf *node = node_of(item);
	char text[IP_TEXT_MAX];

	for (size_t i = 0; option != NULL && i < node->heartbeat_count; i++) {
		const struct ip *ip = &node->heartbeats[i];

		if (!ip_is_host(ip))
			conf_error(errors, option->line,
				"option 'heartbeat': '%s' is no address of a host: write a unicast address",
				ip_text(ip, text));
		else if (has(item, ip, i) || (other != NULL && has(other, ip, CONF_HEARTBEATS_MAX)))
			conf_error(errors, option->line,
				"option 'heartbeat': %s is there already: each path wants an address of its own",
				ip_text(ip, text));
	}
}

static void check_pairs(const struct conf_item *a, const struct conf_item *b, struct conf_errors *errors)
{
	const struct node_conf *x = node_of(a), *y = node_of(b);
	const struct conf_item *option = conf_item_option(b, "heartbeat");
	char text[IP_TEXT_MAX];

	if (x->heartbeat_count != y->heartbeat_count) {
		conf_error(errors, option != NULL ? option->line : b->line,
			"option 'heartbeat': node '%s' has %zu and node '%s' has %zu: they pair up in order, write as "
			"many for both",
			x->name, x->heartbeat_count, y->name, y->heartbeat_count);
		return;
	}
	for (size_t i = 0; i < x->heartbeat_count; i++) {
		if (x->heartbeats[i].family != y->heartbeats[i].family)
			conf_error(errors, option->line,
				"option 'heartbeat': %s is of another family than node '%s' has in its place",
				ip_text(&y->heartbeats[i], text), x->name);
	}
}

/* One that was not read has been told of. */
static bool is_bad(const struct conf_item *item)
{
	return node_of(item)->heartbeat_count > 0 && conf_item_option(item, "heartbeat") == NULL;
}

void conf_check_heartbeats(const struct conf_item *a, const struct conf_item *b, struct conf_errors *errors)
{
	if ((a != NULL && is_bad(a)) || (b != NULL && is_bad(b)))
		return;
	if (a != NULL)
		check_own(a, NULL, errors);
	if (b != NULL)
		check_own(b, a, errors);
	if (a != NULL && b != NULL)
		check_pairs(a, b, errors);
}

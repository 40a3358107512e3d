/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_vips.h"

#include "common/model/conf_vip.h"

#include <errno.h>
#include <string.h>

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	return ip_compare(&x->ip, &y->ip);
}

static void prefix_again(struct conf_errors *errors, const struct conf_thing *first, const struct conf_thing *again)
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

static void vrid_again(struct conf_errors *errors, const struct conf_thing *first, const struct conf_thing *again)
{
	const struct vip_conf *vip = again->key;

	conf_error(errors, again->line,
		"option 'vrid': 'vip %.64s' has %u on %s already, in line %u: take another number",
		first->section->title, vip->vrid, vip->interface, first->line);
}

static void check_vip_address(struct checking *check, const struct prefix *prefix, unsigned line)
{
	char text[PREFIX_TEXT_MAX], ip[IP_TEXT_MAX];

	conf_check_host_address(check, line, "addresses", &prefix->ip);
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

static void check_vip_addresses(struct checking *check, struct conf_things *things, const struct conf_item *vip)
{
	const struct conf_item *option = conf_item_option(vip, "addresses");
	const struct vip_conf *conf = vip->object;
	const struct conf_word *word;
	size_t i = 0;

	if (option == NULL)
		return;
	for (word = option->first_word; word != NULL; word = word->next, i++) {
		check_vip_address(check, &conf->addresses[i], word->line);
		conf_things_add(check, things, &conf->addresses[i], vip, word->line);
	}
}

static void check_interface(struct checking *check, const struct conf_item *vip)
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

static void check_tracks(struct checking *check, const struct conf_item *vip)
{
	FOR_EACH_SECTION(track, vip, "track-gateway")
	{
		struct ip ip;

		if (ip_parse(track->title, &ip) == 0)
			conf_check_host_address(check, track->line, "track-gateway", &ip);
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

/* What the guardian is told of, and the peer: a vip that they did not know would be nobody's to remove. */
static void check_count(struct checking *check)
{
	size_t vips = 0, addresses = 0;

	FOR_EACH_SECTION(vip, check->root, "vip")
	{
		const struct vip_conf *conf = vip->object;

		vips++;
		addresses += conf->address_count;
		if (vips == CONF_VIPS_MAX + 1)
			conf_error(check->errors, vip->line,
				"section 'vip %.64s' is one too many: a pair has %u vips at most", vip->title,
				CONF_VIPS_MAX);
		if (addresses <= CONF_VIP_ADDRESSES_MAX)
			continue;
		conf_error(check->errors, vip->line,
			"section 'vip %.64s': with its addresses there are more than %u, the link-local ones that are "
			"added among them: take some out",
			vip->title, CONF_VIP_ADDRESSES_MAX);
		return;
	}
}

void conf_check_vips(struct checking *check)
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
			conf_things_add(check, &vrids, vip->object, vip, vrid->line);
	}
	conf_things_settle(check, &addresses, compare_prefixes, prefix_again);
	conf_things_settle(check, &vrids, compare_vrids, vrid_again);
	/* The addresses' line numbers go by what the file says, so it is completed when they were looked at. */
	FOR_EACH_SECTION(vip, check->root, "vip")
	check->no_memory |= conf_vip_complete(check->conf, vip, check->errors) == -ENOMEM;
	check_count(check);
}

/* SPDX-License-Identifier: MIT */
#include "common/shell/node.h"

#include <errno.h>
#include <string.h>

static const struct node_conf *find(const struct conf *conf, const char *name, size_t length)
{
	for (size_t i = 0; i < conf->pair.node_count; i++) {
		const struct node_conf *node = &conf->pair.nodes[i];

		if (strlen(node->name) == length && memcmp(node->name, name, length) == 0)
			return node;
	}
	return NULL;
}

static void add_names(const struct conf *conf, struct text *why)
{
	for (size_t i = 0; i < conf->pair.node_count; i++)
		text_addf(why, "%s%s", i == 0 ? "" : ", ", conf->pair.nodes[i].name);
}

static bool is_here(const struct node_clues *clues, const struct node_conf *node)
{
	for (size_t i = 0; i < clues->address_count; i++) {
		if (ip_equal(&clues->addresses[i], &node->address))
			return true;
	}
	return false;
}

static int choose_by_address(
	const struct conf *conf, const struct node_clues *clues, const struct node_conf **ret_node, struct text *why)
{
	const struct node_conf *found = NULL;

	for (size_t i = 0; i < conf->pair.node_count; i++) {
		const struct node_conf *node = &conf->pair.nodes[i];

		if (!is_here(clues, node))
			continue;
		if (found != NULL) {
			text_addf(why,
				"the addresses of both nodes %s and %s are on this host: choose one with -n NODE",
				found->name, node->name);
			return -ENOTUNIQ;
		}
		found = node;
	}
	if (found == NULL) {
		text_addf(why, "no node of the configuration (");
		add_names(conf, why);
		text_addf(why, ") is named %s like this host or has its address here: choose one with -n NODE",
			clues->host_name);
		return -ENOENT;
	}
	*ret_node = found;
	return 0;
}

int node_choose(
	const struct conf *conf, const struct node_clues *clues, const struct node_conf **ret_node, struct text *why)
{
	const char *name = clues->wanted != NULL ? clues->wanted : clues->host_name;
	const struct node_conf *found = find(conf, name, strlen(name));

	if (found == NULL && clues->wanted != NULL) {
		text_addf(why, "the configuration has no node %s, it has ", name);
		add_names(conf, why);
		return -ENOENT;
	}
	if (found == NULL)
		found = find(conf, name, strcspn(name, "."));
	if (found == NULL)
		return choose_by_address(conf, clues, ret_node, why);
	*ret_node = found;
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "lbd/roles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_active(const struct role *role)
{
	return strcmp(role->state, "active") == 0;
}

static int find_or_add(struct roles *roles, const char *vip, struct role **ret_role)
{
	struct role *list;

	for (size_t i = 0; i < roles->count; i++) {
		if (strcmp(roles->list[i].vip, vip) == 0) {
			*ret_role = &roles->list[i];
			return 0;
		}
	}
	if (roles->count == ROLES_MAX)
		return -ENOSPC;
	list = reallocarray(roles->list, roles->count + 1, sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	roles->list = list;
	*ret_role = &list[roles->count++];
	**ret_role = (struct role){0};
	snprintf((*ret_role)->vip, ROLE_NAME_MAX, "%s", vip);
	return 0;
}

int roles_set(struct roles *roles, const char *vip, const char *state, const struct ip *addresses, size_t count)
{
	AUTO_FREE struct ip *copy = calloc(MAX(count, (size_t)1), sizeof *copy);
	struct role *role;
	int r;

	if (copy == NULL)
		return -ENOMEM;
	r = find_or_add(roles, vip, &role);
	if (r < 0)
		return r;
	if (count > 0)
		memcpy(copy, addresses, count * sizeof *copy);
	free(role->addresses);
	role->addresses = TAKE(copy);
	role->address_count = count;
	snprintf(role->state, ROLE_NAME_MAX, "%s", state);
	if (is_active(role))
		return 0;
	role->revision = ++roles->revision;
	return 1;
}

struct snapshot_yield *roles_yields(const struct roles *roles, size_t *ret_count)
{
	struct snapshot_yield *yields;
	size_t count = 0;

	for (size_t i = 0; i < roles->count; i++)
		count += is_active(&roles->list[i]) ? 0 : roles->list[i].address_count;
	*ret_count = count;
	if (count == 0)
		return NULL;
	yields = calloc(count, sizeof *yields);
	count = 0;
	for (size_t i = 0; yields != NULL && i < roles->count; i++) {
		const struct role *role = &roles->list[i];

		for (size_t j = 0; !is_active(role) && j < role->address_count; j++)
			yields[count++] = (struct snapshot_yield){role->addresses[j], role->revision};
	}
	return yields;
}

void roles_keep(struct roles *roles, const struct conf *conf)
{
	size_t kept = 0;

	for (size_t i = 0; i < roles->count; i++) {
		if (conf_find_vip(conf, roles->list[i].vip) != NULL)
			roles->list[kept++] = roles->list[i];
		else
			free(roles->list[i].addresses);
	}
	roles->count = kept;
}

void roles_free(struct roles *roles)
{
	for (size_t i = 0; i < roles->count; i++)
		free(roles->list[i].addresses);
	free(roles->list);
	*roles = (struct roles){0};
}

/* SPDX-License-Identifier: MIT */
#include "lbd/runtime.h"

#include <errno.h>
#include <string.h>

struct decision {
	char *server;
	enum admin_state admin;
};

/* Sorted by name. */
struct runtime {
	struct decision *decisions;
	size_t count;
	size_t capacity;
};

int runtime_new(struct runtime **ret_runtime)
{
	struct runtime *runtime = calloc(1, sizeof *runtime);

	if (runtime == NULL)
		return -ENOMEM;
	*ret_runtime = runtime;
	return 0;
}

void runtime_free(struct runtime *runtime)
{
	if (runtime == NULL)
		return;
	for (size_t i = 0; i < runtime->count; i++)
		free(runtime->decisions[i].server);
	free(runtime->decisions);
	free(runtime);
}

/* The place of the name, or where it would have to be inserted. */
static size_t find(const struct runtime *runtime, const char *server, bool *ret_found)
{
	size_t low = 0, high = runtime->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(runtime->decisions[middle].server, server);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int grow(struct runtime *runtime)
{
	size_t capacity = MAX((size_t)16, runtime->capacity * 2);
	struct decision *decisions;

	if (runtime->count < runtime->capacity)
		return 0;
	decisions = reallocarray(runtime->decisions, capacity, sizeof *decisions);
	if (decisions == NULL)
		return -ENOMEM;
	runtime->decisions = decisions;
	runtime->capacity = capacity;
	return 0;
}

static int insert(struct runtime *runtime, size_t place, const char *server, enum admin_state admin)
{
	AUTO_FREE char *name = strdup(server);
	struct decision *at;

	if (name == NULL || grow(runtime) < 0)
		return -ENOMEM;
	at = &runtime->decisions[place];
	memmove(at + 1, at, (runtime->count - place) * sizeof *at);
	*at = (struct decision){.server = TAKE(name), .admin = admin};
	runtime->count++;
	return 0;
}

static void drop(struct runtime *runtime, size_t place)
{
	struct decision *at = &runtime->decisions[place];

	free(at->server);
	runtime->count--;
	memmove(at, at + 1, (runtime->count - place) * sizeof *at);
}

int runtime_set_admin(struct runtime *runtime, const char *server, enum admin_state admin)
{
	bool found;
	size_t place = find(runtime, server, &found);

	if (found && admin == ADMIN_ENABLED)
		drop(runtime, place);
	else if (found)
		runtime->decisions[place].admin = admin;
	else if (admin != ADMIN_ENABLED)
		return insert(runtime, place, server, admin);
	return 0;
}

enum admin_state runtime_admin(const struct runtime *runtime, const char *server)
{
	bool found;
	size_t place = find(runtime, server, &found);

	return found ? runtime->decisions[place].admin : ADMIN_ENABLED;
}

const char *admin_name(enum admin_state admin)
{
	static const char *const names[] = {
		[ADMIN_ENABLED] = "enabled",
		[ADMIN_DRAIN] = "drain",
	};

	return names[admin];
}

/* SPDX-License-Identifier: MIT */
#include "lbd/runtime.h"

#include "common/pure/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Sorted by field and name; the texts of each are its own. */
struct runtime {
	char *node;
	uint64_t generation;
	struct decision *decisions;
	size_t count;
	size_t capacity;
};

static const char *const field_names[] = {
	[RUNTIME_ADMIN] = "admin",
	[RUNTIME_WEIGHT] = "weight",
	[RUNTIME_POOLS] = "pools",
};
static_assert(ARRAY_LEN(field_names) == RUNTIME_FIELD_COUNT, "a row is missing");

int runtime_new(const char *node, struct runtime **ret_runtime)
{
	struct runtime *runtime = calloc(1, sizeof *runtime);

	if (runtime == NULL)
		return -ENOMEM;
	runtime->node = strdup(node);
	if (runtime->node == NULL) {
		free(runtime);
		return -ENOMEM;
	}
	*ret_runtime = runtime;
	return 0;
}

static void decision_free(struct decision *decision)
{
	free((char *)decision->name);
	free((char *)decision->value);
	free((char *)decision->before);
	free((char *)decision->configured);
	free((char *)decision->node);
}

void runtime_free(struct runtime *runtime)
{
	if (runtime == NULL)
		return;
	for (size_t i = 0; i < runtime->count; i++)
		decision_free(&runtime->decisions[i]);
	free(runtime->decisions);
	free(runtime->node);
	free(runtime);
}

uint64_t runtime_generation(const struct runtime *runtime)
{
	return runtime->generation;
}

size_t runtime_count(const struct runtime *runtime)
{
	return runtime->count;
}

const struct decision *runtime_at(const struct runtime *runtime, size_t i)
{
	return &runtime->decisions[i];
}

static int compare(enum runtime_field field, const char *name, const struct decision *decision)
{
	if (field != decision->field)
		return field < decision->field ? -1 : 1;
	return strcmp(name, decision->name);
}

/* Its place, or where it would have to be inserted. */
static size_t find(const struct runtime *runtime, enum runtime_field field, const char *name, bool *ret_found)
{
	size_t low = 0, high = runtime->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(field, name, &runtime->decisions[middle]);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct decision *runtime_find(const struct runtime *runtime, enum runtime_field field, const char *name)
{
	bool found;
	size_t place = find(runtime, field, name, &found);

	return found ? &runtime->decisions[place] : NULL;
}

const char *runtime_value(
	const struct runtime *runtime, enum runtime_field field, const char *name, const char *configured)
{
	const struct decision *decision = runtime_find(runtime, field, name);

	return decision != NULL && strcmp(decision->configured, configured) == 0 ? decision->value : configured;
}

/* Changing. */

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

static int copy(const struct decision *from, struct decision *ret_copy)
{
	struct decision to = *from;

	to.name = strdup(from->name);
	to.value = strdup(from->value);
	to.before = from->before != NULL ? strdup(from->before) : NULL;
	to.configured = strdup(from->configured);
	to.node = strdup(from->node);
	if (to.name == NULL || to.value == NULL || (from->before != NULL && to.before == NULL) ||
		to.configured == NULL || to.node == NULL) {
		decision_free(&to);
		return -ENOMEM;
	}
	*ret_copy = to;
	return 0;
}

/* In the place of the field's former decision, if there is one. */
static int put(struct runtime *runtime, const struct decision *decision)
{
	struct decision fresh;
	struct decision *at;
	size_t place;
	bool found;

	if (copy(decision, &fresh) < 0)
		return -ENOMEM;
	place = find(runtime, decision->field, decision->name, &found);
	if (!found && grow(runtime) < 0) {
		decision_free(&fresh);
		return -ENOMEM;
	}
	at = &runtime->decisions[place];
	if (found) {
		decision_free(at);
	} else {
		memmove(at + 1, at, (runtime->count - place) * sizeof *at);
		runtime->count++;
	}
	*at = fresh;
	runtime->generation = MAX(runtime->generation, fresh.generation);
	return 0;
}

int runtime_decide(struct runtime *runtime, enum runtime_field field, const char *name, const char *value,
	const char *before, const char *configured)
{
	const struct decision decision = {
		.field = field,
		.name = name,
		.value = value,
		.before = before,
		.configured = configured,
		.generation = runtime->generation + 1,
		.node = runtime->node,
	};

	return put(runtime, &decision);
}

int runtime_rollback(struct runtime *runtime, enum runtime_field field, const char *name, const char *configured)
{
	const struct decision *last = runtime_find(runtime, field, name);

	if (last == NULL || last->before == NULL || strcmp(last->configured, configured) != 0)
		return -ENOENT;
	return runtime_decide(runtime, field, name, last->before, NULL, configured);
}

bool decision_is_older(const struct decision *ours, const struct decision *theirs)
{
	if (ours->generation != theirs->generation)
		return ours->generation < theirs->generation;
	return strcmp(ours->node, theirs->node) < 0;
}

int runtime_merge(struct runtime *runtime, const struct decision *theirs)
{
	const struct decision *ours = runtime_find(runtime, theirs->field, theirs->name);
	int r;

	if (ours != NULL && !decision_is_older(ours, theirs))
		return 0;
	r = put(runtime, theirs);
	return r < 0 ? r : 1;
}

bool runtime_settle(struct runtime *runtime, enum runtime_field field, const char *name, const char *configured)
{
	bool found;
	size_t place = find(runtime, field, name, &found);
	struct decision *at = &runtime->decisions[place];

	if (!found || (configured != NULL && strcmp(at->configured, configured) == 0))
		return false;
	decision_free(at);
	runtime->count--;
	memmove(at, at + 1, (runtime->count - place) * sizeof *at);
	return true;
}

/* As JSON. */

json_t *runtime_to_json(const struct runtime *runtime)
{
	json_t *list = json_array();

	for (size_t i = 0; i < runtime->count; i++) {
		const struct decision *one = &runtime->decisions[i];
		json_t *json = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:I, s:s}", "field", field_names[one->field],
			"name", one->name, "value", one->value, "before", one->before, "configured", one->configured,
			"generation", (json_int_t)one->generation, "node", one->node);

		if (json_array_append_new(list, json) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* RUNTIME_FIELD_COUNT: there is none of that name. */
static enum runtime_field field_of(const char *name)
{
	enum runtime_field field = RUNTIME_ADMIN;

	while (field < RUNTIME_FIELD_COUNT && strcmp(field_names[field], name) != 0)
		field++;
	return field;
}

static int merge_one(struct runtime *runtime, const json_t *json)
{
	struct decision theirs = {0};
	const char *field = NULL;
	json_int_t generation = 0;

	if (json_unpack((json_t *)json, "{s:s, s:s, s:s, s:s, s:I, s:s}", "field", &field, "name", &theirs.name,
		    "value", &theirs.value, "configured", &theirs.configured, "generation", &generation, "node",
		    &theirs.node) < 0 ||
		generation <= 0)
		return -EBADMSG;
	theirs.before = json_string_value(json_object_get(json, "before"));
	theirs.field = field_of(field);
	theirs.generation = (uint64_t)generation;
	return theirs.field < RUNTIME_FIELD_COUNT ? runtime_merge(runtime, &theirs) : 0;
}

int runtime_merge_json(struct runtime *runtime, const json_t *list)
{
	int r = json_is_array(list) ? 0 : -EBADMSG;

	for (size_t i = 0; r >= 0 && i < json_array_size(list); i++)
		r = merge_one(runtime, json_array_get(list, i));
	return MIN(r, 0);
}

/* The values as they are meant. */

static const char *const admin_names[] = {
	[ADMIN_ENABLED] = "enabled",
	[ADMIN_DRAIN] = "drain",
	[ADMIN_DISABLED] = "disabled",
};
static_assert(ARRAY_LEN(admin_names) == ADMIN_COUNT, "a row is missing");

const char *admin_name(enum admin_state admin)
{
	return admin_names[admin];
}

enum admin_state runtime_admin(const struct runtime *runtime, const char *server)
{
	const char *value = runtime_value(runtime, RUNTIME_ADMIN, server, admin_names[ADMIN_ENABLED]);

	for (enum admin_state admin = ADMIN_ENABLED; admin < ADMIN_COUNT; admin++) {
		if (strcmp(admin_names[admin], value) == 0)
			return admin;
	}
	/* A state of a later version: the careful one. */
	return ADMIN_DRAIN;
}

int runtime_set_admin(struct runtime *runtime, const char *server, enum admin_state admin)
{
	/* What a file says of a server that it has at all. */
	return runtime_decide(runtime, RUNTIME_ADMIN, server, admin_names[admin], NULL, admin_names[ADMIN_ENABLED]);
}

#define WEIGHT_TEXT_MAX 16
static const char *weight_text(unsigned weight, char buffer[static WEIGHT_TEXT_MAX])
{
	snprintf(buffer, WEIGHT_TEXT_MAX, "%u", weight);
	return buffer;
}

unsigned runtime_weight(const struct runtime *runtime, const char *server, unsigned configured)
{
	char text[WEIGHT_TEXT_MAX];
	uint64_t weight;

	if (text_to_u64(
		    runtime_value(runtime, RUNTIME_WEIGHT, server, weight_text(configured, text)), 0, 256, &weight) < 0)
		return configured;
	return (unsigned)weight;
}

int runtime_set_weight(struct runtime *runtime, const char *server, unsigned weight, unsigned configured)
{
	char text[WEIGHT_TEXT_MAX], configured_text[WEIGHT_TEXT_MAX];

	return runtime_decide(runtime, RUNTIME_WEIGHT, server, weight_text(weight, text), NULL,
		weight_text(configured, configured_text));
}

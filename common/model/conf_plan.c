/* SPDX-License-Identifier: MIT */
#include "common/model/conf_plan.h"

#include "common/model/conf_value.h"
#include "common/model/schema.h"

#include <errno.h>
#include <string.h>

/* Where the walk is: a section on both sides, or on one. */
struct place {
	const struct schema_section *schema;
	const char *path; /* "server blue/app1" */
};

static int add(struct plan *plan, enum plan_kind kind, const char *what, const char *detail)
{
	struct plan_entry *entry;

	if (plan->count == plan->capacity) {
		size_t capacity = MAX((size_t)32, plan->capacity * 2);
		struct plan_entry *list = reallocarray(plan->list, capacity, sizeof *list);

		if (list == NULL)
			return -ENOMEM;
		plan->list = list;
		plan->capacity = capacity;
	}
	entry = &plan->list[plan->count];
	entry->kind = kind;
	entry->what = arena_strdup(&plan->arena, what);
	entry->detail = arena_strdup(&plan->arena, detail);
	if (entry->what == NULL || entry->detail == NULL)
		return -ENOMEM;
	plan->count++;
	return 0;
}

static void keep(struct plan *plan, const char *name)
{
	size_t i = 0;

	while (i < plan->kept_count && strcmp(plan->kept[i].name, name) != 0)
		i++;
	if (i == PLAN_KEPT_MAX)
		return;
	if (i == plan->kept_count)
		plan->kept[plan->kept_count++].name = name;
	plan->kept[i].count++;
}

/* Reading objects by their rows. */

static const char *list_of(const struct schema_section *schema, const void *parent, size_t *ret_count)
{
	const char *at = (const char *)parent + schema->offset;

	if (!schema->many) {
		*ret_count = 1;
		return at;
	}
	*ret_count = *(const size_t *)(const void *)((const char *)parent + schema->count_offset);
	return *(const char *const *)(const void *)at;
}

static void print_value(const struct schema_option *row, const void *object, struct text *out)
{
	if (conf_value_is_absent(row, object))
		text_add(out, "none");
	else
		conf_value_print(row, object, out);
}

/* True: the values differ, and `out` has both. */
static bool option_differs(const struct schema_option *row, const void *before, const void *after, struct text *out)
{
	AUTO_TEXT old = {0};
	AUTO_TEXT new = {0};

	print_value(row, before, &old);
	print_value(row, after, &new);
	if (strcmp(text_get(&old), text_get(&new)) == 0)
		return false;
	text_addf(out, "%s%s: %s -> %s", out->length > 0 ? ", " : "", row->name, text_get(&old), text_get(&new));
	return true;
}

/* What makes a section another one, beside its title. */
static const struct {
	const char *section;
	const char *option;
} identities[] = {
	{"service", "protocol"},
	{"service", "mode"},
	{"server", "address"},
	{"vip", "vrid"},
	{"vip", "interface"},
	{"vip", "version"},
	{"vip", "virtual-mac"},
};

static bool is_identity(const struct schema_section *schema, const struct schema_option *row)
{
	for (size_t i = 0; i < ARRAY_LEN(identities); i++) {
		if (strcmp(identities[i].section, schema->name) == 0 && strcmp(identities[i].option, row->name) == 0)
			return true;
	}
	return false;
}

static bool is_another(const struct schema_section *schema, const void *before, const void *after, struct text *why)
{
	bool another = false;

	for (size_t i = 0; i < schema->option_count; i++) {
		if (is_identity(schema, &schema->options[i]))
			another |= option_differs(&schema->options[i], before, after, why);
	}
	return another;
}

/* Walking both sides. */

static int compare_sections(struct plan *plan, const struct place *place, const void *before, const void *after);
static int list_inner(struct plan *plan, enum plan_kind kind, const struct place *place, const void *object);

/* "server blue/app1" in "pool blue"; what has no name of its own stands behind its parent: "pool blue check http". */
static const char *path_of(
	struct plan *plan, const struct place *parent, const struct schema_section *schema, const char *title)
{
	AUTO_TEXT path = {0};
	const char *name = strchr(parent->path, ' ');

	if (*parent->path == '\0')
		text_addf(&path, "%s%s%s", schema->name, *title != '\0' ? " " : "", title);
	else if (schema->title == SCHEMA_TITLE_NAME && name != NULL)
		text_addf(&path, "%s %s/%s", schema->name, name + 1, title);
	else
		text_addf(&path, "%s %s%s%s", parent->path, schema->name, *title != '\0' ? " " : "", title);
	return path.failed ? NULL : arena_strdup(&plan->arena, text_get(&path));
}

/* A section that a reload can do nothing about. */
static bool wants_restart(const struct schema_section *schema)
{
	for (size_t i = 0; i < schema->option_count; i++) {
		if (schema->options[i].reload)
			return false;
	}
	return schema->title == SCHEMA_TITLE_NONE && schema->option_count > 0;
}

static int list_one(struct plan *plan, enum plan_kind kind, const struct place *parent,
	const struct schema_section *schema, const void *object, const char *why)
{
	struct place place = {schema, path_of(plan, parent, schema, schema_title(schema, object))};
	int r = place.path == NULL ? -ENOMEM : 0;

	if (r == 0 && wants_restart(schema))
		return add(plan, PLAN_RESTART, place.path, kind == PLAN_ADD ? "is new" : "is gone");
	if (r == 0)
		r = add(plan, kind, place.path, why);
	return r < 0 ? r : list_inner(plan, kind, &place, object);
}

/* What stands in an added or removed section and has a name of its own. */
static int list_inner(struct plan *plan, enum plan_kind kind, const struct place *place, const void *object)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < place->schema->section_count; i++) {
		const struct schema_section *inner = &place->schema->sections[i];
		size_t count;
		const char *list;

		if (!inner->many)
			continue;
		list = list_of(inner, object, &count);
		for (size_t j = 0; r == 0 && j < count; j++)
			r = list_one(plan, kind, place, inner, list + j * inner->size, "");
	}
	return r;
}

/* Objects by their titles. */
struct index {
	const struct schema_section *schema;
	const char **objects;
	size_t count;
};

static int compare_titles(const void *a, const void *b, void *schema)
{
	return strcmp(schema_title(schema, *(const char *const *)a), schema_title(schema, *(const char *const *)b));
}

static int index_init(struct index *index, const struct schema_section *schema, const char *list, size_t count)
{
	*index = (struct index){.schema = schema, .count = count};
	index->objects = calloc(MAX(count, (size_t)1), sizeof *index->objects);
	if (index->objects == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		index->objects[i] = list + i * schema->size;
	qsort_r(index->objects, count, sizeof *index->objects, compare_titles, (void *)(uintptr_t)schema);
	return 0;
}

/* NULL: there is none of that title. */
static const void *index_find(const struct index *index, const void *like)
{
	size_t low = 0, high = index->count;
	const char *title = schema_title(index->schema, like);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(schema_title(index->schema, index->objects[middle]), title);

		if (order == 0)
			return index->objects[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int compare_one(struct plan *plan, const struct place *parent, const struct schema_section *schema,
	const void *before, const void *after)
{
	struct place place = {schema, path_of(plan, parent, schema, schema_title(schema, after))};
	size_t count = plan->count;
	AUTO_TEXT why = {0};
	int r = place.path == NULL ? -ENOMEM : 0;

	if (r == 0 && is_another(schema, before, after, &why)) {
		r = list_one(plan, PLAN_REMOVE, parent, schema, before, text_get(&why));
		return r < 0 ? r : list_one(plan, PLAN_ADD, parent, schema, after, text_get(&why));
	}
	if (r == 0)
		r = compare_sections(plan, &place, before, after);
	if (r == 0 && plan->count == count && schema->title == SCHEMA_TITLE_NAME)
		keep(plan, schema->name);
	return r;
}

static int compare_lists(struct plan *plan, const struct place *parent, const struct schema_section *schema,
	const void *before, const void *after)
{
	size_t old_count, new_count;
	const char *old = list_of(schema, before, &old_count), *new = list_of(schema, after, &new_count);
	struct index olds = {0}, news = {0};
	int r = index_init(&olds, schema, old, old_count);

	if (r == 0)
		r = index_init(&news, schema, new, new_count);
	for (size_t i = 0; r == 0 && i < old_count; i++) {
		if (index_find(&news, old + i * schema->size) == NULL)
			r = list_one(plan, PLAN_REMOVE, parent, schema, old + i * schema->size, "");
	}
	for (size_t i = 0; r == 0 && i < new_count; i++) {
		const char *at = new + i * schema->size;
		const void *match = index_find(&olds, at);

		r = match != NULL ? compare_one(plan, parent, schema, match, at)
				  : list_one(plan, PLAN_ADD, parent, schema, at, "");
	}
	free(olds.objects);
	free(news.objects);
	return r;
}

static int compare_options(struct plan *plan, const struct place *place, const void *before, const void *after)
{
	const struct schema_section *schema = place->schema;
	const char *title = schema_title(schema, after);
	AUTO_TEXT changes = {0};
	AUTO_TEXT restarts = {0};
	int r = 0;

	for (size_t i = 0; i < schema->option_count; i++) {
		const struct schema_option *row = &schema->options[i];

		if (schema_goes(row, title))
			(void)option_differs(row, before, after, row->reload ? &changes : &restarts);
	}
	if (changes.failed || restarts.failed)
		return -ENOMEM;
	if (changes.length > 0)
		r = add(plan, PLAN_CHANGE, place->path, text_get(&changes));
	if (r == 0 && restarts.length > 0)
		r = add(plan, PLAN_RESTART, place->path, text_get(&restarts));
	return r;
}

static int compare_inner(struct plan *plan, const struct place *place, const struct schema_section *inner,
	const void *before, const void *after)
{
	size_t count;

	if (inner->many)
		return compare_lists(plan, place, inner, before, after);
	return compare_one(plan, place, inner, list_of(inner, before, &count), list_of(inner, after, &count));
}

static int compare_sections(struct plan *plan, const struct place *place, const void *before, const void *after)
{
	int r = compare_options(plan, place, before, after);

	for (size_t i = 0; r == 0 && i < place->schema->section_count; i++)
		r = compare_inner(plan, place, &place->schema->sections[i], before, after);
	return r;
}

static bool is_asked(const char *const *sections, const char *name)
{
	for (; *sections != NULL; sections++) {
		if (strcmp(*sections, name) == 0)
			return true;
	}
	return false;
}

int conf_plan(const struct conf *before, const struct conf *after, const char *const *sections, struct plan *ret_plan)
{
	const struct place top = {&schema_root, ""};
	struct plan plan = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < schema_root.section_count; i++) {
		if (is_asked(sections, schema_root.sections[i].name))
			r = compare_inner(&plan, &top, &schema_root.sections[i], before, after);
	}
	if (r < 0)
		plan_free(&plan);
	else
		*ret_plan = plan;
	return r;
}

void plan_free(struct plan *plan)
{
	free(plan->list);
	arena_free(&plan->arena);
	*plan = (struct plan){0};
}

/* Printing. */

static const struct {
	char sign;
	const char *name;
} kinds[] = {
	[PLAN_ADD] = {'+', "add"},
	[PLAN_CHANGE] = {'~', "change"},
	[PLAN_REMOVE] = {'-', "remove"},
	[PLAN_RESTART] = {'!', "restart"},
};
static_assert(ARRAY_LEN(kinds) == PLAN_KIND_COUNT, "a row is missing");

const char *plan_kind_name(enum plan_kind kind)
{
	return kinds[kind].name;
}

void plan_print(const struct plan *plan, struct text *out)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_entry *entry = &plan->list[i];

		text_addf(out, "%c %s%s%s%s\n", kinds[entry->kind].sign, entry->what,
			*entry->detail != '\0' ? "  " : "", entry->detail,
			entry->kind == PLAN_RESTART ? " (needs a restart)" : "");
	}
	if (plan->count == 0)
		text_add(out, "nothing changes\n");
	for (size_t i = 0; i < plan->kept_count; i++)
		text_addf(out, "%s%zu %s%s", i == 0 ? "kept: " : ", ", plan->kept[i].count, plan->kept[i].name,
			plan->kept[i].count == 1 ? "" : "s");
	if (plan->kept_count > 0)
		text_add(out, "\n");
}

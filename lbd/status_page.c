/* SPDX-License-Identifier: MIT */
#include "lbd/status_page.h"

#include <errno.h>

struct step {
	enum step_kind {
		STEP_SERVICE,
		STEP_POOLS, /* the services are over */
		STEP_POOL,
		STEP_SERVER,
		STEP_POOL_END,
		STEP_END,
	} kind;
	uint32_t slot;
};

struct status_page {
	const struct director *director;
	struct conf *conf; /* that is being told of: a reference */
	struct step *steps;
	size_t count;
	size_t next;
	bool in_pool;
	struct text text;
};

/* The plan: what there is, in the configuration's order, and then what a reload has removed and has connections still.
 */

static void add_step(struct status_page *page, enum step_kind kind, uint32_t slot)
{
	page->steps[page->count++] = (struct step){kind, slot};
}

static size_t most_steps(const struct layout *layout)
{
	return layout->service_count + 2 * layout->pool_count + layout->server_count + 2;
}

static void plan_pool(struct status_page *page, const struct layout *layout, uint32_t slot, bool any_leaving)
{
	const struct layout_pool *pool = &layout->pools[slot];

	add_step(page, STEP_POOL, slot);
	for (size_t i = 0; i < pool->server_count; i++)
		add_step(page, STEP_SERVER, pool->servers[i]);
	for (uint32_t i = 0; any_leaving && i < layout->server_count; i++) {
		if (layout->servers[i].leaving && layout->servers[i].pool == slot)
			add_step(page, STEP_SERVER, i);
	}
	add_step(page, STEP_POOL_END, 0);
}

static void plan_pools(struct status_page *page, const struct layout *layout)
{
	bool any_leaving = false;

	for (size_t i = 0; i < layout->server_count; i++)
		any_leaving |= layout->servers[i].leaving;
	for (size_t i = 0; i < layout->conf->pool_count; i++)
		plan_pool(page, layout, layout->pool_of[i], any_leaving);
	for (uint32_t i = 0; i < layout->pool_count; i++) {
		if (layout->pools[i].leaving)
			plan_pool(page, layout, i, any_leaving);
	}
}

static void plan(struct status_page *page, const struct layout *layout)
{
	for (size_t i = 0; i < layout->conf->service_count; i++)
		add_step(page, STEP_SERVICE, layout->service_of[i]);
	for (uint32_t i = 0; i < layout->service_count; i++) {
		if (layout->services[i].leaving)
			add_step(page, STEP_SERVICE, i);
	}
	add_step(page, STEP_POOLS, 0);
	plan_pools(page, layout);
	add_step(page, STEP_END, 0);
	assert(page->count <= most_steps(layout));
}

/* The text. */

static int add_bytes(const char *bytes, size_t count, void *context)
{
	struct text *text = context;

	text_add_bytes(text, bytes, count);
	return text->failed ? -1 : 0;
}

static void add_json(struct status_page *page, json_t *json)
{
	struct text *text = &page->text;

	if (text->length > 0 && text->data[text->length - 1] != '[')
		text_add(text, ",");
	if (json == NULL || json_dump_callback(json, add_bytes, text, JSON_COMPACT) < 0)
		text->failed = true;
	json_decref(json);
}

/* The object that was added last is to have a list of this name behind what it has. */
static void open_list(struct status_page *page, const char *name)
{
	struct text *text = &page->text;

	if (text->failed)
		return;
	text->data[--text->length] = '\0';
	text_addf(text, ",\"%s\":[", name);
}

/* What was leaving may have left since it was planned. */
static void take_step(struct status_page *page, const struct step *step)
{
	const struct director *director = page->director;
	const struct layout *layout = director_layout(director);

	switch (step->kind) {
	case STEP_SERVICE:
		if (layout->services[step->slot].conf != NULL)
			add_json(page, status_service_json(director, step->slot));
		break;
	case STEP_POOLS:
		text_add(&page->text, "],\"pools\":[");
		break;
	case STEP_POOL:
		page->in_pool = layout->pools[step->slot].conf != NULL;
		if (page->in_pool) {
			add_json(page, status_pool_json(director, step->slot));
			open_list(page, "servers");
		}
		break;
	case STEP_SERVER:
		if (page->in_pool && status_shows_server(director, step->slot))
			add_json(page, status_server_json(director, step->slot));
		break;
	case STEP_POOL_END:
		if (page->in_pool)
			text_add(&page->text, "]}");
		break;
	case STEP_END:
		text_add(&page->text, "]}");
		break;
	}
}

int status_page_new(
	const struct director *director, const struct status_identity *identity, struct status_page **ret_page)
{
	const struct layout *layout = director_layout(director);
	struct status_page *page = calloc(1, sizeof *page);

	if (page == NULL)
		return -ENOMEM;
	page->director = director;
	page->conf = conf_ref(layout->conf);
	page->steps = calloc(most_steps(layout), sizeof *page->steps);
	if (page->steps == NULL) {
		status_page_free(page);
		return -ENOMEM;
	}
	plan(page, layout);
	add_json(page, status_head_json(director, identity));
	open_list(page, "services");
	*ret_page = page;
	return 0;
}

void status_page_free(struct status_page *page)
{
	if (page == NULL)
		return;
	conf_free(page->conf);
	free(page->steps);
	text_free(&page->text);
	free(page);
}

int status_page_go_on(struct status_page *page, unsigned most)
{
	/* Slots may be others' by now. */
	if (page->conf != director_conf(page->director))
		return -EAGAIN;
	for (unsigned i = 0; i < most && page->next < page->count && !page->text.failed; i++)
		take_step(page, &page->steps[page->next++]);
	return page->next < page->count && !page->text.failed ? 1 : 0;
}

const struct text *status_page_text(const struct status_page *page)
{
	return &page->text;
}

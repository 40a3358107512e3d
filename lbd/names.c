/* SPDX-License-Identifier: MIT */
#include "lbd/names.h"

#include "common/pure/list.h"
#include "common/system/log.h"
#include "lbd/name_plan.h"

#include <errno.h>
#include <string.h>

/* Where many names are asked for at once: so many queries are under way, and the others wait a moment. */
#define AT_ONCE_MAX 64
#define WAIT_NS (5 * NS_PER_MS)

struct name {
	struct list link;
	struct names *names;
	uint32_t slots[SERVER_PLACES_MAX]; /* of its servers, by place */
	char *host;
	struct name_plan plan;
	struct loop_timer timer;
	struct resolve_query *query; /* NULL: none is under way */
	bool wanted;                 /* by the layout that is followed */
	bool passes_over;            /* some of the last answer's addresses */
};

struct names {
	struct names_setup setup;
	struct resolver *resolver;
	struct list list;
	size_t under_way;
};

static void ask(struct loop_timer *timer, struct mono now);

static void set_timer(struct name *name, struct mono at)
{
	/* Its place in the heap was kept by the first time, which was looked at. */
	if (loop_timer_set(name->names->setup.loop, &name->timer, at, ask) < 0)
		abort();
}

static void note_passed_over(struct name *name, size_t passed_over)
{
	if (passed_over > 0 && !name->passes_over)
		log_warning("a name has more addresses than are used", log_str("name", name->host),
			log_uint("used", SERVER_PLACES_MAX), log_uint("passed_over", passed_over));
	name->passes_over = passed_over > 0;
}

static void tell(const struct name *name, const struct resolve_answer *answer)
{
	const struct names_setup *setup = &name->names->setup;

	for (size_t i = 0; i < SERVER_PLACES_MAX; i++)
		setup->fn(
			setup->context, name->slots[i], answer->count > 0 ? &name->plan.places[i] : NULL, answer->why);
}

static void on_answer(void *context, const struct resolve_answer *answer)
{
	struct name *name = context;
	struct names *names = name->names;
	struct mono now = loop_now(names->setup.loop), next;
	size_t passed_over = 0;

	name->query = NULL;
	names->under_way--;
	if (answer->count > 0) {
		next = name_plan_answer(
			&name->plan, answer->addresses, answer->count, answer->ttl_s, now, &passed_over);
		note_passed_over(name, passed_over);
	} else {
		next = name_plan_failure(&name->plan, now);
	}
	set_timer(name, next);
	tell(name, answer);
}

static void ask(struct loop_timer *timer, struct mono now)
{
	struct name *name = CONTAINER_OF(timer, struct name, timer);
	struct names *names = name->names;

	if (names->under_way >= AT_ONCE_MAX) {
		set_timer(name, mono_add(now, WAIT_NS));
		return;
	}
	if (resolver_ask(names->resolver, name->host, on_answer, name, &name->query) < 0)
		set_timer(name, mono_add(now, NAME_RETRY_MIN_NS));
	else
		names->under_way++;
}

static void drop(struct name *name)
{
	if (name->query != NULL) {
		resolver_cancel(name->query);
		name->names->under_way--;
	}
	loop_timer_clear(name->names->setup.loop, &name->timer);
	list_remove(&name->link);
	free(name->host);
	free(name);
}

int names_new(const struct names_setup *setup, struct names **ret_names)
{
	struct names *names = calloc(1, sizeof *names);
	int r;

	if (names == NULL)
		return -ENOMEM;
	names->setup = *setup;
	list_init(&names->list);
	r = resolver_new(setup->loop, setup->conf, &names->resolver);
	if (r < 0)
		names_free(names);
	else
		*ret_names = names;
	return r;
}

void names_free(struct names *names)
{
	struct name *name;

	if (names == NULL)
		return;
	LIST_FOR_EACH(name, &names->list, link)
	{
		drop(name);
	}
	resolver_free(names->resolver);
	free(names);
}

/* By their first slot; NULL: of none. */
static struct name **index_names(struct names *names, size_t count)
{
	struct name **by_slot = calloc(MAX(count, (size_t)1), sizeof *by_slot);
	struct name *name;

	if (by_slot == NULL)
		return NULL;
	LIST_FOR_EACH(name, &names->list, link)
	{
		name->wanted = false;
		if (name->slots[0] < count)
			by_slot[name->slots[0]] = name;
	}
	return by_slot;
}

static int add(struct names *names, const uint32_t *slots, const char *host)
{
	struct name *name = calloc(1, sizeof *name);
	int r = -ENOMEM;

	if (name == NULL)
		return r;
	*name = (struct name){.names = names, .host = strdup(host), .wanted = true};
	memcpy(name->slots, slots, sizeof name->slots);
	list_append(&names->list, &name->link);
	if (name->host != NULL)
		r = loop_timer_set(names->setup.loop, &name->timer, loop_now(names->setup.loop), ask);
	if (r < 0)
		drop(name);
	return r;
}

/* `slots` of a server that is written, and of those behind it for its further addresses. */
static int follow_one(struct names *names, struct name **by_slot, const char *host, const uint32_t *slots)
{
	struct name *name = by_slot[*slots];

	/* A slot that was released may have gone to another name. */
	if (name == NULL || strcmp(name->host, host) != 0)
		return add(names, slots, host);
	name->wanted = true;
	memcpy(name->slots, slots, sizeof name->slots);
	return 0;
}

static int follow_pool(struct names *names, struct name **by_slot, const struct layout_pool *pool)
{
	int result = 0;

	for (size_t i = 0; i < pool->server_count; i++) {
		const struct server_conf *conf = &pool->conf->places[i];
		int r = 0;

		if (conf->host != NULL && conf->further == 0)
			r = follow_one(names, by_slot, conf->host, &pool->servers[i]);
		result = result < 0 ? result : r;
	}
	return result;
}

int names_follow(struct names *names, const struct layout *layout)
{
	AUTO_FREE struct name **by_slot = index_names(names, layout->server_count);
	struct name *name;
	int result = 0;

	if (by_slot == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < layout->pool_count; i++) {
		int r = follow_pool(names, by_slot, &layout->pools[i]);

		result = result < 0 ? result : r;
	}
	LIST_FOR_EACH(name, &names->list, link)
	{
		if (!name->wanted)
			drop(name);
	}
	return result;
}

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_routes.h"

#include "common/model/conf_check_pool.h"
#include "common/model/schema.h"

#include <errno.h>
#include <string.h>

/* A name that a route is for. */
struct named {
	const char *name;
	const struct conf_item *section;
	unsigned line;
	size_t place; /* among all, in the file's order */
};

static const struct route_conf *route_of(const struct named *named)
{
	return named->section->object;
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	return x->place < y->place ? -1 : x->place > y->place;
}

static bool has_protocol(const struct route_conf *route, const char *protocol)
{
	for (size_t i = 0; i < route->alpn_count; i++) {
		if (strcmp(route->alpn[i], protocol) == 0)
			return true;
	}
	return route->alpn_count == 0;
}

/* Whether each client that the later route is for by its protocols takes the earlier one. */
static bool takes_all(const struct route_conf *earlier, const struct route_conf *later)
{
	for (size_t i = 0; i < later->alpn_count; i++) {
		if (!has_protocol(earlier, later->alpn[i]))
			return false;
	}
	return later->alpn_count > 0 || earlier->alpn_count == 0;
}

/* Of one name: the first of those before `named` that leave it nothing. */
static const struct named *find_taker(const struct named *first, const struct named *named)
{
	for (; first < named; first++) {
		if (takes_all(route_of(first), route_of(named)))
			return first;
	}
	return NULL;
}

static void report_again(const struct named *list, size_t count, struct conf_errors *errors)
{
	const struct named *first = list;

	for (const struct named *named = list; named < list + count; named++) {
		const struct named *taker;

		if (strcmp(first->name, named->name) != 0)
			first = named;
		taker = find_taker(first, named);
		if (taker != NULL)
			conf_error(errors, named->line,
				"option 'server-names': '%.64s' goes to 'route %.64s' already, by line %u: take one "
				"out",
				named->name, taker->section->title, taker->line);
	}
}

static size_t count_names(const struct service_conf *service)
{
	size_t count = 0;

	for (size_t i = 0; i < service->route_count; i++)
		count += service->routes[i].server_name_count;
	return count;
}

static size_t add_names(const struct conf_item *section, struct named *list, size_t count)
{
	const struct conf_item *option = conf_item_option(section, "server-names");
	const struct route_conf *route = section->object;
	const struct conf_word *word = option != NULL ? option->first_word : NULL;

	for (size_t i = 0; word != NULL; word = word->next, i++, count++)
		list[count] = (struct named){route->server_names[i], section, word->line, count};
	return count;
}

static int check_names(const struct conf_item *service, struct conf_errors *errors)
{
	const struct conf_item *section = conf_item_section(service, "route");
	AUTO_FREE struct named *list = calloc(count_names(service->object) + 1, sizeof *list);
	size_t count = 0;

	if (list == NULL)
		return -ENOMEM;
	for (; section != NULL; section = conf_item_next_section(section))
		count = add_names(section, list, count);
	qsort(list, count, sizeof *list, compare_named);
	report_again(list, count, errors);
	return 0;
}

/* Also one that is in error. */
static bool is_written(const struct conf_item *section, const char *name)
{
	for (const struct conf_item *child = section->first_child; child != NULL; child = child->next) {
		if (!child->is_section && strcmp(child->name, name) == 0)
			return true;
	}
	return false;
}

int conf_check_routes(const struct conf *conf, const struct conf_item *service, struct conf_errors *errors)
{
	const struct conf_item *section = conf_item_section(service, "route");
	const struct service_conf *service_conf = service->object;

	if (section == NULL && !is_written(service, "pool"))
		conf_error(errors, service->line,
			"option 'pool' is missing in section 'service %.64s': set it to the name of a pool",
			service->title);
	if (section != NULL && service_conf->protocol == SERVICE_PROTOCOL_UDP)
		conf_error(errors, section->line,
			"section 'route %.64s' does not go with 'protocol = udp': take it out, or set 'protocol = tcp'",
			section->title);
	for (; section != NULL; section = conf_item_next_section(section)) {
		const struct conf_item *pool = conf_item_option(section, "pool");
		struct route_conf *route = section->object;

		if (pool != NULL)
			route->pool = conf_check_pool(conf, pool, pool->line, route->pool_name, errors);
	}
	return check_names(service, errors);
}

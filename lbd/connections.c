/* SPDX-License-Identifier: MIT */
#include "lbd/connections.h"

#include "common/model/schema.h"
#include "common/pure/list.h"
#include "lbd/forward.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A page is filled in a moment; where a worker hangs, those who ask are not to use up the memory. */
#define WAITING_MAX 16

struct request {
	struct list link;
	struct control_call *call;
	char service[SCHEMA_NAME_MAX + 1]; /* "": all */
	unsigned worker;
	uint32_t chunk;              /* its first */
	struct census_page *page;    /* NULL: the worker has it */
	const struct layout *layout; /* when that got it: by which its slots have names */
};

/* The first one's page is being filled. */
struct connections {
	struct director *director;
	struct list waiting;
	unsigned count;
};

/* Positions: the chunk in the lower half, and in the upper the forwarder, counted through all workers. */

static json_int_t position_of(uint32_t forwarder, uint32_t chunk)
{
	return (json_int_t)((uint64_t)forwarder << 32 | chunk);
}

static json_t *next_json(const struct connections *connections, const struct census_page *page)
{
	uint32_t forwarder = page->worker * FORWARD_COUNT + page->way;

	if (!page->over)
		return json_integer(position_of(forwarder, page->chunk));
	if (++forwarder == workers_count(director_workers(connections->director)) * FORWARD_COUNT)
		return json_null();
	return json_integer(position_of(forwarder, 0));
}

static bool read_position(const struct connections *connections, const json_t *params, struct census_page *page)
{
	const json_t *value = json_object_get(params, "from");
	uint64_t position = (uint64_t)json_integer_value(value);
	uint64_t forwarder = position >> 32;

	if (value != NULL && !json_is_integer(value))
		return false;
	page->worker = (uint32_t)(forwarder / FORWARD_COUNT);
	page->way = (uint32_t)(forwarder % FORWARD_COUNT);
	page->chunk = (uint32_t)position;
	return page->worker < workers_count(director_workers(connections->director));
}

/* Services. */

static bool is_service(const struct layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->service_count; i++) {
		if (layout->services[i].conf != NULL && strcmp(layout->services[i].conf->name, name) == 0)
			return true;
	}
	return false;
}

static const char *service_name_at(const void *context, size_t i)
{
	const struct conf *conf = context;

	return i < conf->service_count ? conf->services[i].name : NULL;
}

static void refuse_service(const struct conf *conf, struct control_call *call, const char *name)
{
	const char *nearest = text_nearest(name, service_name_at, conf);

	if (nearest != NULL)
		control_refuse(call, CONTROL_REFUSED, "there is no service %s, did you mean %s?", name, nearest);
	else
		control_refuse(call, CONTROL_REFUSED, "there is no service %s", name);
}

/* Answers. */

static json_t *endpoint_json(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];

	return endpoint->ip.family != 0 ? json_string(endpoint_text(endpoint, text)) : json_null();
}

/* NULL: it has left meanwhile. */
static const char *service_of(const struct layout *layout, const struct census_entry *entry)
{
	const struct service_conf *conf = layout->services[entry->service].conf;

	return conf != NULL ? conf->name : NULL;
}

static json_t *server_json(const struct layout *layout, const struct census_entry *entry)
{
	if (entry->server == CENSUS_NO_SERVER || layout->servers[entry->server].conf == NULL)
		return json_null();
	return json_string(layout->servers[entry->server].name);
}

static json_t *entry_json(const struct layout *layout, const struct census_entry *entry)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:s, s:I, s:I, s:I, s:I}", "protocol",
		entry->protocol == SERVICE_PROTOCOL_UDP ? "udp" : "tcp", "client", endpoint_json(&entry->client),
		"local", endpoint_json(&entry->local), "service", service_of(layout, entry), "server",
		server_json(layout, entry), "state", entry->state, "age_ms", (json_int_t)(entry->age_ns / NS_PER_MS),
		"idle_ms", (json_int_t)(entry->idle_ns / NS_PER_MS), "bytes_in", (json_int_t)entry->bytes_in,
		"bytes_out", (json_int_t)entry->bytes_out);
}

static json_t *page_json(
	const struct connections *connections, const struct request *request, const struct census_page *page)
{
	json_t *list = json_array();

	for (size_t i = 0; i < page->count; i++) {
		const char *service = service_of(request->layout, &page->list[i]);

		if (service != NULL && (*request->service == '\0' || strcmp(service, request->service) == 0))
			json_array_append_new(list, entry_json(request->layout, &page->list[i]));
	}
	return json_pack("{s:o, s:o}", "connections", list, "next", next_json(connections, page));
}

static struct request *first(const struct connections *connections)
{
	return LIST_ENTRY(connections->waiting.next, struct request, link);
}

static void ask_first(struct connections *connections)
{
	struct request *request = first(connections);

	request->layout = director_layout(connections->director);
	director_ask_census(connections->director, TAKE(request->page));
}

/* After a reload slots may be others'. */
static void ask_again(struct connections *connections, struct census_page *page)
{
	page->chunk = first(connections)->chunk;
	page->count = 0;
	first(connections)->page = page;
	ask_first(connections);
}

static void request_free(struct connections *connections, struct request *request)
{
	list_remove(&request->link);
	connections->count--;
	free(request->page);
	free(request);
}

void connections_collect(struct connections *connections)
{
	struct request *request = first(connections);
	struct census_page *page = NULL;

	if (connections->count > 0)
		page = director_take_census(connections->director, request->worker);
	if (page == NULL)
		return;
	if (request->layout != director_layout(connections->director)) {
		ask_again(connections, page);
		return;
	}
	control_reply(request->call, page_json(connections, request, page));
	free(page);
	request_free(connections, request);
	if (connections->count > 0)
		ask_first(connections);
}

static void wait_for(
	struct connections *connections, struct control_call *call, const char *service, struct census_page *page)
{
	struct request *request = calloc(1, sizeof *request);

	if (request == NULL) {
		free(page);
		control_reply(call, NULL);
		return;
	}
	*request = (struct request){.call = call, .worker = page->worker, .chunk = page->chunk, .page = page};
	snprintf(request->service, sizeof request->service, "%s", service != NULL ? service : "");
	list_append(&connections->waiting, &request->link);
	if (++connections->count == 1)
		ask_first(connections);
}

void connections_ask(struct connections *connections, struct control_call *call, const json_t *params)
{
	const char *service = control_string(params, "service");
	AUTO_FREE struct census_page *page = calloc(1, sizeof *page);

	if (page == NULL)
		control_reply(call, NULL);
	else if (!read_position(connections, params, page))
		control_refuse(call, CONTROL_INVALID_PARAMS, "there is nothing to go on from: begin anew");
	else if (service != NULL && !is_service(director_layout(connections->director), service))
		refuse_service(director_conf(connections->director), call, service);
	else if (connections->count == WAITING_MAX)
		control_refuse(call, CONTROL_REFUSED, "too many ask for connections: try again");
	else
		wait_for(connections, call, service, TAKE(page));
}

int connections_new(struct director *director, struct connections **ret_connections)
{
	struct connections *connections = calloc(1, sizeof *connections);

	if (connections == NULL)
		return -ENOMEM;
	connections->director = director;
	list_init(&connections->waiting);
	*ret_connections = connections;
	return 0;
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	while (!list_is_empty(&connections->waiting)) {
		control_refuse(first(connections)->call, CONTROL_REFUSED, "lbd is stopping");
		request_free(connections, first(connections));
	}
	free(connections);
}

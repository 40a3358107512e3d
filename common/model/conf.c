/* SPDX-License-Identifier: MIT */
#include "common/model/conf.h"

#include <stdio.h>
#include <string.h>

struct conf *conf_ref(struct conf *conf)
{
	atomic_fetch_add(&conf->references, 1);
	return conf;
}

void conf_unref(struct conf *conf)
{
	if (conf == NULL || atomic_fetch_sub(&conf->references, 1) > 0)
		return;
	for (size_t i = 0; i < conf->service_count; i++)
		access_unref(conf->services[i].access);
	arena_free(&conf->arena);
	free(conf);
}

void conf_free(struct conf *conf)
{
	conf_unref(conf);
}

const char *conf_server_address(const struct server_conf *server, char text[static SERVER_ADDRESS_TEXT_MAX])
{
	static_assert(SERVER_ADDRESS_TEXT_MAX >= ENDPOINT_TEXT_MAX, "an endpoint has room");

	if (server->path != NULL)
		snprintf(text, SERVER_ADDRESS_TEXT_MAX, "unix:%s", server->path);
	else if (server->host != NULL)
		snprintf(text, SERVER_ADDRESS_TEXT_MAX, "%s:%u", server->host, (unsigned)server->address.port);
	else
		endpoint_text(&server->address, text);
	return text;
}

const struct node_conf *conf_find_node(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->pair.node_count; i++) {
		if (strcmp(conf->pair.nodes[i].name, name) == 0)
			return &conf->pair.nodes[i];
	}
	return NULL;
}

const struct pool_conf *conf_find_pool(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->pool_count; i++) {
		if (strcmp(conf->pools[i].name, name) == 0)
			return &conf->pools[i];
	}
	return NULL;
}

const struct vip_conf *conf_find_vip(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->vip_count; i++) {
		if (strcmp(conf->vips[i].name, name) == 0)
			return &conf->vips[i];
	}
	return NULL;
}

const struct service_conf *conf_find_service(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->service_count; i++) {
		if (strcmp(conf->services[i].name, name) == 0)
			return &conf->services[i];
	}
	return NULL;
}

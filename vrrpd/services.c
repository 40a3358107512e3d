/* SPDX-License-Identifier: MIT */
#include "vrrpd/services.h"

#include <string.h>

bool services_is_up(const struct forwarder_view *view, const char *name)
{
	for (size_t i = 0; i < view->service_count; i++) {
		if (strcmp(view->services[i].name, name) == 0)
			return view->services[i].up;
	}
	return false;
}

/* lbd lists its services in the order of its configuration; one that runs on another is found by the name. */
static bool is_up(const struct conf *conf, const struct forwarder_view *view, size_t service)
{
	const char *name = conf->services[service].name;

	if (service < view->service_count && strcmp(view->services[service].name, name) == 0)
		return view->services[service].up;
	return services_is_up(view, name);
}

void services_fill(const struct conf *conf, const struct forwarder_view *view, struct peer_message *message)
{
	message->service_count = MIN(conf->service_count, (size_t)PEER_SERVICES_MAX);
	for (size_t i = 0; i < message->service_count; i++) {
		if (is_up(conf, view, i))
			message->services_up[i / 8] |= (uint8_t)(1u << i % 8);
	}
}

bool services_worse(const struct conf *conf, const struct forwarder_view *view, const struct peer_message *heartbeat)
{
	if (heartbeat == NULL || strcmp(heartbeat->config_hash, conf->hash) != 0)
		return false;
	for (size_t i = 0; i < MIN(heartbeat->service_count, conf->service_count); i++) {
		bool peer_up = heartbeat->services_up[i / 8] >> i % 8 & 1;

		if (peer_up && !is_up(conf, view, i))
			return true;
	}
	return false;
}

bool services_any_down(const struct conf *conf, const struct forwarder_view *view)
{
	for (size_t i = 0; i < conf->service_count; i++) {
		if (!is_up(conf, view, i))
			return true;
	}
	return false;
}

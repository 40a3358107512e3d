/* SPDX-License-Identifier: MIT */
#include "lbd/entry.h"

#include "common/system/fd.h"
#include "lbd/listener.h"

#include <errno.h>

static bool is_ours(const struct forward_ops *ops, const struct service_conf *service)
{
	return service->protocol == ops->protocol && service->mode == ops->mode;
}

static size_t count_endpoints(const struct forward_ops *ops, const struct conf *conf)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->service_count; i++)
		count += is_ours(ops, &conf->services[i]) ? conf->services[i].listen_count : 0;
	return count;
}

void entry_close(struct forward_entry *entry)
{
	if (entry == NULL)
		return;
	for (size_t i = 0; i < entry->count; i++) {
		for (unsigned j = 0; j < entry->workers; j++)
			fd_close(&entry->listeners[i].fds[j]);
		free(entry->listeners[i].fds);
	}
	free(entry->listeners);
	free(entry);
}

static int add(struct forward_entry *entry, uint32_t place, const struct service_conf *service,
	const struct endpoint *endpoint, struct text *errors)
{
	struct entry_listener *listener = &entry->listeners[entry->count];
	int r = listener_probe(service->protocol, endpoint, service->name, errors);

	if (r < 0)
		return r;
	*listener = (struct entry_listener){.service = place, .address = endpoint->ip};
	listener->fds = malloc(MAX(entry->workers, 1u) * sizeof *listener->fds);
	if (listener->fds == NULL)
		return -ENOMEM;
	entry->count++;
	for (unsigned i = 0; i < entry->workers; i++)
		listener->fds[i] = -1;
	for (unsigned i = 0; r == 0 && i < entry->workers; i++)
		r = listener_open(service->protocol, endpoint, service->name, &listener->fds[i], errors);
	return r;
}

static int entry_new(size_t endpoints, unsigned workers, struct forward_entry **ret_entry)
{
	struct forward_entry *entry = calloc(1, sizeof *entry);

	if (entry == NULL)
		return -ENOMEM;
	entry->workers = workers;
	entry->listeners = calloc(MAX(endpoints, (size_t)1), sizeof *entry->listeners);
	if (entry->listeners == NULL) {
		free(entry);
		return -ENOMEM;
	}
	*ret_entry = entry;
	return 0;
}

int entry_open(const struct forward_ops *ops, const struct conf *conf, unsigned workers,
	struct forward_entry **ret_entry, struct text *errors)
{
	struct forward_entry *entry;
	int result = entry_new(count_endpoints(ops, conf), workers, &entry);

	if (result < 0)
		return result;
	for (size_t i = 0; i < conf->service_count; i++) {
		const struct service_conf *service = &conf->services[i];

		for (size_t j = 0; is_ours(ops, service) && j < service->listen_count; j++) {
			int r = add(entry, (uint32_t)i, service, &service->listen[j], errors);

			result = result < 0 ? result : r;
		}
	}
	if (result < 0)
		entry_close(entry);
	else
		*ret_entry = entry;
	return result;
}

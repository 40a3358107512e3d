/* SPDX-License-Identifier: MIT */
#include "lbd/director_names.h"

#include "common/system/log.h"

#include <string.h>

static void on_lookup(void *context, uint32_t slot, const struct ip *address, const char *why)
{
	struct director *director = context;
	uint64_t revision = director->servers->revision;
	size_t unchecked = director->servers->unchecked;

	if (servers_note_lookup(director->servers, slot, address, why, loop_now(director->loop)))
		checks_set_address(director->checks, slot, address);
	if (director->servers->revision != revision || director->servers->unchecked != unchecked)
		director_note_change(director);
}

static bool wants_names(const struct conf *conf)
{
	for (size_t i = 0; i < conf->pool_count; i++) {
		for (size_t j = 0; j < conf->pools[i].server_count; j++) {
			if (conf->pools[i].servers[j].host != NULL)
				return true;
		}
	}
	return false;
}

int director_start_names(struct director *director, struct text *errors)
{
	struct names_setup setup = {
		.loop = director->loop,
		.conf = &director->layout->conf->resolver,
		.fn = on_lookup,
		.context = director,
	};
	int r;

	if (!wants_names(director->layout->conf))
		return 0;
	r = names_new(&setup, &director->names);
	if (r < 0)
		text_addf(errors, "names of servers cannot be looked up: %s\n", strerrordesc_np(-r));
	return r < 0 ? r : names_follow(director->names, director->layout);
}

void director_follow_names(struct director *director)
{
	AUTO_TEXT errors = {0};
	int r = director->names != NULL ? names_follow(director->names, director->layout)
					: director_start_names(director, &errors);

	if (r < 0)
		log_error("names of servers cannot be looked up", log_errno(r));
}

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_checking.h"

#include <stdlib.h>

void conf_things_add(struct checking *check, struct conf_things *things, const void *key,
	const struct conf_item *section, unsigned line)
{
	if (things->count == things->capacity) {
		size_t capacity = MAX((size_t)64, things->capacity * 2);
		struct conf_thing *list = reallocarray(things->list, capacity, sizeof *list);

		if (list == NULL) {
			check->no_memory = true;
			return;
		}
		things->list = list;
		things->capacity = capacity;
	}
	things->list[things->count] = (struct conf_thing){key, section, line, things->count};
	things->count++;
}

static int compare_things(const void *a, const void *b, void *compare_keys)
{
	const struct conf_thing *x = a, *y = b;
	int order = (*(conf_compare_fn **)compare_keys)(x->key, y->key);

	if (order != 0)
		return order;
	return x->place < y->place ? -1 : x->place > y->place;
}

void conf_things_settle(
	struct checking *check, struct conf_things *things, conf_compare_fn *compare, conf_again_fn *report)
{
	const struct conf_thing *first = things->list;

	if (things->count > 1)
		qsort_r(things->list, things->count, sizeof *things->list, compare_things, &compare);
	for (size_t i = 1; i < things->count; i++) {
		if (compare(first->key, things->list[i].key) == 0)
			report(check->errors, first, &things->list[i]);
		else
			first = &things->list[i];
	}
	things->count = 0;
}

void conf_things_free(struct conf_things *things)
{
	free(things->list);
}

void conf_check_host_address(struct checking *check, unsigned line, const char *option, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (!ip_is_host(ip))
		conf_error(check->errors, line, "option '%s': '%s' is no address of a host: write a unicast address",
			option, ip_text(ip, text));
}

/* SPDX-License-Identifier: MIT */
/*
 * How long a large configuration takes to be parsed and checked: 10,000 servers in 1,000 pools behind 1,000 services,
 * 200 vips with 1,000 addresses; then the same servers in one pool; then a service that denies 100,000 prefixes. The
 * median of five runs each. And how long a reload of it takes to compare with what runs, and to allot the slots.
 */
#include "common/model/conf.h"
#include "common/model/conf_plan.h"
#include "common/system/clock.h"
#include "lbd/layout.h"

#include <stdio.h>

#define RUNS 5
#define SERVERS 10000U
#define SERVICES 1000U
#define VIPS 200U
#define ADDRESSES 5U
#define PREFIXES 100000U

static void write_vips(struct text *out)
{
	for (unsigned i = 0; i < VIPS; i++) {
		text_addf(out, "vip vip%u {\n\tvrid = %u\n\tinterface = eth0\n\taddresses = { ", i, i + 1);
		for (unsigned j = 0; j < ADDRESSES; j++)
			text_addf(out, "%s10.%u.0.%u/32", j > 0 ? ", " : "", i, j + 1);
		text_add(out, " }\n}\n");
	}
}

static void write_pools(unsigned pools, struct text *out)
{
	for (unsigned i = 0; i < SERVICES; i++)
		text_addf(out, "service service%u {\n\tlisten = { 10.250.%u.%u:80 }\n\tpool = pool%u\n}\n", i, i / 250,
			i % 250 + 1, i % pools);
	for (unsigned i = 0, n = 0; i < pools; i++) {
		text_addf(out, "pool pool%u {\n\tcheck http { path = /healthz }\n", i);
		for (unsigned j = 0; j < SERVERS / pools; j++, n++)
			text_addf(out, "\tserver app%u { address = 172.16.%u.%u:8080  weight = 100 }\n", j, n / 250,
				n % 250 + 1);
		text_add(out, "}\n");
	}
}

static int compare_spans(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void write_prefixes(struct text *out)
{
	text_add(out, "service s {\n\tlisten = { 10.250.0.1:80 }\n\tpool = p\n\tdeny = {\n");
	for (unsigned i = 0; i < PREFIXES; i++)
		text_addf(out, "\t\t%u.%u.%u.0/24,\n", 11 + i / 7919 % 200, i * 7 % 256, i % 251);
	text_add(out, "\t}\n}\npool p { }\n");
}

/* The median's milliseconds. */
static int measure(const struct text *sections, long long *ret_ms)
{
	AUTO_TEXT content = {0};
	int64_t spans[RUNS];

	text_add(&content, "pair {\n\tnode lb1 { address = 192.0.2.11  priority = 150 }\n"
			   "\tnode lb2 { address = 192.0.2.12 }\n}\n");
	text_add(&content, text_get(sections));
	for (unsigned i = 0; i < RUNS; i++) {
		struct mono start = clock_mono();
		struct conf *conf = NULL;
		AUTO_TEXT errors = {0};
		int r = conf_parse("bench", text_get(&content), content.length, &conf, &errors);

		spans[i] = mono_diff(clock_mono(), start);
		conf_free(conf);
		if (r < 0) {
			fputs(text_get(&errors), stderr);
			return r;
		}
	}
	qsort(spans, RUNS, sizeof spans[0], compare_spans);
	*ret_ms = spans[RUNS / 2] / NS_PER_MS;
	return 0;
}

static int read_conf(const struct text *sections, struct conf **ret_conf)
{
	AUTO_TEXT content = {0};
	AUTO_TEXT errors = {0};

	text_addf(&content, "pair {\n\tnode lb1 { address = 192.0.2.11 }\n\tnode lb2 { address = 192.0.2.12 }\n}\n%s",
		text_get(sections));
	return conf_parse("bench", text_get(&content), content.length, ret_conf, &errors);
}

/* From one to the same with another pool. */
static int measure_reload(struct text *sections)
{
	static const char *const compared[] = {"pair", "service", "pool", NULL};
	struct conf *before = NULL, *after = NULL;
	struct layout *layout = NULL, *next = NULL;
	struct plan plan = {0};
	struct mono start, planned, end;
	int r = read_conf(sections, &before);

	text_add(sections, "pool another { server x { address = 172.31.0.1:80 } }\n");
	if (r == 0)
		r = read_conf(sections, &after);
	if (r == 0)
		r = layout_next(NULL, before, &layout);
	start = clock_mono();
	if (r == 0)
		r = conf_plan(before, after, compared, &plan);
	planned = clock_mono();
	if (r == 0)
		r = layout_next(layout, after, &next);
	end = clock_mono();
	if (r == 0)
		printf("  reload: to compare it %lld ms, to allot the slots %lld ms\n",
			(long long)(mono_diff(planned, start) / NS_PER_MS),
			(long long)(mono_diff(end, planned) / NS_PER_MS));
	plan_free(&plan);
	layout_free(layout);
	layout_free(next);
	conf_unref(before);
	conf_unref(after);
	return r;
}

static int measure_pools(unsigned pools)
{
	AUTO_TEXT sections = {0};
	long long ms;
	int r;

	write_vips(&sections);
	write_pools(pools, &sections);
	r = measure(&sections, &ms);
	if (r == 0)
		printf("%u servers in %u pools, %u services, %u vips with %u addresses: parse and check %lld ms\n",
			SERVERS, pools, SERVICES, VIPS, VIPS * ADDRESSES, ms);
	return r < 0 ? r : measure_reload(&sections);
}

static int measure_prefixes(void)
{
	AUTO_TEXT sections = {0};
	long long ms;
	int r;

	write_prefixes(&sections);
	r = measure(&sections, &ms);
	if (r == 0)
		printf("a service that denies %u prefixes: parse and check %lld ms\n", PREFIXES, ms);
	return r;
}

int main(void)
{
	return measure_pools(1000) < 0 || measure_pools(1) < 0 || measure_prefixes() < 0;
}

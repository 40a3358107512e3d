/* SPDX-License-Identifier: MIT */
/*
 * What scrapes of a large lbd cost those whom it serves: 1,000 services, 10,000 servers, and a client that sends a line
 * each millisecond through one of them and waits for its echo. Its round trips, and the longest time that a loop of lbd
 * did not beat, without scrapes and with one after the other.
 */
#include "tests/e2e/daemon.h"

#include "common/system/clock.h"
#include "common/system/liveness.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVICES 1000U
#define SERVERS 10000U
#define SECONDS 5
#define PINGS_MAX 10000

static struct {
	struct lbd_process lbd;
	struct endpoint admin, front, back;
	int server;
	atomic_bool stop, scraping;
	_Atomic uint64_t scrapes, scraped_bytes, scrape_ns;
} it;

static void write_sections(struct text *out)
{
	char texts[3][ENDPOINT_TEXT_MAX];

	text_addf(out, "admin { listen = { \"%s\" } }\n", endpoint_text(&it.admin, texts[0]));
	text_addf(out, "service ping { listen = { \"%s\" } pool = ping }\n", endpoint_text(&it.front, texts[1]));
	text_addf(out, "pool ping { server a { address = \"%s\" } }\n", endpoint_text(&it.back, texts[2]));
	for (unsigned i = 0, n = 0; i < SERVICES; i++) {
		text_addf(out,
			"service service%u {\n\tlisten = { 127.250.%u.%u:%u }\n\tpool = pool%u\n}\npool pool%u {\n", i,
			i / 250, i % 250 + 1, it.front.port, i, i);
		for (unsigned j = 0; j < SERVERS / SERVICES; j++, n++)
			text_addf(out, "\tserver app%u { address = 172.16.%u.%u:8080 }\n", j, n / 250, n % 250 + 1);
		text_add(out, "}\n");
	}
}

static void *echo(void *context)
{
	int fd = accept_from(it.server);
	char byte;

	(void)context;
	while (recv(fd, &byte, 1, 0) == 1 && send(fd, &byte, 1, MSG_NOSIGNAL) == 1)
		;
	close(fd);
	return NULL;
}

static void scrape(void)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	static char bytes[1 << 16];
	struct mono began = clock_mono();
	int fd = connect_to(&it.admin);
	ssize_t got;

	assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
	while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
		it.scraped_bytes += (uint64_t)got;
	close(fd);
	it.scrape_ns += (uint64_t)mono_diff(clock_mono(), began);
	it.scrapes++;
}

static void *scrape_on(void *context)
{
	struct timespec nap = {.tv_nsec = 1000000};

	(void)context;
	while (!it.stop) {
		if (it.scraping)
			scrape();
		else
			nanosleep(&nap, NULL);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct beats {
	uint64_t seen[LIVENESS_LOOPS_MAX];
	struct mono at[LIVENESS_LOOPS_MAX];
	int64_t longest_ns;
};

static void look_at_beats(struct liveness *live, struct beats *beats)
{
	struct liveness_state state;
	struct mono now = clock_mono();

	liveness_read(live, &state);
	for (unsigned i = 0; i < state.loops; i++) {
		if (beats->at[i].ns != 0 && mono_diff(now, beats->at[i]) > beats->longest_ns)
			beats->longest_ns = mono_diff(now, beats->at[i]);
		if (state.beats[i] != beats->seen[i] || beats->at[i].ns == 0)
			beats->at[i] = now;
		beats->seen[i] = state.beats[i];
	}
}

static void measure(const char *what, int client, struct liveness *live)
{
	static int64_t spans[PINGS_MAX];
	struct timespec nap = {.tv_nsec = 1000000};
	struct mono end = mono_add(clock_mono(), SECONDS * NS_PER_S);
	struct beats beats = {0};
	size_t count = 0;
	char byte;

	while (!mono_reached(end, clock_mono()) && count < PINGS_MAX) {
		struct mono began = clock_mono();

		assert_int_equal(send(client, "x", 1, 0), 1);
		assert_int_equal(recv(client, &byte, 1, 0), 1);
		spans[count++] = mono_diff(clock_mono(), began);
		look_at_beats(live, &beats);
		nanosleep(&nap, NULL);
	}
	qsort(spans, count, sizeof *spans, compare);
	printf("%-18s %6zu round trips: p50 %lld us, p99 %lld us, longest %lld us; longest without a beat %lld ms\n",
		what, count, (long long)spans[count / 2] / 1000, (long long)spans[count * 99 / 100] / 1000,
		(long long)spans[count - 1] / 1000, (long long)(beats.longest_ns / NS_PER_MS));
}

int main(void)
{
	pthread_t threads[2];
	struct liveness *live;
	AUTO_TEXT sections = {0};
	char run_dir[96];
	int client;

	it.admin = free_endpoint(1);
	it.front = free_endpoint(2);
	it.back = free_endpoint(3);
	it.server = listen_on(&it.back, 16);
	write_sections(&sections);
	it.lbd = lbd_start(text_get(&sections), 0);
	snprintf(run_dir, sizeof run_dir, "%s/run", it.lbd.dir);
	assert_int_equal(liveness_open(run_dir, &live), 0);
	pthread_create(&threads[0], NULL, echo, NULL);
	pthread_create(&threads[1], NULL, scrape_on, NULL);
	client = connect_to(&it.front);
	for (int round = 0; round < 2; round++) {
		it.scraping = false;
		measure("without scrapes", client, live);
		it.scraping = true;
		measure("scraped on and on", client, live);
	}
	it.stop = true;
	pthread_join(threads[1], NULL);
	printf("%llu scrapes of %llu KiB, %llu ms each\n", (unsigned long long)it.scrapes,
		(unsigned long long)(it.scraped_bytes / it.scrapes / 1024),
		(unsigned long long)(it.scrape_ns / it.scrapes / 1000000));
	close(client);
	pthread_join(threads[0], NULL);
	liveness_free(live);
	return lbd_end(&it.lbd, SIGTERM);
}

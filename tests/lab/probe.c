/* SPDX-License-Identifier: MIT */
/*
 * probe: an open-loop HTTP/1.1 client that measures how long a service was away.
 *
 * A request goes out at every interval, whatever became of those before it, each over a connection of its own (with
 * --keep over an idle one, where there is one). So the longest time between two answers is a property of the service:
 * a SYN that was lost, which the kernel repeats only after a second, spoils its own request and none of the later ones.
 *
 * SIGUSR1 prints what happened since the last mark, as a line of JSON, and begins anew (a gap that is open then counts
 * from the mark on); SIGUSR2 prints it and goes on. SIGTERM and SIGINT, or the end of --duration, print the last line
 * and end. Times are in milliseconds, `at` counts from the start.
 */
#include "common/pure/base.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLIGHTS_MAX 4096
#define ANSWER_MAX 8192

enum outcome {
	OUTCOME_ANSWERED,
	OUTCOME_REFUSED,
	OUTCOME_RESET,
	OUTCOME_TIMEOUT,
	OUTCOME_CLOSED,      /* the connection ended before the answer did */
	OUTCOME_UNREACHABLE, /* ICMP, or no neighbour */
	OUTCOME_WRONG,       /* an answer, but not 200 with the expected body */
	OUTCOME_LOCAL,       /* this host had no socket for it */
	OUTCOME_COUNT,
};

static const char *const outcome_names[] = {
	[OUTCOME_ANSWERED] = "answered",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_CLOSED] = "closed",
	[OUTCOME_UNREACHABLE] = "unreachable",
	[OUTCOME_WRONG] = "wrong",
	[OUTCOME_LOCAL] = "local",
};
static_assert(ARRAY_LEN(outcome_names) == OUTCOME_COUNT, "a name is missing");

enum phase {
	PHASE_FREE,
	PHASE_IDLE, /* kept alive, without a request */
	PHASE_CONNECTING,
	PHASE_WAITING,
};

struct flight {
	enum phase phase;
	int fd;
	struct mono deadline;
	size_t size; /* of what has been received */
	char answer[ANSWER_MAX];
};

struct tally {
	struct mono began;
	uint64_t sent;
	uint64_t outcomes[OUTCOME_COUNT];
	int64_t longest_gap_ns;
	struct mono gap_began;
};

struct probe {
	struct sockaddr_storage server;
	socklen_t server_size;
	char request[512];
	size_t request_size;
	const char *body; /* NULL: not looked at */
	int64_t interval_ns;
	int64_t timeout_ns;
	int64_t duration_ns;
	bool keep;

	struct mono started;
	struct mono next_at;
	struct mono last_answer;
	unsigned marks;
	struct tally since_mark;
	struct tally total;

	size_t flight_count; /* places in use lie below */
	struct flight flights[FLIGHTS_MAX];
	struct pollfd polls[FLIGHTS_MAX + 1];
	size_t polled[FLIGHTS_MAX + 1]; /* the flight of each of `polls` but the first */
};

static double ms(int64_t ns)
{
	return (double)ns / (double)NS_PER_MS;
}

static void tally_gap(struct tally *tally, struct mono from, struct mono to)
{
	from = mono_reached(tally->began, from) ? from : tally->began;
	if (mono_diff(to, from) <= tally->longest_gap_ns)
		return;
	tally->longest_gap_ns = mono_diff(to, from);
	tally->gap_began = from;
}

static void count(struct probe *probe, enum outcome outcome)
{
	struct mono now = clock_mono();

	probe->since_mark.outcomes[outcome]++;
	probe->total.outcomes[outcome]++;
	if (outcome != OUTCOME_ANSWERED)
		return;
	tally_gap(&probe->since_mark, probe->last_answer, now);
	tally_gap(&probe->total, probe->last_answer, now);
	probe->last_answer = now;
}

static uint64_t failed(const struct tally *tally)
{
	uint64_t sum = 0;

	for (unsigned i = OUTCOME_ANSWERED + 1; i < OUTCOME_COUNT; i++)
		sum += tally->outcomes[i];
	return sum;
}

static void print_tally(const struct probe *probe, const struct tally *tally)
{
	printf("\"sent\":%ju,\"failed\":%ju", (uintmax_t)tally->sent, (uintmax_t)failed(tally));
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		printf(",\"%s\":%ju", outcome_names[i], (uintmax_t)tally->outcomes[i]);
	printf(",\"longest_gap_ms\":%.3f,\"gap_began_at\":%.3f", ms(tally->longest_gap_ns),
		ms(mono_diff(tally->gap_began, probe->started)));
}

/* A gap that is still open counts with what it has become by now; its whole length shows after the next answer. */
static void report(struct probe *probe, const char *event)
{
	struct mono now = clock_mono();

	tally_gap(&probe->since_mark, probe->last_answer, now);
	tally_gap(&probe->total, probe->last_answer, now);
	printf("{\"event\":\"%s\",\"mark\":%u,\"at\":%.3f,\"since_answer_ms\":%.3f,", event, probe->marks,
		ms(mono_diff(now, probe->started)), ms(mono_diff(now, probe->last_answer)));
	print_tally(probe, &probe->since_mark);
	printf(",\"total\":{");
	print_tally(probe, &probe->total);
	printf("}}\n");
	fflush(stdout);
}

static void mark(struct probe *probe)
{
	report(probe, "mark");
	probe->marks++;
	probe->since_mark = (struct tally){.began = clock_mono()};
	probe->since_mark.gap_began = probe->since_mark.began;
}

static void flight_end(struct probe *probe, struct flight *flight, enum outcome outcome)
{
	count(probe, outcome);
	if (outcome == OUTCOME_ANSWERED && probe->keep) {
		flight->phase = PHASE_IDLE;
		return;
	}
	fd_close(&flight->fd);
	flight->phase = PHASE_FREE;
}

static enum outcome outcome_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	case ETIMEDOUT:
		return OUTCOME_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
		return OUTCOME_UNREACHABLE;
	default:
		return OUTCOME_LOCAL;
	}
}

/* The whole request fits into an empty send buffer. */
static void flight_ask(struct probe *probe, struct flight *flight)
{
	ssize_t sent = send(flight->fd, probe->request, probe->request_size, MSG_NOSIGNAL);

	if (sent != (ssize_t)probe->request_size) {
		flight_end(probe, flight, sent < 0 ? outcome_of(errno) : OUTCOME_LOCAL);
		return;
	}
	flight->phase = PHASE_WAITING;
	flight->size = 0;
}

static struct flight *flight_find(struct probe *probe, enum phase phase)
{
	for (size_t i = 0; i < probe->flight_count; i++)
		if (probe->flights[i].phase == phase)
			return &probe->flights[i];
	if (phase == PHASE_FREE && probe->flight_count < FLIGHTS_MAX)
		return &probe->flights[probe->flight_count++];
	return NULL;
}

static void flight_connect(struct probe *probe, struct flight *flight)
{
	int one = 1;

	flight->phase = PHASE_CONNECTING;
	flight->fd = socket(probe->server.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (flight->fd < 0 || setsockopt(flight->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
		setsockopt(flight->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) {
		flight_end(probe, flight, OUTCOME_LOCAL);
		return;
	}
	if (connect(flight->fd, (const struct sockaddr *)&probe->server, probe->server_size) < 0 &&
		errno != EINPROGRESS)
		flight_end(probe, flight, outcome_of(errno));
}

static void send_next(struct probe *probe, struct mono now)
{
	struct flight *flight = probe->keep ? flight_find(probe, PHASE_IDLE) : NULL;
	bool kept = flight != NULL;

	probe->since_mark.sent++;
	probe->total.sent++;
	if (!kept)
		flight = flight_find(probe, PHASE_FREE);
	if (flight == NULL) {
		count(probe, OUTCOME_LOCAL);
		return;
	}
	flight->deadline = mono_add(now, probe->timeout_ns);
	if (kept)
		flight_ask(probe, flight);
	else
		flight_connect(probe, flight);
}

/* 1 when the answer is whole, 0 when more has to come, -1 when it is not HTTP as we know it. `ret_body` in `answer`. */
static int answer_whole(const struct flight *flight, const char **ret_body)
{
	const char *end = strstr(flight->answer, "\r\n\r\n");
	const char *length;
	size_t body_size;

	if (end == NULL)
		return flight->size < ANSWER_MAX - 1 ? 0 : -1;
	length = strcasestr(flight->answer, "\r\nContent-Length:");
	if (length == NULL || length > end)
		return -1;
	body_size = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	*ret_body = end + 4;
	if (body_size >= ANSWER_MAX)
		return -1;
	return flight->size >= (size_t)(end + 4 - flight->answer) + body_size;
}

static bool answer_right(const struct probe *probe, const struct flight *flight, const char *body)
{
	if (strncmp(flight->answer, "HTTP/1.1 200 ", 13) != 0)
		return false;
	return probe->body == NULL || strncmp(body, probe->body, strlen(probe->body)) == 0;
}

static void flight_receive(struct probe *probe, struct flight *flight)
{
	ssize_t size = recv(flight->fd, flight->answer + flight->size, ANSWER_MAX - 1 - flight->size, 0);
	const char *body = "";

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		flight_end(probe, flight, size < 0 ? outcome_of(errno) : OUTCOME_CLOSED);
		return;
	}
	flight->size += (size_t)size;
	flight->answer[flight->size] = '\0';
	switch (answer_whole(flight, &body)) {
	case 0:
		return;
	case 1:
		flight_end(probe, flight, answer_right(probe, flight, body) ? OUTCOME_ANSWERED : OUTCOME_WRONG);
		return;
	default:
		flight_end(probe, flight, OUTCOME_WRONG);
	}
}

static void flight_ready(struct probe *probe, struct flight *flight)
{
	int error = 0;
	socklen_t size = sizeof error;

	switch (flight->phase) {
	case PHASE_FREE:
		return;
	case PHASE_IDLE: /* the server ended a connection that nobody used */
		fd_close(&flight->fd);
		flight->phase = PHASE_FREE;
		return;
	case PHASE_CONNECTING:
		if (getsockopt(flight->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
			flight_end(probe, flight, outcome_of(error));
		else
			flight_ask(probe, flight);
		return;
	case PHASE_WAITING:
		flight_receive(probe, flight);
	}
}

/* Ends what has waited for too long; returns the earliest deadline of the rest, or `latest`. */
static struct mono expire(struct probe *probe, struct mono now, struct mono latest)
{
	for (size_t i = 0; i < probe->flight_count; i++) {
		struct flight *flight = &probe->flights[i];

		if (flight->phase != PHASE_CONNECTING && flight->phase != PHASE_WAITING)
			continue;
		if (mono_reached(flight->deadline, now))
			flight_end(probe, flight, OUTCOME_TIMEOUT);
		else
			latest = mono_min(latest, flight->deadline);
	}
	return latest;
}

static nfds_t poll_set(struct probe *probe)
{
	nfds_t count = 1;

	while (probe->flight_count > 0 && probe->flights[probe->flight_count - 1].phase == PHASE_FREE)
		probe->flight_count--;
	for (size_t i = 0; i < probe->flight_count; i++) {
		const struct flight *flight = &probe->flights[i];

		if (flight->phase == PHASE_FREE)
			continue;
		probe->polls[count].fd = flight->fd;
		probe->polls[count].events = flight->phase == PHASE_CONNECTING ? POLLOUT : POLLIN;
		probe->polled[count] = i;
		count++;
	}
	return count;
}

/* Returns false when it is time to end. */
static bool take_signal(struct probe *probe)
{
	struct signalfd_siginfo info;

	if (read(probe->polls[0].fd, &info, sizeof info) != (ssize_t)sizeof info)
		return true;
	if (info.ssi_signo == SIGUSR1)
		mark(probe);
	else if (info.ssi_signo == SIGUSR2)
		report(probe, "peek");
	else
		return false;
	return true;
}

static void run(struct probe *probe)
{
	struct mono end = mono_add(probe->started, probe->duration_ns);

	for (;;) {
		struct mono now = clock_mono();
		struct mono wake;
		struct timespec span;
		int64_t wait_ns;
		nfds_t polled;

		if (mono_reached(end, now))
			return;
		while (mono_reached(probe->next_at, now)) {
			send_next(probe, now);
			probe->next_at = mono_add(probe->next_at, probe->interval_ns);
		}
		wake = expire(probe, now, mono_min(end, probe->next_at));
		polled = poll_set(probe);
		wait_ns = mono_diff(wake, clock_mono());
		wait_ns = wait_ns < 0 ? 0 : wait_ns;
		span = (struct timespec){.tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S};
		if (ppoll(probe->polls, polled, &span, NULL) <= 0)
			continue;
		for (nfds_t i = 1; i < polled; i++)
			if (probe->polls[i].revents != 0)
				flight_ready(probe, &probe->flights[probe->polled[i]]);
		if (probe->polls[0].revents != 0 && !take_signal(probe))
			return;
	}
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int address_parse(struct probe *probe, const char *address, const char *port_text)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&probe->server;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&probe->server;
	unsigned long port = strtoul(port_text, NULL, 10);

	if (port == 0 || port > UINT16_MAX)
		return -EINVAL;
	if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		probe->server_size = sizeof *in;
		return 0;
	}
	if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		probe->server_size = sizeof *in6;
		return 0;
	}
	return -EINVAL;
}

static int usage(void)
{
	fprintf(stderr, "usage: probe [OPTION]... ADDRESS PORT\n"
			"  -i, --interval=MS   a request every MS milliseconds (5)\n"
			"  -t, --timeout=MS    a request that takes longer has failed (1000)\n"
			"  -d, --duration=MS   end by itself\n"
			"  -b, --body=TEXT     the body has to begin with TEXT\n"
			"  -k, --keep          over kept-alive connections\n");
	return 2;
}

static int64_t ms_parse(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || value <= 0 || value > 1e9)
		exit(usage());
	return (int64_t)(value * (double)NS_PER_MS);
}

static int options_parse(struct probe *probe, int argc, char *argv[])
{
	static const struct option options[] = {
		{"interval", required_argument, NULL, 'i'},
		{"timeout", required_argument, NULL, 't'},
		{"duration", required_argument, NULL, 'd'},
		{"body", required_argument, NULL, 'b'},
		{"keep", no_argument, NULL, 'k'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "i:t:d:b:k", options, NULL)) != -1) {
		if (option == 'i')
			probe->interval_ns = ms_parse(optarg);
		else if (option == 't')
			probe->timeout_ns = ms_parse(optarg);
		else if (option == 'd')
			probe->duration_ns = ms_parse(optarg);
		else if (option == 'b')
			probe->body = optarg;
		else if (option == 'k')
			probe->keep = true;
		else
			return -EINVAL;
	}
	return argc - optind == 2 ? address_parse(probe, argv[optind], argv[optind + 1]) : -EINVAL;
}

int main(int argc, char *argv[])
{
	static struct probe probe = {.interval_ns = 5 * NS_PER_MS, .timeout_ns = NS_PER_S, .duration_ns = INT64_MAX};

	if (options_parse(&probe, argc, argv) < 0)
		return usage();
	probe.request_size = (size_t)snprintf(probe.request, sizeof probe.request,
		"GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n", probe.server.ss_family == AF_INET6 ? "[vip]" : "vip",
		probe.keep ? "" : "Connection: close\r\n");
	probe.polls[0] = (struct pollfd){.fd = signals_open(), .events = POLLIN};
	probe.started = clock_mono();
	probe.next_at = probe.started;
	probe.last_answer = probe.started;
	probe.since_mark.began = probe.since_mark.gap_began = probe.started;
	probe.total.began = probe.total.gap_began = probe.started;
	run(&probe);
	report(&probe, "end");
	return 0;
}

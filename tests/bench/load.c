/* SPDX-License-Identifier: MIT */
/*
 *	load MODE --front ADDRESS:PORT --server ADDRESS:PORT [OPTION...]
 *
 * Loads a balancer that listens on --front and sends to --server, which is served here, and prints what was done and
 *what of the balancer's processor time and memory it took, as a line of JSON.
 */
#include "tests/bench/load.h"

#include "common/pure/text.h"
#include "common/system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Before the measured time begins: connections are made, windows open. */
#define WARM_NS (300 * NS_PER_MS)
/* How long an answered connection stays before it counts as idle, and how long it may take until all are. */
#define SETTLE_NS NS_PER_S
#define PATIENCE_NS (60 * NS_PER_S)
#define ERRORS_MAX 1000

static const struct load_mode *const modes[] = {
	&load_requests,
	&load_connections,
	&load_latency,
	&load_idle,
	&load_download,
	&load_upload,
	&load_datagrams,
};

static struct load load = {
	.options =
		{
			.fronts = 1,
			.connections = 64,
			.request_size = 100,
			.answer_size = 1000,
			.joined = 1,
			.rate = 5000,
			.milliseconds = 2000,
			.subject.processor = -1,
		},
};

void load_fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	_exit(1);
}

void load_error(struct load *at)
{
	if (++at->errors < ERRORS_MAX)
		return;
	fprintf(stderr, "load: %d connections or requests failed\n", ERRORS_MAX);
	_exit(1);
}

void load_count(struct load *at, uint64_t count, uint64_t bytes)
{
	at->count += count;
	at->bytes += bytes;
	at->total_bytes += bytes;
}

/* The run: warm, then measured; or as long as the mode says. */

static void set_phase(int64_t span_ns, loop_timer_fn *fn)
{
	if (loop_timer_set(load.loop, &load.phase_timer, mono_add(clock_mono(), span_ns), fn) < 0)
		load_fail("timer");
}

static void measure(struct meter *ret_meter)
{
	int r = meter_read(&load.options.subject, ret_meter);

	if (r < 0) {
		errno = -r;
		load_fail("the process under test");
	}
}

static void begin_to_measure(void)
{
	measure(&load.before);
	load.count = load.bytes = 0;
	load.began = clock_mono();
	load.measures = true;
}

static int compare_spans(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double latency_us(double share)
{
	size_t at = (size_t)(share * (double)load.latency_count);

	return (double)load.latencies[MIN(at, load.latency_count - 1)] / 1e3;
}

static void print_latencies(void)
{
	qsort(load.latencies, load.latency_count, sizeof *load.latencies, compare_spans);
	printf(",\"rate\":%" PRIu64 ",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f",
		load.options.rate, latency_us(0.5), latency_us(0.99), latency_us(0.999), latency_us(1));
}

static void finish(struct loop_timer *timer, struct mono now)
{
	struct meter after;
	int64_t span_ns;

	(void)timer;
	(void)now;
	measure(&after);
	span_ns = mono_diff(clock_mono(), load.began);
	if (load.options.mode->end != NULL)
		load.options.mode->end(&load);
	printf("{\"mode\":\"%s\",\"counts\":\"%s\",\"seconds\":%.6f,\"count\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"errors\":%" PRIu64 ",\"cpu_ns\":%" PRId64 ",\"busy_ns\":%" PRId64 ",\"user_bytes\":%" PRId64
	       ",\"slab_bytes\":%" PRId64 ",\"answered\":%" PRIu64 ",\"total_bytes\":%" PRIu64,
		load.options.mode->name, load.options.mode->counts, (double)span_ns / 1e9, load.count, load.bytes,
		load.errors, after.run_ns - load.before.run_ns, after.busy_ns - load.before.busy_ns,
		(int64_t)(after.user_bytes - load.before.user_bytes),
		(int64_t)(after.slab_bytes - load.before.slab_bytes), load.answered, load.total_bytes);
	if (load.latency_count > 0)
		print_latencies();
	printf("}\n");
	loop_stop(load.loop);
}

static void look_whether_done(struct loop_timer *timer, struct mono now)
{
	(void)timer;
	if (load.options.mode->is_done(&load)) {
		set_phase(SETTLE_NS, finish);
	} else if (mono_diff(now, load.began) > PATIENCE_NS) {
		errno = ETIMEDOUT;
		load_fail(load.options.mode->name);
	} else {
		set_phase(10 * NS_PER_MS, look_whether_done);
	}
}

static void on_warm(struct loop_timer *timer, struct mono now)
{
	(void)timer;
	(void)now;
	begin_to_measure();
	set_phase((int64_t)load.options.milliseconds * NS_PER_MS, finish);
}

static void enter_netns(const char *name)
{
	char path[256];
	int fd;

	if (name == NULL)
		return;
	snprintf(path, sizeof path, "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		load_fail(path);
	close(fd);
}

static int run(void)
{
	const struct load_mode *mode = load.options.mode;
	int r = loop_new(&load.loop);

	if (r < 0)
		return r;
	enter_netns(load.options.server_netns);
	r = mode->serve(&load);
	if (r < 0)
		return r;
	enter_netns(load.options.client_netns);
	if (mode->is_done != NULL) {
		begin_to_measure();
		set_phase(0, look_whether_done);
	} else {
		set_phase(WARM_NS, on_warm);
	}
	r = mode->begin(&load);
	return r < 0 ? r : loop_run(load.loop);
}

/* The command line. */

static const struct number_option {
	const char *name;
	uint64_t *at;
	uint64_t most;
} number_options[] = {
	{"fronts", &load.options.fronts, 10000},
	{"connections", &load.options.connections, 100000},
	{"request-size", &load.options.request_size, 16384},
	{"answer-size", &load.options.answer_size, 65536},
	{"joined", &load.options.joined, 64},
	{"rate", &load.options.rate, 10000000},
	{"milliseconds", &load.options.milliseconds, 600000},
};

static void usage(void)
{
	fprintf(stderr,
		"load MODE --front ADDRESS:PORT --server ADDRESS:PORT [--client-netns NAME] [--server-netns NAME]\n"
		"    [--pid PID]... [--kernel-thread PID] [--processor N]");
	for (size_t i = 0; i < ARRAY_LEN(number_options); i++)
		fprintf(stderr, " [--%s N]", number_options[i].name);
	fprintf(stderr, "\nMODE:");
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		fprintf(stderr, " %s", modes[i]->name);
	fprintf(stderr, "\n");
	exit(2);
}

static bool take_number(const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(number_options); i++) {
		if (strcmp(number_options[i].name, name) == 0)
			return text_to_u64(value, 1, number_options[i].most, number_options[i].at) == 0;
	}
	return false;
}

static bool take_pid(const char *value)
{
	struct meter_subject *subject = &load.options.subject;
	uint64_t pid;

	if (subject->count == METER_PIDS_MAX || text_to_u64(value, 1, INT32_MAX, &pid) < 0)
		return false;
	subject->pids[subject->count++] = (pid_t)pid;
	return true;
}

static bool take_kernel_thread(const char *value)
{
	uint64_t pid;

	if (text_to_u64(value, 1, INT32_MAX, &pid) < 0)
		return false;
	load.options.subject.kernel_thread = (pid_t)pid;
	return true;
}

static bool take_processor(const char *value)
{
	uint64_t processor;

	if (text_to_u64(value, 0, CPU_SETSIZE, &processor) < 0)
		return false;
	load.options.subject.processor = (int)processor;
	return true;
}

static bool take_option(const char *name, const char *value)
{
	if (strcmp(name, "front") == 0)
		return endpoint_parse(value, &load.options.front) == 0;
	if (strcmp(name, "server") == 0)
		return endpoint_parse(value, &load.options.server) == 0;
	if (strcmp(name, "pid") == 0)
		return take_pid(value);
	if (strcmp(name, "kernel-thread") == 0)
		return take_kernel_thread(value);
	if (strcmp(name, "processor") == 0)
		return take_processor(value);
	if (strcmp(name, "client-netns") == 0)
		load.options.client_netns = value;
	else if (strcmp(name, "server-netns") == 0)
		load.options.server_netns = value;
	else
		return take_number(name, value);
	return true;
}

static void take_options(int argc, char *argv[])
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i]->name, argv[1]) == 0)
			load.options.mode = modes[i];
	}
	for (int i = 2; i < argc; i += 2) {
		if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc || !take_option(argv[i] + 2, argv[i + 1]))
			usage();
	}
	if (load.options.mode == NULL || load.options.front.port == 0 || load.options.server.port == 0)
		usage();
}

int main(int argc, char *argv[])
{
	struct rlimit files;
	int r;

	list_init(&load.guests);
	list_init(&load.visitors);
	list_init(&load.idle);
	take_options(argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	/* What is due in 10 us is not to come after 60. */
	(void)prctl(PR_SET_TIMERSLACK, 1UL);
	(void)signal(SIGPIPE, SIG_IGN);
	r = run();
	if (r < 0) {
		errno = -r;
		load_fail(load.options.mode->name);
	}
	return 0;
}

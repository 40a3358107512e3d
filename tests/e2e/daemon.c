/* SPDX-License-Identifier: MIT */
#include "tests/e2e/daemon.h"

#include "common/shell/client.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LBD "./lbd/lbd"
#define LIMIT_MS 5000

/*
 * A loopback of its own for each test program, before its first socket: beside others a port that was free a moment ago
 * may be taken. It wants privilege; without it the ports are shared, and a collision is rare.
 */
__attribute__((constructor)) static void have_own_loopback(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	AUTO_FD fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		abort();
}

static void nap(int ms)
{
	struct timespec span = {.tv_nsec = ms * 1000000L};

	nanosleep(&span, NULL);
}

void wait_until(bool (*condition)(void *context), void *context, int limit_ms)
{
	struct mono end = mono_add(clock_mono(), limit_ms * NS_PER_MS);

	while (!condition(context)) {
		if (mono_reached(end, clock_mono()))
			fail_msg("a condition did not become true within %d ms", limit_ms);
		nap(2);
	}
}

/* The process. */

static void write_config(const struct lbd_process *lbd, const char *sections)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/conf", lbd->dir);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file,
		"pair {\n key-file = /nonexistent\n node a { address = 127.0.0.1 priority = 150 }\n"
		" node b { address = 127.0.0.2 }\n}\n%s%s",
		strncmp(sections, "forwarder", 9) == 0 ? "" : "forwarder { threads = 2 }\n", sections);
	assert_int_equal(fclose(file), 0);
}

void lbd_configure(const struct lbd_process *lbd, const char *sections)
{
	write_config(lbd, sections);
}

static void make_dir(struct lbd_process *lbd, const char *sections)
{
	strcpy(lbd->dir, "/tmp/lbd-e2e-XXXXXX");
	assert_non_null(mkdtemp(lbd->dir));
	write_config(lbd, sections);
}

static void remove_dir(const struct lbd_process *lbd)
{
	static const char *const names[] = {
		"conf", "run/lbd.sock", "run/lbd.lock", "run/lbd.live", "run", "state", "log", ""};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", lbd->dir, names[i]);
		(void)remove(path);
	}
}

void (*lbd_before_exec)(void);

static void exec_lbd(const struct lbd_process *lbd, unsigned open_files)
{
	char config[128], run[128], state[128];
	struct rlimit limit = {open_files, open_files};

	snprintf(config, sizeof config, "%s/conf", lbd->dir);
	snprintf(run, sizeof run, "%s/run", lbd->dir);
	snprintf(state, sizeof state, "%s/state", lbd->dir);
	/* A test that fails leaves no daemon behind. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (open_files > 0)
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (lbd_before_exec != NULL)
		lbd_before_exec();
	execl(LBD, LBD, "-c", config, "-n", "a", "--run-dir", run, "--state-dir", state, (char *)NULL);
	_exit(127);
}

static bool answers(void *context)
{
	const struct lbd_process *lbd = context;
	json_t *status;

	if (waitpid(lbd->pid, NULL, WNOHANG) != 0)
		fail_msg("lbd ended at its start");
	status = lbd_call(lbd, "status", NULL);
	json_decref(status);
	return status != NULL;
}

struct lbd_process lbd_start(const char *sections, unsigned open_files)
{
	struct lbd_process lbd;

	make_dir(&lbd, sections);
	lbd.pid = fork();
	assert_true(lbd.pid >= 0);
	if (lbd.pid == 0)
		exec_lbd(&lbd, open_files);
	wait_until(answers, &lbd, 10000);
	return lbd;
}

struct ended {
	pid_t pid;
	int status;
};

static bool has_ended(void *context)
{
	struct ended *ended = context;

	return waitpid(ended->pid, &ended->status, WNOHANG) == ended->pid;
}

int lbd_end(struct lbd_process *lbd, int signal_number)
{
	struct ended ended = {.pid = lbd->pid};

	assert_int_equal(kill(lbd->pid, signal_number), 0);
	wait_until(has_ended, &ended, LIMIT_MS);
	remove_dir(lbd);
	return ended.status;
}

int lbd_run_briefly(const char *sections, struct text *ret_errors)
{
	struct lbd_process lbd;
	struct ended ended;
	char bytes[4096], path[128];
	ssize_t got;
	int fd;

	make_dir(&lbd, sections);
	snprintf(path, sizeof path, "%s/log", lbd.dir);
	ended.pid = fork();
	if (ended.pid == 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		(void)dup2(fd, STDERR_FILENO);
		exec_lbd(&lbd, 0);
	}
	wait_until(has_ended, &ended, LIMIT_MS);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while ((got = read(fd, bytes, sizeof bytes)) > 0)
		text_add_bytes(ret_errors, bytes, (size_t)got);
	close(fd);
	remove_dir(&lbd);
	assert_true(WIFEXITED(ended.status));
	return WEXITSTATUS(ended.status);
}

/* What it says. */

json_t *lbd_call(const struct lbd_process *lbd, const char *method, json_t *params)
{
	char path[128], error[CLIENT_ERROR_MAX];
	json_t *result;

	snprintf(path, sizeof path, "%s/run/lbd.sock", lbd->dir);
	return client_call(path, method, params, LIMIT_MS, &result, error) < 0 ? NULL : result;
}

static json_t *named(json_t *list, const char *name, size_t length)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		const char *own = json_string_value(json_object_get(entry, "name"));

		if (own != NULL && strlen(own) == length && memcmp(own, name, length) == 0)
			return entry;
	}
	fail_msg("status does not show %s", name);
	return NULL;
}

static json_t *server_of(json_t *status, const char *server)
{
	const char *slash = strchr(server, '/');
	json_t *pool = named(json_object_get(status, "pools"), server, (size_t)(slash - server));

	return named(json_object_get(pool, "servers"), slash + 1, strlen(slash + 1));
}

json_int_t lbd_service_number(const struct lbd_process *lbd, const char *service, const char *field)
{
	json_t *status = lbd_call(lbd, "status", NULL);
	json_t *value = json_object_get(named(json_object_get(status, "services"), service, strlen(service)), field);
	json_int_t number = json_integer_value(value);

	assert_true(json_is_integer(value));
	json_decref(status);
	return number;
}

json_int_t lbd_server_number(const struct lbd_process *lbd, const char *server, const char *field)
{
	json_t *status = lbd_call(lbd, "status", NULL);
	json_t *value = json_object_get(server_of(status, server), field);
	json_int_t number = json_integer_value(value);

	assert_true(json_is_integer(value));
	json_decref(status);
	return number;
}

void lbd_server_text(const struct lbd_process *lbd, const char *server, const char *field, char text[static 200])
{
	json_t *status = lbd_call(lbd, "status", NULL);
	const char *value = json_string_value(json_object_get(server_of(status, server), field));

	assert_non_null(value);
	snprintf(text, 200, "%s", value);
	json_decref(status);
}

unsigned lbd_count_sockets(const struct lbd_process *lbd)
{
	return lbd_count_fds(lbd, "socket:");
}

unsigned lbd_count_fds(const struct lbd_process *lbd, const char *kind)
{
	char path[64];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)lbd->pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char target[64] = "";

		if (readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1) > 0 &&
			strncmp(target, kind, strlen(kind)) == 0)
			count++;
	}
	closedir(dir);
	return count;
}

int64_t lbd_cpu_ms(const struct lbd_process *lbd)
{
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(lbd->pid, &clock), 0);
	return clock_read_ns(clock) / NS_PER_MS;
}

/* Sockets. */

static int new_socket(int family)
{
	const struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return fd;
}

static struct endpoint with_free_port(struct endpoint endpoint)
{
	AUTO_FD fd = new_socket(endpoint.ip.family);
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&endpoint, &address);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, &endpoint), 0);
	return endpoint;
}

struct endpoint free_endpoint(uint8_t host)
{
	return with_free_port((struct endpoint){
		.ip = {.family = AF_INET,
			.bytes = {127, (uint8_t)(1 + getpid() % 250), (uint8_t)(getpid() / 250), host}}});
}

struct endpoint free_endpoint6(void)
{
	return with_free_port((struct endpoint){.ip = {.family = AF_INET6, .bytes = {[15] = 1}}});
}

int listen_on(const struct endpoint *endpoint, int backlog)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = new_socket(endpoint->ip.family);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/*
 * A connection that lbd refuses may be reset before connect(2) has returned, which would then tell of it, and take the
 * error from whoever reads. So it is waited for by poll(2), which leaves the error where it is.
 */
static void connect_socket(int fd, const struct sockaddr_storage *address, socklen_t size)
{
	struct pollfd done = {.fd = fd, .events = POLLOUT};
	int flags = fcntl(fd, F_GETFL);

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	if (connect(fd, (const struct sockaddr *)address, size) < 0)
		assert_int_equal(errno, EINPROGRESS);
	assert_int_equal(poll(&done, 1, 5000), 1);
	assert_true(done.revents & POLLOUT);
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

int connect_to(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = new_socket(endpoint->ip.family);

	connect_socket(fd, &address, size);
	return fd;
}

int connect_from(const struct endpoint *from, const struct endpoint *endpoint)
{
	struct sockaddr_storage own, address;
	socklen_t own_size = endpoint_to_sockaddr(from, &own), size = endpoint_to_sockaddr(endpoint, &address);
	int fd = new_socket(endpoint->ip.family);

	assert_int_equal(bind(fd, (struct sockaddr *)&own, own_size), 0);
	connect_socket(fd, &address, size);
	return fd;
}

int accept_from(int listener)
{
	const struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	return fd;
}

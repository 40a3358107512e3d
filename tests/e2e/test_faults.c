/* SPDX-License-Identifier: MIT */
/*
 * When the kernel says no: a crowd of clients meets an lbd whose system calls fail. Afterwards it must be as before,
 * with no descriptor, no counter and no memory left over, and serve.
 */
#include "tests/e2e/daemon.h"
#include "tests/e2e/faults.h"
#include "tests/e2e/load.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CROWD 60
#define UDP_CROWD 20
/* So much is spliced. */
#define BULK 300000
/* What a burst leaves idle in two workers (store.h), both ends. */
#define IDLE_PIPE_FDS 256

/* The first round begins before there is an idle pipe. */
static const struct fault table[] = {
	{"pipe: no descriptors", SYS_pipe2, EMFILE, 1, false},
	{"accept: no descriptors", SYS_accept4, EMFILE, 3, false},
	{"accept: no descriptors in the system", SYS_accept4, ENFILE, 2, false},
	{"accept: no buffers", SYS_accept4, ENOBUFS, 1, false},
	{"accept: no memory", SYS_accept4, ENOMEM, 2, false},
	{"accept: the client has gone", SYS_accept4, ECONNABORTED, 2, false},
	{"socket: no descriptors", SYS_socket, EMFILE, 2, false},
	{"socket: no buffers", SYS_socket, ENOBUFS, 1, false},
	{"socket: no memory", SYS_socket, ENOMEM, 3, false},
	{"connect: refused", SYS_connect, ECONNREFUSED, 2, false},
	{"connect: always refused", SYS_connect, ECONNREFUSED, 1, false},
	{"connect: no port", SYS_connect, EADDRNOTAVAIL, 2, false},
	{"connect: never a port", SYS_connect, EADDRNOTAVAIL, 1, false},
	{"connect: no port for datagrams", SYS_connect, EAGAIN, 2, false},
	{"connect: no route", SYS_connect, ENETUNREACH, 3, false},
	{"connect: no buffers", SYS_connect, ENOBUFS, 2, false},
	{"watch: no memory", SYS_epoll_ctl, ENOMEM, 3, false},
	{"watch: too many", SYS_epoll_ctl, ENOSPC, 2, false},
	{"watch: never", SYS_epoll_ctl, ENOMEM, 1, false},
	{"splice: no memory", SYS_splice, ENOMEM, 4, false},
	{"send: no buffers", SYS_sendto, ENOBUFS, 3, false},
	{"send datagrams: no buffers", SYS_sendmmsg, ENOBUFS, 2, false},
	{"send datagrams: refused", SYS_sendmmsg, ECONNREFUSED, 2, false},
	{"check: no descriptors", SYS_socket, EMFILE, 1, true},
	{"check: no port", SYS_connect, EADDRNOTAVAIL, 1, true},
	{"check: no memory", SYS_epoll_ctl, ENOMEM, 2, true},
};

static struct {
	struct lbd_process lbd;
	struct faults faults;
	bool allowed;
	struct endpoint tcp, udp;
	struct load_server servers[2];
	pthread_t udp_thread;
	int udp_fd;
	unsigned sockets, others;
} farm;

static const char *at(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

static int udp_socket(const struct endpoint *endpoint, bool binds)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = binds ? bind(fd, (struct sockaddr *)&address, size) : connect(fd, (struct sockaddr *)&address, size);

	assert_int_equal(r, 0);
	return fd;
}

/* Sends back what comes, until it is an empty datagram. */
static void *echo(void *context)
{
	struct sockaddr_storage peer;
	char bytes[64];
	ssize_t count;

	(void)context;
	for (;;) {
		socklen_t size = sizeof peer;

		count = recvfrom(farm.udp_fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &size);
		if (count == 0)
			return NULL;
		if (count > 0)
			(void)sendto(farm.udp_fd, bytes, (size_t)count, 0, (struct sockaddr *)&peer, size);
	}
}

/* The memory of what has been freed is given back at once, so that its size tells of leaks. */
static void keep_no_freed_memory(void)
{
	const char *options = getenv("ASAN_OPTIONS");
	char text[512];

	snprintf(text, sizeof text, "%s:quarantine_size_mb=0:thread_local_quarantine_size_kb=0",
		options != NULL ? options : "");
	setenv("ASAN_OPTIONS", text, 1);
}

static int setup(void **state)
{
	struct endpoint back[3];
	AUTO_TEXT sections = {0};

	(void)state;
	farm.tcp = free_endpoint(60);
	farm.udp = free_endpoint(61);
	for (uint8_t i = 0; i < 3; i++)
		back[i] = free_endpoint((uint8_t)(62 + i));
	for (size_t i = 0; i < 2; i++)
		load_server_start(&farm.servers[i], &back[i], (char)('a' + i));
	farm.udp_fd = udp_socket(&back[2], true);
	assert_int_equal(pthread_create(&farm.udp_thread, NULL, echo, NULL), 0);
	text_addf(&sections, "service tcp { listen = { \"%s\" } pool = p }\n", at(&farm.tcp));
	text_addf(&sections, "service udp { listen = { \"%s\" } protocol = udp pool = q timeouts { idle = 200ms } }\n",
		at(&farm.udp));
	text_addf(&sections, "pool p { balance = least-connections queue { size = 5 }\n");
	text_addf(&sections, "check tcp { interval = 100ms timeout = 1s }\n");
	text_addf(&sections, "server a { address = \"%s\" max-connections = 40 } server b { address = \"%s\" } }\n",
		at(&back[0]), at(&back[1]));
	text_addf(&sections, "pool q { server u { address = \"%s\" } }\n", at(&back[2]));
	keep_no_freed_memory();
	farm.allowed = faults_begin(&farm.faults);
	farm.lbd = lbd_start(text_get(&sections), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* The sanitizers speak by the exit status. */
	assert_int_equal(lbd_end(&farm.lbd, SIGTERM), 0);
	if (farm.allowed)
		faults_end(&farm.faults);
	for (size_t i = 0; i < 2; i++)
		load_server_kill(&farm.servers[i]);
	{
		struct sockaddr_storage address;
		socklen_t size = sizeof address;

		assert_int_equal(getsockname(farm.udp_fd, (struct sockaddr *)&address, &size), 0);
		assert_int_equal(sendto(farm.udp_fd, "", 0, 0, (struct sockaddr *)&address, size), 0);
	}
	pthread_join(farm.udp_thread, NULL);
	close(farm.udp_fd);
	return 0;
}

static void send_some(int fd, size_t size)
{
	static const char bytes[4096];

	/* It may have been reset. */
	for (size_t sent = 0; sent < size;) {
		ssize_t count = send(fd, bytes, MIN(sizeof bytes, size - sent), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count <= 0)
			return;
		sent += (size_t)count;
	}
}

static void drink(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		continue;
}

static int client(void)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&farm.tcp, &address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	(void)connect(fd, (struct sockaddr *)&address, size);
	return fd;
}

/* Clients of both services, who do not mind what becomes of them. */
static void crowd(void)
{
	int fds[CROWD], udp_fds[UDP_CROWD];

	for (size_t i = 0; i < CROWD; i++)
		fds[i] = client();
	for (size_t i = 0; i < UDP_CROWD; i++)
		udp_fds[i] = udp_socket(&farm.udp, false);
	for (unsigned round = 0; round < 4; round++) {
		for (size_t i = 0; i < UDP_CROWD; i++)
			(void)send(udp_fds[i], "?", 1, 0);
		for (size_t i = 0; i < CROWD; i++) {
			send_some(fds[i], i % 8 == 0 ? BULK : 1);
			drink(fds[i]);
		}
		(void)poll(NULL, 0, 40);
	}
	for (size_t i = 0; i < CROWD; i++)
		close(fds[i]);
	for (size_t i = 0; i < UDP_CROWD; i++)
		close(udp_fds[i]);
}

static bool is_at_rest(void *context)
{
	static const char *const names[] = {"p/a", "p/b", "q/u"};
	json_int_t open = lbd_service_number(&farm.lbd, "tcp", "connections") +
			  lbd_service_number(&farm.lbd, "udp", "connections");

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		open += lbd_server_number(&farm.lbd, names[i], "connections");
	return open == 0;
}

/* Checks come and go, and so does the question itself. */
static bool has_its_descriptors(void *context)
{
	(void)context;
	return lbd_count_sockets(&farm.lbd) <= farm.sockets + 2 &&
	       lbd_count_fds(&farm.lbd, "anon_inode:") <= farm.others &&
	       lbd_count_fds(&farm.lbd, "pipe:") <= IDLE_PIPE_FDS;
}

static bool is_checked_up(void *context)
{
	char health[200];

	lbd_server_text(&farm.lbd, context, "health", health);
	return strcmp(health, "up") == 0;
}

static void serves(void)
{
	char letter = 0, server_a[] = "p/a", server_b[] = "p/b";
	struct pollfd poll_fd = {.events = POLLIN};

	wait_until(is_checked_up, server_a, 10000);
	wait_until(is_checked_up, server_b, 10000);
	for (unsigned i = 0; i < 6; i++) {
		int fd = connect_to(&farm.tcp);

		assert_int_equal(send(fd, "?", 1, MSG_NOSIGNAL), 1);
		assert_int_equal(recv(fd, &letter, 1, 0), 1);
		assert_true(letter == 'a' || letter == 'b');
		close(fd);
	}
	poll_fd.fd = udp_socket(&farm.udp, false);
	assert_int_equal(send(poll_fd.fd, "!", 1, 0), 1);
	assert_int_equal(poll(&poll_fd, 1, 5000), 1);
	assert_int_equal(recv(poll_fd.fd, &letter, 1, 0), 1);
	assert_int_equal(letter, '!');
	close(poll_fd.fd);
}

static long memory_kib(void)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)farm.lbd.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kib);
	fclose(file);
	assert_true(kib > 0);
	return kib;
}

/* How many calls have failed. */
static unsigned meet(const struct fault *fault)
{
	unsigned failed;

	(void)faults_set(&farm.faults, fault);
	crowd();
	failed = faults_set(&farm.faults, NULL);
	wait_until(is_at_rest, NULL, 15000);
	wait_until(has_its_descriptors, NULL, 15000);
	serves();
	return failed;
}

static void note_rest(void)
{
	wait_until(is_at_rest, NULL, 15000);
	farm.sockets = lbd_count_sockets(&farm.lbd);
	farm.others = lbd_count_fds(&farm.lbd, "anon_inode:");
}

static void after_each_fault_it_is_as_before(void **state)
{
	unsigned failed[ARRAY_LEN(table)] = {0};
	long before = 0;

	(void)state;
	if (!farm.allowed)
		skip();
	serves();
	note_rest();
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(table); i++)
			failed[i] += meet(&table[i]);
		if (round == 0)
			before = memory_kib();
	}
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (failed[i] == 0)
			fail_msg("%s: no call failed", table[i].name);
	}
	/* Two rounds of all of it would leave more than this if a connection, or a buffer, were lost with each fault.
	 */
	assert_in_range(memory_kib(), 0, before + 4096);
}

static void servers_that_never_read_cost_nothing_afterwards(void **state)
{
	struct endpoint front = free_endpoint(70), back = free_endpoint(71);
	int listener = listen_on(&back, 4096), clients[CROWD], accepted[CROWD];
	AUTO_TEXT sections = {0};
	struct lbd_process lbd = farm.lbd;

	(void)state;
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p { server x { address = \"%s\" } }\n",
		at(&front), at(&back));
	lbd = lbd_start(text_get(&sections), 0);
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < CROWD; i++) {
			clients[i] = connect_to(&front);
			accepted[i] = accept_from(listener);
		}
		for (unsigned j = 0; j < 5; j++) {
			for (size_t i = 0; i < CROWD; i++)
				send_some(clients[i], 4000000);
			(void)poll(NULL, 0, 20);
		}
		assert_int_equal(lbd_server_number(&lbd, "p/x", "connections"), CROWD);
		/* One half is reset by the client, the other by the server. */
		for (size_t i = 0; i < CROWD; i++) {
			const struct linger linger = {.l_onoff = 1};
			int first = i % 2 == 0 ? clients[i] : accepted[i];
			int second = i % 2 == 0 ? accepted[i] : clients[i];

			setsockopt(first, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
			close(first);
			if (i % 2 == 0) {
				struct pollfd poll_fd = {.fd = second};

				/* The reset overtakes what nobody reads. */
				assert_int_equal(poll(&poll_fd, 1, 5000), 1);
			}
			close(second);
		}
		for (unsigned j = 0; j < 5000 && lbd_server_number(&lbd, "p/x", "connections") > 0; j++)
			(void)poll(NULL, 0, 2);
		assert_int_equal(lbd_server_number(&lbd, "p/x", "connections"), 0);
		assert_int_equal(lbd_service_number(&lbd, "s", "connections"), 0);
		assert_in_range(lbd_count_fds(&lbd, "pipe:"), 0, IDLE_PIPE_FDS);
	}
	close(listener);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_each_fault_it_is_as_before),
		cmocka_unit_test(servers_that_never_read_cost_nothing_afterwards),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}

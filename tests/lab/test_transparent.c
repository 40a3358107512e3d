/* SPDX-License-Identifier: MIT */
/*
 * What lbd asks of the kernel towards clients and servers, where that takes privilege:
 *
 *	client c0 <---- veth ----> l0 lbd l1 <---- veth ----> s0 server        each in a namespace of its own
 *	10.1.0.2                10.1.0.1  10.2.0.1             10.2.0.2, .3
 *	fd01::2                 fd01::1   fd02::1              fd02::2
 *
 * The server's way to the client leads through lbd's host, which takes what comes at l1 for its own (lbpair.conf(5)).
 */
#include "tests/e2e/daemon.h"
#include "tests/lab/netns.h"
#include "tests/unit/unit.h"

#include "common/pure/base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum place {
	CLIENT,
	LBD,
	SERVER,
	PLACES,
};

static int places[PLACES];

static void be_in(enum place place)
{
	assert_int_equal(setns(places[place], CLONE_NEWNET), 0);
}

static int this_place(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void move(const char *link, enum place place)
{
	netns_run("ip link set %s netns /proc/%d/fd/%d", link, (int)getpid(), places[place]);
}

static void configure(enum place place, const char *link, const char *v4, const char *v6)
{
	be_in(place);
	netns_run("ip link set %s up && ip addr add %s/24 dev %s && ip addr add %s/64 dev %s nodad", link, v4, link, v6,
		link);
}

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PLACES; i++) {
		netns_enter();
		places[i] = this_place();
	}
	be_in(LBD);
	netns_run("ip link add l0 type veth peer name c0 && ip link add l1 type veth peer name s0");
	move("c0", CLIENT);
	move("s0", SERVER);
	configure(LBD, "l0", "10.1.0.1", "fd01::1");
	configure(LBD, "l1", "10.2.0.1", "fd02::1");
	for (int version = 4; version <= 6; version += 2) {
		netns_run("ip -%d rule add iif l1 lookup 100", version);
		netns_run("ip -%d route add local default dev lo table 100", version);
	}
	configure(CLIENT, "c0", "10.1.0.2", "fd01::2");
	configure(SERVER, "s0", "10.2.0.2", "fd02::2");
	netns_run("ip addr add 10.2.0.3/24 dev s0");
	netns_run("ip route add default via 10.2.0.1 && ip -6 route add default via fd02::1");
	be_in(LBD);
	return 0;
}

static struct endpoint endpoint_of(const char *ip, uint16_t port)
{
	return (struct endpoint){.ip = ip_of(ip), .port = port};
}

static int datagram_socket(const struct endpoint *own)
{
	const struct timeval limit = {.tv_sec = 5};
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(own, &address);
	int fd = socket(own->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static void expect_from(const struct sockaddr_storage *address, const char *text)
{
	struct endpoint peer;
	char ip[IP_TEXT_MAX];

	assert_int_equal(endpoint_from_sockaddr(address, &peer), 0);
	assert_string_equal(ip_text(&peer.ip, ip), text);
}

static struct lbd_process start(const char *protocol, const char *options, const char *front, const char *servers)
{
	AUTO_TEXT sections = {0};

	be_in(LBD);
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p protocol = %s %s }\npool p { %s }\n", front,
		protocol, options, servers);
	return lbd_start(text_get(&sections), 0);
}

static void stop(struct lbd_process *lbd)
{
	int status = lbd_end(lbd, SIGTERM);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct {
	const char *front;
	const char *server;
	const char *seen;
} rows[] = {
	{"10.1.0.1", "10.2.0.2", "10.1.0.2"},
	{"fd01::1", "fd02::2", "fd01::2"},
	/* Of another family: nobody could show it. */
	{"fd01::1", "10.2.0.2", "10.2.0.1"},
};

#define PORT 7000

static const char *at(const struct endpoint *endpoint)
{
	static char texts[4][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 4]);
}

static void servers_see_the_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct endpoint front = endpoint_of(rows[i].front, PORT), back = endpoint_of(rows[i].server, PORT);
		struct sockaddr_storage peer;
		socklen_t size = sizeof peer;
		int listener, client, server;
		char pool[100], bytes[8];
		struct lbd_process lbd;

		be_in(SERVER);
		listener = listen_on(&back, 16);
		snprintf(pool, sizeof pool, "server a { address = \"%s\" }", at(&back));
		lbd = start("tcp", "transparent = yes", at(&front), pool);
		be_in(CLIENT);
		client = connect_to(&front);
		server = accept_from(listener);
		assert_int_equal(getpeername(server, (struct sockaddr *)&peer, &size), 0);
		expect_from(&peer, rows[i].seen);
		assert_int_equal(send(client, "question", 8, 0), 8);
		assert_int_equal(recv(server, bytes, 8, MSG_WAITALL), 8);
		assert_int_equal(send(server, "answer", 6, 0), 6);
		assert_int_equal(recv(client, bytes, 6, MSG_WAITALL), 6);
		assert_memory_equal(bytes, "answer", 6);
		close(client);
		assert_int_equal(recv(server, bytes, 1, 0), 0);
		close(server);
		close(listener);
		stop(&lbd);
	}
}

static void servers_see_who_sends_datagrams(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct endpoint front = endpoint_of(rows[i].front, PORT), back = endpoint_of(rows[i].server, PORT);
		struct endpoint own = {.ip = {.family = front.ip.family}};
		struct sockaddr_storage peer, to;
		socklen_t size = sizeof peer, to_size = endpoint_to_sockaddr(&front, &to);
		int client, server;
		char pool[100], bytes[8];
		struct lbd_process lbd;

		be_in(SERVER);
		server = datagram_socket(&back);
		snprintf(pool, sizeof pool, "server a { address = \"%s\" }", at(&back));
		lbd = start("udp", "transparent = yes", at(&front), pool);
		be_in(CLIENT);
		client = datagram_socket(&own);
		assert_int_equal(connect(client, (struct sockaddr *)&to, to_size), 0);
		assert_int_equal(send(client, "question", 8, 0), 8);
		assert_int_equal(recvfrom(server, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &size), 8);
		expect_from(&peer, rows[i].seen);
		assert_int_equal(sendto(server, "answer", 6, 0, (struct sockaddr *)&peer, size), 6);
		assert_int_equal(recv(client, bytes, sizeof bytes, 0), 6);
		close(client);
		close(server);
		stop(&lbd);
	}
}

/* 8 ports: what is more goes to another server, and nobody is blamed; without another server it is refused. */
static void ports_that_run_out_are_not_the_servers_fault(void **state)
{
	struct endpoint front = endpoint_of("10.1.0.1", PORT), a = endpoint_of("10.2.0.2", PORT),
			b = endpoint_of("10.2.0.3", PORT);
	int listeners[2], clients[16], extra;
	char pool[160], byte;
	struct lbd_process lbd;

	(void)state;
	be_in(SERVER);
	listeners[0] = listen_on(&a, 64);
	listeners[1] = listen_on(&b, 64);
	be_in(LBD);
	netns_run("sysctl -qw net.ipv4.ip_local_port_range='40000 40007'");
	snprintf(pool, sizeof pool,
		"server a { address = \"%s\" weight = 256 } server b { address = \"%s\" weight = 1 } ", at(&a), at(&b));
	lbd = start("tcp", "", at(&front), pool);
	be_in(CLIENT);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		int server;

		clients[i] = connect_to(&front);
		server = accept_from(listeners[i < 8 ? 0 : 1]);
		assert_int_equal(send(server, "x", 1, 0), 1);
		assert_int_equal(recv(clients[i], &byte, 1, 0), 1);
		/* The client closes first, so that lbd keeps no port for the connection. */
		shutdown(server, SHUT_WR);
		assert_int_equal(recv(clients[i], &byte, 1, 0), 0);
	}
	assert_in_range(lbd_server_number(&lbd, "p/a", "ports_missing"), 8, 8 * 3);
	extra = connect_to(&front);
	assert_int_equal(recv(extra, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(extra);
	assert_true(lbd_server_number(&lbd, "p/b", "ports_missing") > 0);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "connects_failed"), 0);
	assert_int_equal(lbd_server_number(&lbd, "p/b", "connects_failed"), 0);
	assert_int_equal(lbd_service_number(&lbd, "s", "refused_total"), 1);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
	stop(&lbd);
	be_in(LBD);
	netns_run("sysctl -qw net.ipv4.ip_local_port_range='20000 60000'");
	close(listeners[0]);
	close(listeners[1]);
}

/* How many connections have come with data in their SYN. */
static long fast_opens(void)
{
	FILE *file = fopen("/proc/thread-self/net/netstat", "re");
	char names[8192], values[8192], *name_rest, *value_rest;
	long found = -1;

	assert_non_null(file);
	while (fgets(names, sizeof names, file) != NULL && fgets(values, sizeof values, file) != NULL) {
		char *name = strtok_r(names, " \n", &name_rest), *value = strtok_r(values, " \n", &value_rest);

		for (; name != NULL && value != NULL;
			name = strtok_r(NULL, " \n", &name_rest), value = strtok_r(NULL, " \n", &value_rest)) {
			if (strcmp(name, "TCPFastOpenPassive") == 0)
				found = strtol(value, NULL, 10);
		}
	}
	fclose(file);
	return found;
}

static void clients_may_open_fast(void **state)
{
	struct endpoint front = endpoint_of("10.1.0.1", PORT), back = endpoint_of("10.2.0.2", PORT);
	struct sockaddr_storage to;
	socklen_t size = endpoint_to_sockaddr(&front, &to);
	struct lbd_process lbd;
	int listener;

	(void)state;
	be_in(SERVER);
	listener = listen_on(&back, 16);
	be_in(CLIENT);
	netns_run("sysctl -qw net.ipv4.tcp_fastopen=3");
	be_in(LBD);
	netns_run("sysctl -qw net.ipv4.tcp_fastopen=3");
	lbd = start("tcp", "fast-open = yes", at(&front), "server a { address = \"10.2.0.2:7000\" }");
	assert_int_equal(fast_opens(), 0);
	be_in(CLIENT);
	/* The first gets the cookie, the second shows it. */
	for (int i = 0; i < 2; i++) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
		char bytes[8];

		assert_int_equal(sendto(client, "question", 8, MSG_FASTOPEN, (struct sockaddr *)&to, size), 8);
		server = accept_from(listener);
		assert_int_equal(recv(server, bytes, 8, MSG_WAITALL), 8);
		assert_memory_equal(bytes, "question", 8);
		close(client);
		assert_int_equal(recv(server, bytes, 1, 0), 0);
		close(server);
	}
	be_in(LBD);
	assert_int_equal(fast_opens(), 1);
	close(listener);
	stop(&lbd);
}

/* The last, since what is dropped here is gone for all programs that are started later. */
static void without_privilege_it_is_one_clear_line(void **state)
{
	AUTO_TEXT errors = {0};

	(void)state;
	be_in(LBD);
	assert_int_equal(prctl(PR_CAPBSET_DROP, CAP_NET_RAW), 0);
	assert_int_equal(prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN), 0);
	assert_int_not_equal(lbd_run_briefly("service s { listen = { 10.1.0.1:7000 } pool = p transparent = yes }\n"
					     "pool p { }\n",
				     &errors),
		0);
	assert_non_null(
		strstr(text_get(&errors), "service s: 'transparent = yes' cannot be done: Operation not permitted; "
					  "it needs CAP_NET_RAW"));
}

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_see_the_client),
		cmocka_unit_test(servers_see_who_sends_datagrams),
		cmocka_unit_test(ports_that_run_out_are_not_the_servers_fault),
		cmocka_unit_test(clients_may_open_fast),
		cmocka_unit_test(without_privilege_it_is_one_clear_line),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, NULL);
}

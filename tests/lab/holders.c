/* SPDX-License-Identifier: MIT */
/*
 * holders ADDRESS NAMESPACE...: how long two hosts, or none, had an IPv4 address at once, as their kernels tell it
 * (rtnetlink), so that an end of a lease is seen as well as what a process does.
 *
 * SIGUSR1 prints what happened since the last mark, as a line of JSON, and begins anew; SIGUSR2 prints it and goes on.
 * SIGTERM and SIGINT print the last line and end. Times are in milliseconds.
 */
#include "common/pure/base.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOSTS_MAX 8

struct host {
	const char *name;
	int fd;
	bool holds;
};

struct spans {
	struct mono began;
	int64_t none_ns;
	int64_t two_ns;
	int64_t two_longest_ns;
};

static struct {
	uint32_t address; /* as it stands in a packet */
	size_t host_count;
	struct host hosts[HOSTS_MAX];
	struct pollfd polls[HOSTS_MAX + 1];
	struct spans spans;
	struct mono changed;
	struct mono two_since; /* while two have it */
} watch;

static size_t holder_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < watch.host_count; i++)
		count += watch.hosts[i].holds;
	return count;
}

/* The time since the last change goes to what has been so since. */
static void spend(struct mono now)
{
	int64_t span = mono_diff(now, watch.changed);

	watch.changed = now;
	if (holder_count() == 0)
		watch.spans.none_ns += span;
	if (holder_count() < 2)
		return;
	watch.spans.two_ns += span;
	watch.spans.two_longest_ns = MAX(watch.spans.two_longest_ns, mono_diff(now, watch.two_since));
}

static void host_holds(struct host *host, bool holds)
{
	struct mono now = clock_mono();
	bool two = holder_count() > 1;

	if (host->holds == holds)
		return;
	spend(now);
	host->holds = holds;
	if (!two)
		watch.two_since = now;
}

static int match_address(const struct nlattr *attribute, void *ret_is_ours)
{
	if (mnl_attr_get_type(attribute) == IFA_LOCAL)
		*(bool *)ret_is_ours = mnl_attr_get_u32(attribute) == watch.address;
	return MNL_CB_OK;
}

static bool is_ours(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	bool ours = false;

	if (header->ifa_family == AF_INET)
		mnl_attr_parse(message, sizeof *header, match_address, &ours);
	return ours;
}

static void ask(struct host *host)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} request = {
		.header = {.nlmsg_len = sizeof request,
			.nlmsg_type = RTM_GETADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.ifa_family = AF_INET},
	};

	if (send(host->fd, &request, sizeof request, 0) < 0)
		fprintf(stderr, "holders: %s: %s\n", host->name, strerror(errno));
}

static void host_read(struct host *host)
{
	static union {
		struct nlmsghdr aligned;
		char bytes[65536];
	} in;
	ssize_t got;

	while ((got = recv(host->fd, &in, sizeof in, MSG_DONTWAIT)) > 0) {
		int size = (int)got;

		for (const struct nlmsghdr *at = &in.aligned; mnl_nlmsg_ok(at, size); at = mnl_nlmsg_next(at, &size))
			if ((at->nlmsg_type == RTM_NEWADDR || at->nlmsg_type == RTM_DELADDR) && is_ours(at))
				host_holds(host, at->nlmsg_type == RTM_NEWADDR);
	}
	if (got < 0 && errno == ENOBUFS) { /* events were lost */
		host_holds(host, false);
		ask(host);
	}
}

static void print_spans(const char *event)
{
	const char *separator = "";

	spend(clock_mono());
	printf("{\"event\":\"%s\",\"span_ms\":%.3f,\"none_ms\":%.3f,\"two_ms\":%.3f,\"two_longest_ms\":%.3f,"
	       "\"holders\":[",
		event, (double)mono_diff(watch.changed, watch.spans.began) / (double)NS_PER_MS,
		(double)watch.spans.none_ns / (double)NS_PER_MS, (double)watch.spans.two_ns / (double)NS_PER_MS,
		(double)watch.spans.two_longest_ns / (double)NS_PER_MS);
	for (size_t i = 0; i < watch.host_count; i++) {
		if (!watch.hosts[i].holds)
			continue;
		printf("%s\"%s\"", separator, watch.hosts[i].name);
		separator = ",";
	}
	printf("]}\n");
	fflush(stdout);
}

/* Returns false when it is time to end. */
static bool take_signal(void)
{
	struct signalfd_siginfo info;

	if (read(watch.polls[0].fd, &info, sizeof info) != (ssize_t)sizeof info)
		return true;
	if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2)
		return false;
	print_spans(info.ssi_signo == SIGUSR1 ? "mark" : "peek");
	if (info.ssi_signo == SIGUSR1) {
		watch.spans = (struct spans){.began = watch.changed};
		watch.two_since = watch.changed;
	}
	return true;
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

/* A socket belongs to the namespace that it was made in, so the process may go on to the next. */
static int host_open(const char *name)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};
	struct host *host = &watch.hosts[watch.host_count];
	char path[256];

	snprintf(path, sizeof path, "/run/netns/%s", name);
	AUTO_FD namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWNET) < 0)
		return -errno;
	host->name = name;
	host->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (host->fd < 0 || bind(host->fd, (struct sockaddr *)&local, sizeof local) < 0)
		return -errno;
	watch.host_count++;
	watch.polls[watch.host_count] = (struct pollfd){.fd = host->fd, .events = POLLIN};
	ask(host);
	return 0;
}

int main(int argc, char *argv[])
{
	const struct sched_param urgent = {.sched_priority = 1};
	AUTO_FD home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (argc < 3 || argc > 2 + HOSTS_MAX || inet_pton(AF_INET, argv[1], &watch.address) != 1) {
		fprintf(stderr, "usage: holders ADDRESS NAMESPACE...\n");
		return 2;
	}
	if (home < 0)
		return 1;
	watch.changed = watch.spans.began = clock_mono();
	for (int i = 2; i < argc; i++) {
		int error = host_open(argv[i]);

		if (error < 0) {
			fprintf(stderr, "holders: %s: %s\n", argv[i], strerror(-error));
			return 1;
		}
	}
	/* Or a test that ends all of a host's processes would end this one. */
	if (setns(home, CLONE_NEWNET) < 0)
		return 1;
	/* What is read late counts for longer than it was; without the right to this it is a little less exact. */
	(void)sched_setscheduler(0, SCHED_FIFO, &urgent);
	watch.polls[0] = (struct pollfd){.fd = signals_open(), .events = POLLIN};
	for (;;) {
		if (poll(watch.polls, (nfds_t)watch.host_count + 1, -1) < 0)
			continue;
		for (size_t i = 0; i < watch.host_count; i++)
			if (watch.polls[i + 1].revents != 0)
				host_read(&watch.hosts[i]);
		if (watch.polls[0].revents != 0 && !take_signal())
			break;
	}
	print_spans("end");
	return 0;
}

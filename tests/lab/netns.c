/* SPDX-License-Identifier: MIT */
#include "tests/lab/netns.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define EXIT_SKIPPED 77

void netns_enter(void)
{
	if (unshare(CLONE_NEWNET) < 0) {
		printf("SKIPPED: no network namespace can be made here: %s\n", strerror(errno));
		exit(EXIT_SKIPPED);
	}
	netns_run("ip link set lo up");
}

void netns_run(const char *format, ...)
{
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* Running is more than up: until the kernel has seen the carrier of both ends, it drops what is sent. */
static bool runs(void *context)
{
	struct ifreq link = {0};
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(link.ifr_name, context, sizeof link.ifr_name - 1);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &link), 0);
	return link.ifr_flags & IFF_RUNNING;
}

void netns_make_veth(const char *host, const char *lan, int *ret_host, int *ret_lan)
{
	netns_run("ip link add %s type veth peer name %s", host, lan);
	netns_run("ip link set %s up", host);
	netns_run("ip link set %s up", lan);
	*ret_host = (int)if_nametoindex(host);
	*ret_lan = (int)if_nametoindex(lan);
	assert_true(*ret_host > 0 && *ret_lan > 0);
	assert_true(netns_wait(runs, (void *)(uintptr_t)host, 10 * NS_PER_S, NULL));
	assert_true(netns_wait(runs, (void *)(uintptr_t)lan, 10 * NS_PER_S, NULL));
}

int netns_packet_socket(int ifindex, uint16_t ethertype)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ethertype), .sll_ifindex = ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
	return fd;
}

bool netns_wait(bool (*done)(void *context), void *context, int64_t timeout_ns, int64_t *ret_ns)
{
	struct mono start = clock_mono();

	for (;;) {
		int64_t waited_ns = mono_diff(clock_mono(), start);

		if (done(context)) {
			if (ret_ns != NULL)
				*ret_ns = waited_ns;
			return true;
		}
		if (waited_ns > timeout_ns)
			return false;
		usleep(1000);
	}
}

struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

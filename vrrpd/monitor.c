/* SPDX-License-Identifier: MIT */
#include "vrrpd/monitor.h"
#include <sys/ioctl.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
#include <stdlib.h>
struct monitor {
	int fd;
};
int monitor_new(struct loop *loop, const struct monitor_events *events, void *context, struct monitor **r)
{
	(void)loop;
	(void)events;
	(void)context;
	*r = calloc(1, sizeof **r);
	(*r)->fd = socket(AF_INET, SOCK_DGRAM, 0);
	return 0;
}
void monitor_free(struct monitor *m)
{
	free(m);
}
struct monitor_link monitor_find(const struct monitor *m, const char *name)
{
	struct monitor_link l = {0};
	struct ifreq q = {0};
	snprintf(q.ifr_name, sizeof q.ifr_name, "%s", name);
	snprintf(l.name, sizeof l.name, "%s", name);
	l.ifindex = (int)if_nametoindex(name);
	if (!l.ifindex)
		return l;
	ioctl(m->fd, SIOCGIFFLAGS, &q);
	l.up = q.ifr_flags & IFF_UP;
	l.carrier = q.ifr_flags & IFF_RUNNING;
	ioctl(m->fd, SIOCGIFHWADDR, &q);
	memcpy(l.mac, q.ifr_hwaddr.sa_data, 6);
	return l;
}
bool monitor_primary_ipv4(const struct monitor *m, int ifindex, const struct prefix *except, size_t n, struct ip *ret)
{
	(void)except;
	(void)n;
	struct ifreq q = {0};
	if (!if_indextoname((unsigned)ifindex, q.ifr_name) || ioctl(m->fd, SIOCGIFADDR, &q) < 0)
		return false;
	*ret = ip_from_v4(((struct sockaddr_in *)(void *)&q.ifr_addr)->sin_addr);
	return true;
}

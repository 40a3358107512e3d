/* SPDX-License-Identifier: MIT */
#include "vrrpd/macvlan.h"

#include "common/model/conf.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "vrrpd/rtnl.h"
#include "vrrpd/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How ours are known again, whatever their names. */
#define ALIAS "lbpair vrrpd"
/* 255 VRIDs on each of a few interfaces, twice. */
#define STALE_MAX 4096
/* Two for each vip, and as many again while a reload prepares what follows them. */
#define HELD_MAX ((size_t)4 * CONF_VIPS_MAX)

/* A macvlan of ours. */
struct held {
	int parent;
	enum family family;
	uint8_t vrid;
	int ifindex;
};

struct macvlan_socket {
	struct nl_sock *nl;
	struct settings *settings;
	struct held held[HELD_MAX];
	size_t held_count;
};

int macvlan_open_switch(struct macvlan_socket **ret_socket)
{
	struct macvlan_socket *socket = calloc(1, sizeof *socket);
	int r;

	if (socket == NULL)
		return -ENOMEM;
	r = rtnl_open(&socket->nl);
	if (r < 0) {
		macvlan_close(socket);
		return r;
	}
	*ret_socket = socket;
	return 0;
}

int macvlan_open(const char *run_dir, struct macvlan_socket **ret_socket)
{
	struct macvlan_socket *socket;
	int r = macvlan_open_switch(&socket);

	if (r < 0)
		return r;
	r = settings_open(run_dir, &socket->settings);
	if (r < 0) {
		macvlan_close(socket);
		return r;
	}
	*ret_socket = socket;
	return 0;
}

void macvlan_close(struct macvlan_socket *socket)
{
	if (socket == NULL)
		return;
	settings_close(socket->settings);
	if (socket->nl != NULL)
		nl_socket_free(socket->nl);
	free(socket);
}

void macvlan_mac(enum family family, uint8_t vrid, uint8_t ret_mac[static MACVLAN_MAC_SIZE])
{
	const uint8_t mac[MACVLAN_MAC_SIZE] = {0x00, 0x00, 0x5e, 0x00, family == FAMILY_IPV4 ? 1 : 2, vrid};

	memcpy(ret_mac, mac, sizeof mac);
}

/* Sends, waits for the answer, and frees. */
static int ask(struct macvlan_socket *socket, struct nl_msg *message, bool is_whole)
{
	int r;

	if (!is_whole) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	r = nl_send_sync(socket->nl, message);
	return r < 0 ? rtnl_errno(r) : 0;
}

static struct nl_msg *new_request(int type, int flags, const struct ifinfomsg *header)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (message != NULL && nlmsg_append(message, (void *)(uintptr_t)header, sizeof *header, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* What stands in IFLA_LINKINFO: bridge mode, since in private mode the kernel keeps a rival's adverts, which come from
 * the same MAC, from the parent. */
static bool put_kind(struct nl_msg *message)
{
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO), *data;

	if (info == NULL || nla_put_string(message, IFLA_INFO_KIND, "macvlan") < 0)
		return false;
	data = nla_nest_start(message, IFLA_INFO_DATA);
	if (data == NULL || nla_put_u32(message, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE) < 0)
		return false;
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	return true;
}

static int create(
	struct macvlan_socket *socket, int parent, const char *name, const uint8_t mac[static MACVLAN_MAC_SIZE])
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct nl_msg *message = new_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header);

	if (message == NULL)
		return -ENOMEM;
	return ask(socket, message,
		nla_put_u32(message, IFLA_LINK, (uint32_t)parent) == 0 &&
			nla_put_string(message, IFLA_IFNAME, name) == 0 &&
			nla_put(message, IFLA_ADDRESS, MACVLAN_MAC_SIZE, mac) == 0 && put_kind(message));
}

static int set_alias(struct macvlan_socket *socket, int ifindex)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
	struct nl_msg *message = new_request(RTM_NEWLINK, 0, &header);

	if (message == NULL)
		return -ENOMEM;
	return ask(socket, message, nla_put(message, IFLA_IFALIAS, sizeof ALIAS - 1, ALIAS) == 0);
}

int macvlan_set_up(struct macvlan_socket *socket, int ifindex, bool up)
{
	const struct ifinfomsg header = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = ifindex,
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = IFF_UP,
	};
	struct nl_msg *message = new_request(RTM_NEWLINK, 0, &header);

	return message != NULL ? ask(socket, message, true) : -ENOMEM;
}

/* Who is there, above which interface. */

static struct held *find_held(struct macvlan_socket *socket, int parent, enum family family, uint8_t vrid)
{
	for (size_t i = 0; i < socket->held_count; i++) {
		struct held *held = &socket->held[i];

		if (held->parent == parent && held->family == family && held->vrid == vrid)
			return held;
	}
	return NULL;
}

/* Those that went with their parent, or by somebody's hand, and have no successor. */
static void forget_vanished(struct macvlan_socket *socket)
{
	char name[IF_NAMESIZE];
	size_t kept = 0;

	for (size_t i = 0; i < socket->held_count; i++) {
		if (if_indextoname((unsigned)socket->held[i].ifindex, name) != NULL)
			socket->held[kept++] = socket->held[i];
	}
	socket->held_count = kept;
}

static int note_held(struct macvlan_socket *socket, const struct held *held)
{
	struct held *same = find_held(socket, held->parent, held->family, held->vrid);

	if (same == NULL && socket->held_count == HELD_MAX)
		forget_vanished(socket);
	if (same == NULL && socket->held_count == HELD_MAX)
		return -ENOSPC;
	if (same == NULL)
		same = &socket->held[socket->held_count++];
	*same = *held;
	return 0;
}

/* The last one above its parent leaves that as it was before the first. */
static void forget_held(struct macvlan_socket *socket, int ifindex)
{
	int parent = 0;
	size_t kept = 0;
	bool others = false;

	for (size_t i = 0; i < socket->held_count; i++) {
		if (socket->held[i].ifindex == ifindex)
			parent = socket->held[i].parent;
		else
			socket->held[kept++] = socket->held[i];
	}
	socket->held_count = kept;
	for (size_t i = 0; i < kept; i++)
		others = others || socket->held[i].parent == parent;
	if (parent != 0 && !others)
		settings_release(socket->settings, parent);
}

int macvlan_remove(struct macvlan_socket *socket, int ifindex)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
	struct nl_msg *message = new_request(RTM_DELLINK, 0, &header);
	int r = message != NULL ? ask(socket, message, true) : -ENOMEM;

	if (r < 0 && r != -ENODEV)
		return r;
	forget_held(socket, ifindex);
	return 0;
}

/* Keeping quiet. */

/*
 * IPv4: each interface answers for, and asks from, its own addresses alone; answers to clients leave by the parent, so
 * the way back is looked for anywhere. IPv6: no address but ours, no router's word.
 */
static const struct {
	const char *family;
	const char *name;
	const char *value;
} quiet[] = {
	{"ipv4", "arp_ignore", "1"},
	{"ipv4", "arp_announce", "2"},
	{"ipv4", "rp_filter", "2"},
	{"ipv6", "addr_gen_mode", "1"},
	{"ipv6", "accept_ra", "0"},
	{"ipv6", "router_solicitations", "0"},
	{"ipv6", "accept_dad", "0"},
};

static const struct {
	enum settings_name name;
	int value;
} quiet_parent[] = {
	{SETTINGS_ARP_IGNORE, 1},
	{SETTINGS_ARP_ANNOUNCE, 2},
};

static int write_setting(const char *family, const char *interface, const char *name, const char *value)
{
	char path[128];
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "/proc/sys/net/%s/conf/%s/%s", family, interface, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

static void warn(int error, const char *interface, const char *setting)
{
	/* A host without IPv6 has nothing of it to keep quiet. */
	if (error < 0 && error != -ENOENT)
		log_warning("a setting that keeps the virtual MAC quiet could not be written",
			log_str("interface", interface), log_str("setting", setting), log_errno(error));
}

static void make_quiet(struct macvlan_socket *socket, const char *name, int parent, const char *parent_name)
{
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
		warn(write_setting(quiet[i].family, name, quiet[i].name, quiet[i].value), name, quiet[i].name);
	for (size_t i = 0; i < ARRAY_LEN(quiet_parent); i++)
		warn(settings_raise(socket->settings, parent, quiet_parent[i].name, quiet_parent[i].value), parent_name,
			settings_text(quiet_parent[i].name));
}

int macvlan_ensure(struct macvlan_socket *socket, int parent, const char *parent_name, enum family family, uint8_t vrid,
	int *ret_ifindex)
{
	uint8_t mac[MACVLAN_MAC_SIZE];
	char name[32];
	int r, ifindex;

	/* IFNAMSIZ: enough up to index 9,999,999. */
	snprintf(name, sizeof name, "vr%d.%d.%u", family == FAMILY_IPV4 ? 4 : 6, parent, vrid);
	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	macvlan_mac(family, vrid, mac);
	r = create(socket, parent, name, mac);
	if (r < 0 && r != -EEXIST)
		return r;
	ifindex = (int)if_nametoindex(name);
	if (ifindex == 0)
		return -errno;
	if (r == 0)
		r = set_alias(socket, ifindex);
	if (r == 0 || r == -EEXIST) {
		int noted = note_held(
			socket, &(struct held){.parent = parent, .family = family, .vrid = vrid, .ifindex = ifindex});

		r = noted < 0 ? noted : r;
	}
	make_quiet(socket, name, parent, parent_name);
	*ret_ifindex = ifindex;
	return r == -EEXIST ? 0 : r;
}

/* What an earlier run left. */

struct stale {
	int list[STALE_MAX];
	size_t count;
};

static int on_link(struct nl_msg *message, void *context)
{
	struct stale *stale = context;
	struct nlattr *attributes[IFLA_MAX + 1];
	const struct ifinfomsg *header;

	if (nlmsg_parse(nlmsg_hdr(message), sizeof *header, attributes, IFLA_MAX, NULL) < 0)
		return NL_OK;
	header = nlmsg_data(nlmsg_hdr(message));
	if (attributes[IFLA_IFALIAS] != NULL && nla_strcmp(attributes[IFLA_IFALIAS], ALIAS) == 0 &&
		stale->count < ARRAY_LEN(stale->list))
		stale->list[stale->count++] = header->ifi_index;
	return NL_OK;
}

int macvlan_remove_stale(struct macvlan_socket *socket)
{
	const struct ifinfomsg all = {.ifi_family = AF_UNSPEC};
	AUTO_FREE struct stale *stale = calloc(1, sizeof *stale);
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int r = -NLE_NOMEM;

	if (stale != NULL && callbacks != NULL)
		r = nl_send_simple(socket->nl, RTM_GETLINK, NLM_F_DUMP, (void *)(uintptr_t)&all, sizeof all);
	if (r >= 0) {
		nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_link, stale);
		r = nl_recvmsgs(socket->nl, callbacks);
	}
	nl_cb_put(callbacks);
	if (r < 0)
		return rtnl_errno(r);
	for (size_t i = 0; i < stale->count; i++) {
		r = macvlan_remove(socket, stale->list[i]);
		if (r < 0)
			return r;
	}
	return (int)stale->count;
}

/* SPDX-License-Identifier: MIT */
#include "common/model/schema.h"

#include "common/model/conf.h"
#include "common/model/pool_share.h"
#include "common/pure/mono.h"
#include "common/system/liveness.h"

#define FIELD(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)
#define LIST(type, field, counter) FIELD(type, field), .count_offset = offsetof(type, counter)
#define NAMED(type) .title = SCHEMA_TITLE_NAME, .title_offset = offsetof(type, name)
#define ONE(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)
#define MANY(type, field, counter) \
	.many = true, .offset = offsetof(type, field), .count_offset = offsetof(type, counter), \
	.size = sizeof(*((type *)NULL)->field)
#define RANGE(lowest, highest) .min = (lowest), .max = (highest)
#define WORDS(array) .words = (array), .word_count = ARRAY_LEN(array)
#define OPTIONS(array) .options = (array), .option_count = ARRAY_LEN(array)
#define SECTIONS(array) .sections = (array), .section_count = ARRAY_LEN(array)

#define DAY_NS (INT64_C(24) * 3600 * NS_PER_S)

static const char *const log_levels[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *const authentications[] = {
	[VIP_AUTHENTICATION_NONE] = "none",
	[VIP_AUTHENTICATION_HMAC] = "hmac",
	[VIP_AUTHENTICATION_PASSWORD] = "password",
};
static_assert(ARRAY_LEN(authentications) == VIP_AUTHENTICATION_COUNT, "a row is missing");

static const char *const rollouts[] = {
	[VIP_ROLLOUT_ENFORCE] = "enforce",
	[VIP_ROLLOUT_PERMISSIVE] = "permissive",
	[VIP_ROLLOUT_RECEIVE_ONLY] = "receive-only",
};
static const char *const checksums[] = {
	[VIP_CHECKSUM_AUTO] = "auto",
	[VIP_CHECKSUM_RFC9568] = "rfc9568",
	[VIP_CHECKSUM_PSEUDO_HEADER] = "pseudo-header",
};
static_assert(ARRAY_LEN(checksums) == VIP_CHECKSUM_COUNT, "a row is missing");

static const char *const protocols[] = {[SERVICE_PROTOCOL_TCP] = "tcp", [SERVICE_PROTOCOL_UDP] = "udp"};
static_assert(ARRAY_LEN(protocols) == SERVICE_PROTOCOL_COUNT, "a row is missing");
static const char *const modes[] = {[SERVICE_MODE_PROXY] = "proxy"};

static const char *const balances[] = {
	[BALANCE_ROUND_ROBIN] = "round-robin",
	[BALANCE_LEAST_CONNECTIONS] = "least-connections",
	[BALANCE_RANDOM_TWO] = "random-two",
	[BALANCE_SOURCE_HASH] = "source-hash",
	[BALANCE_MAGLEV] = "maglev",
};
static_assert(ARRAY_LEN(balances) == BALANCE_COUNT, "a row is missing");

static const char *const send_proxies[] = {
	[SEND_PROXY_NONE] = "none",
	[SEND_PROXY_V1] = "v1",
	[SEND_PROXY_V2] = "v2",
};

static const char *const server_send_proxies[] = {
	[SEND_PROXY_NONE] = "none",
	[SEND_PROXY_V1] = "v1",
	[SEND_PROXY_V2] = "v2",
	[SEND_PROXY_AS_POOL] = "pool",
};

/* CHECK_NONE has no word: it is the pool without a check section. */
static const char *const check_kinds[] = {
	[CHECK_TCP] = "tcp",
	[CHECK_TLS] = "tls",
	[CHECK_HTTP] = "http",
	[CHECK_SCRIPT] = "script",
	[CHECK_UDP] = "udp",
	[CHECK_AGENT] = "agent",
};
static_assert(ARRAY_LEN(check_kinds) == CHECK_COUNT, "a row is missing");

static const char *const server_on_downs[] = {
	[ON_DOWN_POOL] = "pool", [ON_DOWN_KEEP] = "keep", [ON_DOWN_RESET] = "reset"};
static const char *const pool_on_downs[] = {[ON_DOWN_KEEP] = "keep", [ON_DOWN_RESET] = "reset"};

static const struct schema_option node_options[] = {
	{"address", SCHEMA_IP, FIELD(struct node_conf, address), .reload = true,
		.help = "The node's own address, at which the other node reaches it; never a VIP."},
	{"priority", SCHEMA_NUMBER, FIELD(struct node_conf, priority), RANGE(1, 255), .preset = "100", .reload = true,
		.help = "Of two healthy nodes the one with the higher priority is active; 255 is the owner, which "
			"always "
			"preempts."},
	{"foreign", SCHEMA_YES_NO, FIELD(struct node_conf, foreign), .preset = "no", .reload = true,
		.help = "yes: this node is a router or a keepalived that speaks VRRP alone, and its silence on the "
			"state "
			"port is no alarm."},
	{"heartbeat", SCHEMA_IPS, LIST(struct node_conf, heartbeats, heartbeat_count), RANGE(1, CONF_HEARTBEATS_MAX),
		.preset = "", .reload = true,
		.help = "Further addresses at which the other node reaches this one, best by cables of their own; "
			"those of "
			"the two nodes pair up in order. Absent: `address` alone."},
};

static const struct schema_section pair_sections[] = {
	{"node", NAMED(struct node_conf), MANY(struct pair_conf, nodes, node_count), .required = true,
		OPTIONS(node_options),
		.help = "One of the two hosts. Its name is the host's name, or what the daemons are told with -n."},
};

static const struct schema_option pair_options[] = {
	{"key-file", SCHEMA_PATH, FIELD(struct pair_conf, key_file), RANGE(1, 4095), .preset = "/etc/lbpair/pair.key",
		.reload = true,
		.help = "The pair's keys, as `lbctl genkey` makes them: the same file on both nodes, mode 0600, or "
			"0640 of "
			"group lbpair."},
	{"key-id", SCHEMA_NUMBER, FIELD(struct pair_conf, key_id), RANGE(1, 255), .preset = "1", .reload = true,
		.help = "The key to sign with; all keys of the file are taken when verifying."},
	{"state-port", SCHEMA_NUMBER, FIELD(struct pair_conf, state_port), RANGE(1, 65535), .preset = "3780",
		.reload = true, .help = "The port on which the nodes speak to each other."},
};

static const struct schema_option log_options[] = {
	{"level", SCHEMA_WORD, FIELD(struct log_conf, level), WORDS(log_levels), .preset = "info", .reload = true,
		.help = "What is logged: this level and those before it."},
	{"connections", SCHEMA_YES_NO, FIELD(struct log_conf, connections), .preset = "no", .reload = true,
		.help = "yes: a line for each connection and UDP session that ends, whatever the level: whose it was, "
			"its server, bytes, times, and why it ended."},
};

static const struct schema_option admin_options[] = {
	/* HTTP_LISTEN_MAX */
	{"listen", SCHEMA_ENDPOINTS, LIST(struct admin_conf, listen, listen_count), RANGE(1, 8),
		.help = "Addresses and ports of lbd's pages, `/metrics` and `/healthz`: whoever reaches them may "
			"read."},
};

static const struct schema_option resolver_options[] = {
	{"servers", SCHEMA_ENDPOINTS, LIST(struct resolver_conf, servers, server_count), RANGE(0, 8), .preset = "",
		.help = "Name servers; none: what /etc/resolv.conf says when lbd starts."},
	{"timeout", SCHEMA_SPAN, FIELD(struct resolver_conf, timeout_ns), RANGE(10 * NS_PER_MS, 60 * NS_PER_S),
		.preset = "2s", .help = "For a name server to answer; longer at each further attempt."},
	{"tries", SCHEMA_NUMBER, FIELD(struct resolver_conf, tries), RANGE(1, 10), .preset = "2",
		.help = "So often each name server is asked."},
};

static const struct schema_option forwarder_options[] = {
	/* Each thread has a loop in the liveness page, and so has lbd's control thread. */
	{"threads", SCHEMA_NUMBER, FIELD(struct forwarder_conf, threads), RANGE(1, LIVENESS_LOOPS_MAX - 1),
		.zero = "auto", .preset = "auto",
		.help = "Worker threads of lbd; auto is one for each processor that it may use."},
	{"max-connections", SCHEMA_NUMBER, FIELD(struct forwarder_conf, max_connections), RANGE(0, 100000000),
		.preset = "100000", .reload = true,
		.help = "So many connections may be open in all, over all threads; then no more are accepted, and new "
			"ones "
			"wait in the kernel's backlog. 0: without limit. Sessions of UDP count; new ones are refused."},
};

static const struct schema_option garp_options[] = {
	{"count", SCHEMA_NUMBER, FIELD(struct garp_conf, count), RANGE(1, 100), .preset = "5", .reload = true,
		.help = "Gratuitous ARPs for each address when the node becomes active."},
	{"interval", SCHEMA_SPAN, FIELD(struct garp_conf, interval_ns), RANGE(10 * NS_PER_MS, 60 * NS_PER_S),
		.preset = "200ms", .reload = true, .help = "Between two of them."},
	{"refresh", SCHEMA_SPAN, FIELD(struct garp_conf, refresh_ns), RANGE(0, DAY_NS), .preset = "60s", .reload = true,
		.help = "While active, one more for each address so often; 0 is never."},
};

#define PENALTY_ROW \
	{ \
		"penalty", SCHEMA_NUMBER, FIELD(struct track_conf, penalty), RANGE(1, 254), \
			.zero = "fault", .preset = "60", .reload = true, \
			.help = "What its failure takes from the node's priority, which stays above that of a node " \
				"without a working lbd; fault gives the VIP up." \
	}
#define RISE_ROW(times) \
	{ \
		"rise", SCHEMA_NUMBER, FIELD(struct track_conf, rise), RANGE(1, 100), \
			.preset = times, .reload = true, .help = "So many successes in a row end a failure." \
	}
#define FALL_ROW(times) \
	{ \
		"fall", SCHEMA_NUMBER, FIELD(struct track_conf, fall), RANGE(1, 100), \
			.preset = times, .reload = true, .help = "So many failures in a row count." \
	}

static const struct schema_option track_options[] = {PENALTY_ROW};

static const struct schema_option track_gateway_options[] = {
	PENALTY_ROW,
	{"interval", SCHEMA_SPAN, FIELD(struct track_conf, interval_ns), RANGE(10 * NS_PER_MS, 3600 * NS_PER_S),
		.preset = "500ms", .reload = true,
		.help = "Between two questions; an answer counts until the next one."},
	RISE_ROW("2"),
	FALL_ROW("3"),
};

static const struct schema_option track_script_options[] = {
	PENALTY_ROW,
	{"interval", SCHEMA_SPAN, FIELD(struct track_conf, interval_ns), RANGE(100 * NS_PER_MS, 3600 * NS_PER_S),
		.preset = "2s", .reload = true,
		.help = "Between the starts of two runs; one that still runs is waited for."},
	{"timeout", SCHEMA_SPAN, FIELD(struct track_conf, timeout_ns), RANGE(10 * NS_PER_MS, 3600 * NS_PER_S),
		.preset = "1s", .reload = true, .help = "A run that takes longer is killed, and has failed."},
	RISE_ROW("1"),
	FALL_ROW("1"),
};

#define TITLED(kind) .title = (kind), .title_offset = offsetof(struct track_conf, name)

static const struct schema_section vip_sections[] = {
	{"garp", ONE(struct vip_conf, garp), OPTIONS(garp_options),
		.help = "How the network is told where the addresses are."},
	{"track-interface", TITLED(SCHEMA_TITLE_LINK), MANY(struct vip_conf, track_interfaces, track_interface_count),
		OPTIONS(track_options), .help = "Another interface that the node needs: up, with a carrier."},
	{"track-gateway", TITLED(SCHEMA_TITLE_IP), MANY(struct vip_conf, track_gateways, track_gateway_count),
		OPTIONS(track_gateway_options),
		.help = "A neighbour that has to answer: on a network of the node by ARP or neighbour discovery, else "
			"by "
			"ICMP echo."},
	{"track-service", TITLED(SCHEMA_TITLE_NAME), MANY(struct vip_conf, track_services, track_service_count),
		OPTIONS(track_options),
		.help = "A service that lbd has to find a server up for, and lbd itself with it."},
	{"track-script", TITLED(SCHEMA_TITLE_PATH), MANY(struct vip_conf, track_scripts, track_script_count),
		OPTIONS(track_script_options),
		.help = "A program of yours that ends with status 0 when all is well. It and the directories above it "
			"belong to root, and nobody else may write to them."},
};

static const struct schema_option vip_options[] = {
	{"vrid", SCHEMA_NUMBER, FIELD(struct vip_conf, vrid), RANGE(1, 255), .reload = true,
		.help = "The virtual router's number, unique on its network."},
	/* IFNAMSIZ counts the final NUL. */
	{"interface", SCHEMA_STRING, FIELD(struct vip_conf, interface), RANGE(1, 15), .reload = true,
		.help = "Where the addresses live and the adverts go."},
	/* The count of addresses is one byte of an advert. */
	{"addresses", SCHEMA_PREFIXES, LIST(struct vip_conf, addresses, address_count), RANGE(1, 255), .reload = true,
		.help = "The addresses that move together, of either family or both: /32 and /128. IPv6 wants a "
			"link-local one; "
			"where there is none, fe80::200:5eff:fe00:2XX is added, XX being the vrid."},
	{"version", SCHEMA_NUMBER, FIELD(struct vip_conf, version), RANGE(2, 3), .preset = "3", .reload = true,
		.help = "Of the protocol; 2 is for old routers: IPv4, whole seconds, and no hmac."},
	/* RFC 9568 5.2.7: 12 bits of centiseconds. */
	{"advert-interval", SCHEMA_SPAN, FIELD(struct vip_conf, advert_interval_ns),
		RANGE(10 * NS_PER_MS, 40 * NS_PER_S), .step = 10 * NS_PER_MS, .preset = "100ms", .reload = true,
		.help = "Between two adverts of the active node. A dead node is noticed after three of them and a "
			"little."},
	{"authentication", SCHEMA_WORD, FIELD(struct vip_conf, authentication), WORDS(authentications),
		.preset = "hmac", .reload = true,
		.help = "hmac signs each advert with the pair's key; none is VRRP as other routers speak it; password "
			"is "
			"version 2's, which everyone on the network can read."},
	{"rollout", SCHEMA_WORD, FIELD(struct vip_conf, rollout), WORDS(rollouts), .preset = "enforce", .reload = true,
		.help = "With hmac, while the nodes go over to it one by one: receive-only signs nothing yet and takes "
			"both, "
			"permissive signs and takes both, enforce takes signed adverts alone."},
	{"password", SCHEMA_STRING, FIELD(struct vip_conf, password), RANGE(0, VIP_PASSWORD_MAX), .preset = "",
		.reload = true, .help = "For authentication = password."},
	{"checksum", SCHEMA_WORD, FIELD(struct vip_conf, checksum), WORDS(checksums), .preset = "auto", .reload = true,
		.help = "Of adverts of version 3 over IPv4 that are sent; both forms are taken. auto answers in the "
			"form that "
			"is heard, rfc9568 covers the message alone, pseudo-header is what older keepalived and FRR "
			"want."},
	{"unicast", SCHEMA_YES_NO, FIELD(struct vip_conf, unicast), .preset = "no", .reload = true,
		.help = "yes sends adverts to the other node's address instead of the group. With hmac there may be "
			"routers in "
			"between."},
	{"virtual-mac", SCHEMA_YES_NO, FIELD(struct vip_conf, virtual_mac), .preset = "no", .reload = true,
		.help = "yes puts the addresses on a macvlan with the vrid's MAC (00-00-5E-00-01-XX, IPv6 "
			"00-00-5E-00-02-XX), so "
			"that neighbours never learn another one. The interface then answers ARP for its own addresses "
			"alone."},
	{"preempt", SCHEMA_YES_NO, FIELD(struct vip_conf, preempt), .preset = "yes", .reload = true,
		.help = "Whether a node with a higher priority takes the VIP from one that serves it well."},
	{"preempt-delay", SCHEMA_SPAN, FIELD(struct vip_conf, preempt_delay_ns), RANGE(0, DAY_NS), .preset = "0s",
		.reload = true, .help = "How long such a node waits first."},
	{"start-delay", SCHEMA_SPAN, FIELD(struct vip_conf, start_delay_ns), RANGE(0, DAY_NS), .preset = "0s",
		.reload = true,
		.help = "How long after its start vrrpd claims nothing, were the VIP without an owner; a planned "
			"failover is taken."},
	{"lease", SCHEMA_SPAN, FIELD(struct vip_conf, lease_ns), RANGE(NS_PER_S, 3600 * NS_PER_S), .step = NS_PER_S,
		.preset = "2s", .reload = true,
		.help = "How long the kernel keeps an address that vrrpd stopped renewing."},
	{"group", SCHEMA_STRING, FIELD(struct vip_conf, group), RANGE(0, SCHEMA_NAME_MAX), .preset = "", .reload = true,
		.help = "Vips of the same group are active on one node together: what fails for one of them, and what "
			"lowers its priority, counts for all."},
	{"notify", SCHEMA_PATH, FIELD(struct vip_conf, notify), RANGE(0, SCHEMA_PATH_MAX), .preset = "", .reload = true,
		.help = "A program that is run at each change of state, one at a time and in order, with the arguments "
			"VIP, "
			"old state, new state, reason; killed after 10s."},
};

static const struct schema_option timeouts_options[] = {
	{"connect", SCHEMA_SPAN, FIELD(struct timeouts_conf, connect_ns), RANGE(0, DAY_NS), .preset = "3s",
		.reload = true, .help = "For a server to take a connection; 0 is without limit. Not for udp."},
	{"idle", SCHEMA_SPAN, FIELD(struct timeouts_conf, idle_ns), RANGE(0, DAY_NS), .preset = "10m", .reload = true,
		.help = "A connection on which nothing moves for so long is closed; 0 is without limit. With "
			"`protocol = udp` a session, and 1m where it is not set."},
	{"half-close", SCHEMA_SPAN, FIELD(struct timeouts_conf, half_close_ns), RANGE(0, DAY_NS), .preset = "30s",
		.reload = true,
		.help = "How long a connection lives on with one direction closed; 0 is without limit. Not for udp."},
	{"hello", SCHEMA_SPAN, FIELD(struct timeouts_conf, hello_ns), RANGE(10 * NS_PER_MS, 3600 * NS_PER_S),
		.preset = "5s", .reload = true,
		.help = "For a client to send what has to come before a server is chosen: the header of "
			"`accept-proxy`, and TLS's first message where there are routes, without which it goes to the "
			"service's `pool` then. Not for udp."},
};

static const struct schema_option udp_options[] = {
	{"answers", SCHEMA_NUMBER, FIELD(struct udp_conf, answers), RANGE(0, 1000000), .preset = "0", .reload = true,
		.help = "A session ends after so many datagrams from the server, 1 being right for DNS, but not while "
			"it has had fewer than the client has sent; 0: when it is idle."},
};

static const struct schema_option per_source_options[] = {
	{"connections", SCHEMA_NUMBER, FIELD(struct per_source_conf, connections), RANGE(0, 100000000), .preset = "0",
		.reload = true, .help = "So many connections may be open from one address; 0: without limit."},
	{"rate", SCHEMA_RATE, FIELD(struct per_source_conf, rate), RANGE(0, 1000000), .preset = "0/s", .reload = true,
		.help = "So many new ones may come, as many at once as in a second; 0/s: without limit."},
};

#define GIB (INT64_C(1) << 30)

static const struct schema_option bandwidth_options[] = {
	{"up", SCHEMA_SIZE, FIELD(struct bandwidth_conf, up), RANGE(0, 1024 * GIB), .preset = "0", .reload = true,
		.help = "From the client to the server; 0: without limit."},
	{"down", SCHEMA_SIZE, FIELD(struct bandwidth_conf, down), RANGE(0, 1024 * GIB), .preset = "0", .reload = true,
		.help = "From the server to the client; 0: without limit."},
};

static const struct schema_option route_options[] = {
	{"server-names", SCHEMA_SERVER_NAMES, LIST(struct route_conf, server_names, server_name_count), RANGE(1, 10000),
		.reload = true,
		.help = "The names that a client asks for with TLS's server name indication: a whole name, `*.` for "
			"all that end with what follows, `*` for any. Capitals make no difference."},
	{"alpn", SCHEMA_TEXTS, LIST(struct route_conf, alpn, alpn_count), RANGE(0, 64), .preset = "", .reload = true,
		.help = "Only clients that offer one of these protocols (ALPN), as h2 or http/1.1; empty: all."},
	{"pool", SCHEMA_NAME, FIELD(struct route_conf, pool_name), RANGE(1, SCHEMA_NAME_MAX), .reload = true,
		.help = "The pool whose servers answer them."},
};

static const struct schema_section service_sections[] = {
	{"timeouts", ONE(struct service_conf, timeouts), OPTIONS(timeouts_options),
		.help = "How long a connection of the service may take or rest."},
	{"route", NAMED(struct route_conf), MANY(struct service_conf, routes, route_count), OPTIONS(route_options),
		.help = "Where TLS clients go by the name that they ask for; TLS is not ended here. Routes are tried "
			"in their order. A client that none is for, that asks for no name or does not speak TLS, "
			"goes to the service's `pool`, and is refused where that has none."},
	{"udp", ONE(struct service_conf, udp), OPTIONS(udp_options), .help = "What goes with `protocol = udp` alone."},
	{"per-source", ONE(struct service_conf, per_source), OPTIONS(per_source_options),
		.help = "What one client may have of the service; an IPv6 client is its /64. What is more gets a reset "
			"at once, and with udp no session."},
	{"bandwidth", ONE(struct service_conf, bandwidth), OPTIONS(bandwidth_options),
		.help = "How many bytes a second each connection may move. Not for udp."},
};

static const struct schema_option service_options[] = {
	{"listen", SCHEMA_ENDPOINTS, LIST(struct service_conf, listen, listen_count), RANGE(1, 1024), .reload = true,
		.help = "Addresses and ports where clients come in; they need not be on this node yet."},
	{"protocol", SCHEMA_WORD, FIELD(struct service_conf, protocol), WORDS(protocols), .preset = "tcp",
		.reload = true,
		.help = "What is forwarded: connections, or datagrams, in sessions by the client's address and port."},
	{"mode", SCHEMA_WORD, FIELD(struct service_conf, mode), WORDS(modes), .preset = "proxy", .reload = true,
		.help = "How it is forwarded: proxy ends the client's connection here and opens one to the server."},
	{"pool", SCHEMA_SHARES, LIST(struct service_conf, pools, pool_count), RANGE(1, POOL_SHARES_MAX), .preset = "",
		.reload = true,
		.help = "The pool whose servers answer; or several, each with its share of the new connections, as { "
			"blue:90, green:10 }. What of them has no usable server is passed over. With pools that "
			"balance by the client's address a client stays with its pool, and a share that grows moves "
			"no more clients than it has to. Required where the service has no `route`."},
	{"backup-pool", SCHEMA_NAME, FIELD(struct service_conf, backup_pool_name), RANGE(0, SCHEMA_NAME_MAX),
		.preset = "", .reload = true,
		.help = "The pool that answers while no server of `pool` is usable; the service counts as down all the "
			"same, for vips that track it."},
	{"retries", SCHEMA_NUMBER, FIELD(struct service_conf, retries), RANGE(0, 100), .preset = "2", .reload = true,
		.help = "Further attempts after a failed connect, each on another usable server as long as there is "
			"one."},
	{"max-connections", SCHEMA_NUMBER, FIELD(struct service_conf, max_connections), RANGE(0, 100000000),
		.preset = "0", .reload = true,
		.help = "So many connections of the service may be open, as `max-connections` of `forwarder`; 0: "
			"without "
			"limit."},
	{"transparent", SCHEMA_YES_NO, FIELD(struct service_conf, transparent), .preset = "no", .reload = true,
		.help = "yes: servers see connections come from the client's own address, whose packets their routes "
			"have to lead back through this host. Needs CAP_NET_RAW. Servers of the other family see this "
			"host."},
	{"fast-open", SCHEMA_YES_NO, FIELD(struct service_conf, fast_open), .preset = "no",
		.help = "yes: clients that have been here may send data with their first packet (RFC 7413), which a "
			"server may then get twice. Not for udp."},
	{"keepalive", SCHEMA_SPAN, FIELD(struct service_conf, keepalive_ns), RANGE(0, 9 * 3600 * NS_PER_S),
		.step = NS_PER_S, .preset = "0s", .reload = true,
		.help = "A connection on which nothing has moved for so long is probed on both sides, and then each "
			"third of it; when three probes are not answered it is reset. 0: it is not. Not for udp."},
	{"accept-proxy", SCHEMA_YES_NO, FIELD(struct service_conf, accept_proxy), .preset = "no", .reload = true,
		.help = "yes: sources in `accept-proxy-from` begin each connection with a header of the PROXY "
			"protocol, "
			"version 1 or 2, which tells whom they speak for; without a right one they are refused. Not "
			"for udp."},
	{"accept-proxy-from", SCHEMA_PREFIXES, LIST(struct service_conf, accept_proxy_from, accept_proxy_from_count),
		RANGE(0, 64), .preset = "", .reload = true,
		.help = "Who must send that header, and is believed. All others are served without one: what they "
			"send goes to the server as it is."},
	{"allow", SCHEMA_PREFIXES, LIST(struct service_conf, allow, allow_count), RANGE(1, 1000000), .preset = "",
		.reload = true,
		.help = "Who may come in: addresses with the length of their prefix, and no one else. Absent: "
			"everybody."},
	{"deny", SCHEMA_PREFIXES, LIST(struct service_conf, deny, deny_count), RANGE(1, 1000000), .preset = "",
		.reload = true,
		.help = "Who may not, whatever `allow` says. A connection that is refused is closed with a reset at "
			"once, and counted; with udp its datagrams are dropped."},
};

static const struct schema_option check_options[] = {
	{"path", SCHEMA_PATH, FIELD(struct check_conf, path), RANGE(1, 1023), .preset = "/healthz", .only_for = "http",
		.reload = true, .help = "What is asked for, with GET."},
	{"interval", SCHEMA_SPAN, FIELD(struct check_conf, interval_ns), RANGE(10 * NS_PER_MS, DAY_NS), .preset = "1s",
		.reload = true, .help = "Between two checks of a server."},
	{"timeout", SCHEMA_SPAN, FIELD(struct check_conf, timeout_ns), RANGE(10 * NS_PER_MS, DAY_NS), .preset = "1s",
		.reload = true, .help = "A check without its answer by then has failed."},
	{"rise", SCHEMA_NUMBER, FIELD(struct check_conf, rise), RANGE(1, 1000), .preset = "2",
		.only_for = "tcp tls http script udp", .reload = true,
		.help = "So many good checks in a row bring a server up."},
	{"fall", SCHEMA_NUMBER, FIELD(struct check_conf, fall), RANGE(1, 1000), .preset = "3",
		.only_for = "tcp tls http script udp", .reload = true,
		.help = "So many failed ones in a row take it down."},
	{"expect-status", SCHEMA_STATUS_RANGE, LIST(struct check_conf, expect_status_min, expect_status_max),
		RANGE(100, 599), .preset = "200-399", .only_for = "http", .reload = true,
		.help = "The status that is good: one number, or from-to."},
	{"expect-body", SCHEMA_STRING, FIELD(struct check_conf, expect_body), RANGE(0, 1023), .preset = "",
		.only_for = "http", .reload = true,
		.help = "What the answer's body must contain; empty: anything goes."},
	{"host", SCHEMA_STRING, FIELD(struct check_conf, host), RANGE(0, 255), .preset = "", .only_for = "http tls",
		.reload = true,
		.help = "The Host that is asked for, and TLS's server name; empty: the server's address, and no server "
			"name."},
	{"port", SCHEMA_NUMBER, FIELD(struct check_conf, port), RANGE(0, 65535), .preset = "0", .reload = true,
		.help = "Where the check connects to; 0: the server's own port."},
	{"tls", SCHEMA_YES_NO, FIELD(struct check_conf, tls), .preset = "no", .only_for = "http", .reload = true,
		.help = "Whether it is https."},
	{"verify", SCHEMA_YES_NO, FIELD(struct check_conf, verify), .preset = "no", .only_for = "http tls",
		.reload = true,
		.help = "Whether the server's certificate must be trusted, in date and for `host`. By default a check "
			"finds out whether the server answers, and its certificate's end is shown in the status."},
	{"ca-file", SCHEMA_STRING, FIELD(struct check_conf, ca_file), RANGE(0, 4095), .preset = "",
		.only_for = "http tls", .reload = true,
		.help = "Who is trusted then, in PEM: a path; empty: whom this system trusts."},
	{"command", SCHEMA_PATH, FIELD(struct check_conf, command), RANGE(1, 4095), .only_for = "script",
		.reload = true,
		.help = "The program that is run: `command [argument] POOL/SERVER ADDRESS PORT`, as lbd's user; exit "
			"status 0 is good. The first line of its output stands in the status."},
	{"argument", SCHEMA_STRING, FIELD(struct check_conf, argument), RANGE(0, 1023), .preset = "",
		.only_for = "script", .reload = true, .help = "One for it; empty: none."},
	{"send", SCHEMA_BYTES, FIELD(struct check_conf, send), RANGE(1, 1023), .only_for = "udp", .reload = true,
		.help = "The datagram that is sent."},
	{"expect", SCHEMA_BYTES, FIELD(struct check_conf, expect), RANGE(0, 1023), .preset = "", .only_for = "udp",
		.reload = true,
		.help = "What the answer must contain; empty: any answer is good, and so is none, unless the server's "
			"host refuses by ICMP."},
};

static const struct schema_option outlier_options[] = {
	{"failures", SCHEMA_NUMBER, FIELD(struct outlier_conf, failures), RANGE(1, 100000), .preset = "5",
		.reload = true,
		.help = "So many failures eject a server: failed connects, resets before its first byte, refusals by "
			"ICMP."},
	{"within", SCHEMA_SPAN, FIELD(struct outlier_conf, within_ns), RANGE(100 * NS_PER_MS, DAY_NS), .preset = "10s",
		.reload = true, .help = "In this time."},
	{"eject", SCHEMA_SPAN, FIELD(struct outlier_conf, eject_ns), RANGE(100 * NS_PER_MS, DAY_NS), .preset = "30s",
		.reload = true, .help = "How long it gets nothing new."},
	{"max-ejected", SCHEMA_NUMBER, FIELD(struct outlier_conf, max_ejected), RANGE(0, 100), .preset = "50",
		.reload = true, .help = "Never more than so many percent of the pool's servers at once."},
};

static const struct schema_option server_options[] = {
	{"address", SCHEMA_SERVER, LIST(struct server_conf, address, path),
		.host_offset = offsetof(struct server_conf, host), .reload = true,
		.help = "Where the server listens. A name is looked up again as its TTL says; each of its addresses, "
			"up to 8, is a server with these options."},
	{"weight", SCHEMA_NUMBER, FIELD(struct server_conf, weight), RANGE(0, 256), .preset = "100", .reload = true,
		.help = "Its share of the new connections, against the others'; 0: none."},
	{"max-connections", SCHEMA_NUMBER, FIELD(struct server_conf, max_connections), RANGE(0, 100000000),
		.preset = "0", .reload = true,
		.help = "So many connections may be open to it, over all threads, half-closed ones included; a full "
			"server "
			"is passed over. 0: without limit."},
	{"on-down", SCHEMA_WORD, FIELD(struct server_conf, on_down), WORDS(server_on_downs), .preset = "pool",
		.reload = true, .help = "The same as of the pool, which holds where it says pool."},
	{"backup", SCHEMA_YES_NO, FIELD(struct server_conf, backup), .preset = "no", .reload = true,
		.help = "yes: it is used when no other server of the pool is usable. All backup servers are then used, "
			"by "
			"weight. A server of weight 0 is not one that could be used."},
	{"send-proxy", SCHEMA_WORD, FIELD(struct server_conf, send_proxy), WORDS(server_send_proxies), .preset = "pool",
		.reload = true, .help = "Instead of the pool's."},
	{"source", SCHEMA_IP, FIELD(struct server_conf, source), .preset = "", .reload = true,
		.help = "Instead of the pool's."},
};

static const struct schema_option queue_options[] = {
	{"size", SCHEMA_NUMBER, FIELD(struct queue_conf, size), RANGE(0, 1000000), .preset = "0", .reload = true,
		.help = "So many connections may wait, over all threads; 0: none, they are refused."},
	{"timeout", SCHEMA_SPAN, FIELD(struct queue_conf, timeout_ns), RANGE(0, DAY_NS), .preset = "5s", .reload = true,
		.help = "A connection that has waited so long is refused; 0 is without limit."},
};

static const struct schema_section pool_sections[] = {
	{"queue", ONE(struct pool_conf, queue), OPTIONS(queue_options),
		.help = "Where new TCP connections wait while all usable servers of the pool are full "
			"(`max-connections`)."},
	{"check", .title = SCHEMA_TITLE_WORD, .title_offset = offsetof(struct check_conf, kind), WORDS(check_kinds),
		MANY(struct pool_conf, checks, check_count), OPTIONS(check_options),
		.help = "How the servers' health is found out. Without a check it is unknown, which counts as up. A "
			"`check agent` may stand beside one of another kind."},
	{"outlier", MANY(struct pool_conf, outlier, outlier_count), .once = true, OPTIONS(outlier_options),
		.help = "Passive checks: a server that fails clients' connections is ejected for a while. Without the "
			"section none is."},
	{"server", NAMED(struct server_conf), MANY(struct pool_conf, servers, server_count), OPTIONS(server_options),
		.help = "One server of the pool. A pool without any is legal and refuses."},
};

static const struct schema_option pool_options[] = {
	{"balance", SCHEMA_WORD, FIELD(struct pool_conf, balance), WORDS(balances), .preset = "round-robin",
		.reload = true,
		.help = "How a server is chosen for a new connection: in turn; the one with the fewest connections; "
			"the "
			"better of two drawn at random; by the client's address, so that a client stays with its "
			"server as "
			"long as that one is usable; the same, and a server that is added or removed moves the fewest "
			"clients possible. All by weight."},
	{"on-down", SCHEMA_WORD, FIELD(struct pool_conf, on_down), WORDS(pool_on_downs), .preset = "keep",
		.reload = true,
		.help = "What happens to the open connections of a server that its checks find down: they go on as "
			"long as they can, or are reset, so that clients come again and meet another server."},
	{"slow-start", SCHEMA_SPAN, FIELD(struct pool_conf, slow_start_ns), RANGE(0, DAY_NS), .preset = "0s",
		.reload = true,
		.help = "A server that comes up gets its weight in steps over this time; not those that are up when "
			"lbd "
			"starts."},
	{"send-proxy", SCHEMA_WORD, FIELD(struct pool_conf, send_proxy), WORDS(send_proxies), .preset = "none",
		.reload = true,
		.help = "Servers are told the client's address, and the one that it has connected to, by a header of "
			"the PROXY protocol that stands before the client's bytes; checks of the server's own port "
			"begin with one that names nobody. Not for the pools of udp services."},
	{"source", SCHEMA_IP, FIELD(struct pool_conf, source), .preset = "", .reload = true,
		.help = "The address that connections to servers come from, of this host and of the servers' family; "
			"empty: as the routes say. Checks always come from the node's own."},
};

static const struct schema_section top_sections[] = {
	{"pair", ONE(struct conf, pair), .required = true, OPTIONS(pair_options), SECTIONS(pair_sections),
		.help = "The two nodes, and what they speak to each other with."},
	{"admin", MANY(struct conf, admin, admin_count), .once = true, OPTIONS(admin_options),
		.help = "Pages over HTTP that tell what lbd does; without the section there are none."},
	{"log", ONE(struct conf, log), OPTIONS(log_options), .help = "What goes to the log."},
	{"resolver", ONE(struct conf, resolver), OPTIONS(resolver_options),
		.help = "How the names of servers are looked up, where they have names."},
	{"forwarder", ONE(struct conf, forwarder), OPTIONS(forwarder_options), .help = "lbd as a whole."},
	{"vip", NAMED(struct vip_conf), MANY(struct conf, vips, vip_count), OPTIONS(vip_options),
		SECTIONS(vip_sections), .help = "Virtual addresses that one of the nodes holds at a time."},
	{"service", NAMED(struct service_conf), MANY(struct conf, services, service_count), OPTIONS(service_options),
		SECTIONS(service_sections), .help = "Where clients come in, and which pool answers them."},
	{"pool", NAMED(struct pool_conf), MANY(struct conf, pools, pool_count), OPTIONS(pool_options),
		SECTIONS(pool_sections), .help = "Servers that do the same, and how they are checked."},
};

const struct schema_section schema_root = {.name = "", .size = sizeof(struct conf), SECTIONS(top_sections)};

/* SPDX-License-Identifier: MIT */
/*
 * The configuration as the programs use it: parsed whole into one arena, checked whole, never changed afterwards.
 * Spans are in nanoseconds; 0 is "without limit" where a limit is meant. Names are unique within their kind.
 */
#ifndef LBPAIR_COMMON_MODEL_CONF_H
#define LBPAIR_COMMON_MODEL_CONF_H

#include "common/pure/access.h"
#include "common/pure/addr.h"
#include "common/pure/arena.h"
#include "common/pure/base.h"
#include "common/pure/text.h"
#include "common/system/log.h"

#include <stdatomic.h>

#define CONF_HEARTBEATS_MAX 4
/* Of all vips together: what vrrpd's guardian has room for, and a heartbeat. */
#define CONF_VIPS_MAX 1024u
#define CONF_VIP_ADDRESSES_MAX 8192u

struct node_conf {
	const char *name;
	struct ip address;
	unsigned priority;           /* 1 to 255; 255 is the owner */
	bool foreign;                /* speaks VRRP alone: keepalived, a router */
	const struct ip *heartbeats; /* as many on both nodes, and those of one place belong together */
	size_t heartbeat_count;
};

struct pair_conf {
	const char *key_file; /* there is always one; it has to exist where a vip's authentication is hmac */
	unsigned key_id;
	uint16_t state_port;
	const struct node_conf *nodes;
	size_t node_count;
};

struct log_conf {
	enum log_level level;
	bool connections;
};

struct admin_conf {
	const struct endpoint *listen;
	size_t listen_count;
};

struct resolver_conf {
	const struct endpoint *servers;
	size_t server_count; /* 0: those of /etc/resolv.conf */
	int64_t timeout_ns;
	unsigned tries;
};

struct forwarder_conf {
	unsigned max_connections; /* 0: without limit */
	unsigned threads;         /* 0: auto, one for each processor that the process may use */
};

enum vip_authentication {
	VIP_AUTHENTICATION_NONE,
	VIP_AUTHENTICATION_HMAC,
	VIP_AUTHENTICATION_PASSWORD, /* version 2 only */
	VIP_AUTHENTICATION_COUNT,
};

/* What version 3 over IPv4 sends; both forms are taken. */
enum vip_checksum {
	VIP_CHECKSUM_AUTO, /* what is heard */
	VIP_CHECKSUM_RFC9568,
	VIP_CHECKSUM_PSEUDO_HEADER,
	VIP_CHECKSUM_COUNT,
};

#define VIP_PASSWORD_MAX 8

/* How signatures come to a group of routers that runs (draft-cassen-vrrp-auth-hmac). */
enum vip_rollout {
	VIP_ROLLOUT_ENFORCE,
	VIP_ROLLOUT_PERMISSIVE,   /* signs, and takes what is not signed */
	VIP_ROLLOUT_RECEIVE_ONLY, /* does not sign yet, and takes both */
};

struct garp_conf {
	unsigned count;
	int64_t interval_ns;
	int64_t refresh_ns;
};

/* One thing whose failure lowers the priority of a vip, or takes the vip away. */
struct track_conf {
	const char *name; /* an interface, a service, an address, a path: by the section it stands in */
	unsigned penalty; /* 0: fault */
	int64_t interval_ns;
	int64_t timeout_ns; /* scripts only */
	unsigned rise;
	unsigned fall;
};

struct vip_conf {
	const char *name;
	uint8_t vrid;
	const char *interface;
	/* Of the IPv6 ones the first is link-local: one is added where the file has none. */
	const struct prefix *addresses;
	size_t address_count;
	bool has_ipv4;
	bool has_ipv6;
	uint8_t version; /* 2 or 3 */
	int64_t advert_interval_ns;
	enum vip_authentication authentication;
	enum vip_rollout rollout; /* of hmac */
	const char *password;
	enum vip_checksum checksum;
	bool unicast;
	bool virtual_mac;
	bool preempt;
	int64_t preempt_delay_ns;
	int64_t start_delay_ns;
	int64_t lease_ns;
	const char *group;  /* "": none */
	const char *notify; /* a program; "": none */
	struct garp_conf garp;
	const struct track_conf *track_interfaces;
	size_t track_interface_count;
	const struct track_conf *track_gateways;
	size_t track_gateway_count;
	const struct track_conf *track_services;
	size_t track_service_count;
	const struct track_conf *track_scripts;
	size_t track_script_count;
};

struct timeouts_conf {
	int64_t connect_ns;
	int64_t idle_ns;
	int64_t half_close_ns;
	int64_t hello_ns;
};

enum service_protocol {
	SERVICE_PROTOCOL_TCP,
	SERVICE_PROTOCOL_UDP,
	SERVICE_PROTOCOL_COUNT,
};

enum service_mode {
	SERVICE_MODE_PROXY,
};

struct udp_conf {
	unsigned answers; /* 0: any */
};

struct pool_conf;

struct pool_share_conf {
	const char *name;
	unsigned parts; /* of the sum of all, which is not 0 */
	const struct pool_conf *pool;
};

/* What one client may have of a service; 0: without limit. */
struct per_source_conf {
	unsigned connections;
	unsigned rate; /* a second */
};

/* Of each connection, in bytes a second; 0: without limit. */
struct bandwidth_conf {
	uint64_t up; /* to the server */
	uint64_t down;
};

/* Of TCP: what pool a TLS client is for, by what it asks for first. */
struct route_conf {
	const char *name;
	const char *const *server_names; /* in the form of server_name.h */
	size_t server_name_count;
	const char *const *alpn;
	size_t alpn_count; /* 0: any protocols, or none */
	const char *pool_name;
	const struct pool_conf *pool;
};

struct service_conf {
	const char *name;
	const struct endpoint *listen;
	size_t listen_count;
	enum service_protocol protocol;
	enum service_mode mode;
	const struct pool_share_conf *pools;
	size_t pool_count;               /* 0: there are routes, and what takes none of them is refused */
	const struct route_conf *routes; /* the first that fits is taken */
	size_t route_count;
	const char *backup_pool_name;        /* "": none */
	const struct pool_conf *backup_pool; /* NULL: none */
	struct timeouts_conf timeouts;
	struct udp_conf udp;
	unsigned retries;
	unsigned max_connections; /* 0: without limit */
	bool transparent;
	bool fast_open;
	int64_t keepalive_ns; /* 0: none is sent */
	bool accept_proxy;
	const struct prefix *accept_proxy_from;
	size_t accept_proxy_from_count;
	const struct prefix *allow;
	size_t allow_count;
	const struct prefix *deny;
	size_t deny_count;
	struct access *access; /* both of them; NULL: everybody may come in */
	struct per_source_conf per_source;
	struct bandwidth_conf bandwidth;
};

enum balance_kind {
	BALANCE_ROUND_ROBIN,
	BALANCE_LEAST_CONNECTIONS,
	BALANCE_RANDOM_TWO,
	BALANCE_SOURCE_HASH,
	BALANCE_MAGLEV,
	BALANCE_COUNT,
};

enum check_kind {
	CHECK_NONE,
	CHECK_TCP,
	CHECK_TLS,
	CHECK_HTTP,
	CHECK_SCRIPT,
	CHECK_UDP,
	CHECK_AGENT,
	CHECK_COUNT,
};

/* Bytes that are written with escapes. */
struct bytes_conf {
	const uint8_t *data;
	size_t size;
};

struct check_conf {
	enum check_kind kind;
	int64_t interval_ns;
	int64_t timeout_ns;
	unsigned rise;
	unsigned fall;
	uint16_t port; /* 0: the server's own */
	/* http and tls */
	const char *host; /* "": the server's address */
	bool tls;         /* http only */
	bool verify;
	const char *ca_file; /* "": the system's bundle */
	/* http only */
	const char *path;
	unsigned expect_status_min;
	unsigned expect_status_max;
	const char *expect_body; /* "": not looked at */
	/* script only */
	const char *command;
	const char *argument; /* "": none */
	/* udp only */
	struct bytes_conf send;
	struct bytes_conf expect; /* of size 0: no answer is expected */
};

struct outlier_conf {
	unsigned failures;
	int64_t within_ns;
	int64_t eject_ns;
	unsigned max_ejected; /* percent of the pool */
};

/* The header of the PROXY protocol that a server gets. */
enum send_proxy {
	SEND_PROXY_NONE,
	SEND_PROXY_V1,
	SEND_PROXY_V2,
	SEND_PROXY_AS_POOL, /* a server's own default, in whose place the pool's has been put */
};

enum on_down {
	ON_DOWN_POOL, /* of a server: as its pool has it */
	ON_DOWN_KEEP,
	ON_DOWN_RESET,
};

/* So many addresses of a server's name are used. */
#define SERVER_PLACES_MAX 8

struct server_conf {
	const char *name;
	struct endpoint address; /* of family 0 where there is a path or a name */
	const char *path;        /* of a Unix socket; NULL: none */
	const char *host;        /* its name, which is to be looked up; NULL: none */
	unsigned further;        /* 0: as written; else it is for a further address of the name */
	struct ip source;        /* as the pool's, which has been put here where it is not set */
	enum send_proxy send_proxy;
	unsigned weight;          /* 0 to 256 */
	unsigned max_connections; /* 0: without limit */
	bool backup;              /* used when no other of the pool is usable */
	enum on_down on_down;
};

struct queue_conf {
	unsigned size; /* 0: no queue */
	int64_t timeout_ns;
};

struct pool_conf {
	const char *name;
	enum balance_kind balance;
	int64_t slow_start_ns; /* 0: none */
	struct ip source;      /* that connections to servers come from; of family 0: the kernel's choice */
	enum send_proxy send_proxy;
	struct queue_conf queue;
	enum on_down on_down;
	/* As written; the two below are copied out of them. */
	const struct check_conf *checks;
	size_t check_count;
	struct check_conf check;            /* of any kind but agent */
	struct check_conf agent;            /* CHECK_NONE or CHECK_AGENT */
	const struct outlier_conf *outlier; /* NULL: nothing is ejected */
	size_t outlier_count;               /* 0 or 1 */
	const struct server_conf *servers;  /* as written */
	size_t server_count;
	/*
	 * The same, each that has a name followed by those for its further addresses, `app2#2` to `app2#8`: a name's
	 * addresses come and go while lbd runs, their places stay.
	 */
	const struct server_conf *places;
	size_t place_count;
};

#define CONF_HASH_SIZE 17

struct conf {
	_Atomic unsigned references; /* beyond the first */
	struct arena arena;
	char hash[CONF_HASH_SIZE]; /* of the whole configuration with its defaults, so that layout and comments do not
				      count */
	struct pair_conf pair;
	const struct admin_conf *admin; /* NULL: lbd has no pages */
	size_t admin_count;             /* 0 or 1 */
	struct log_conf log;
	struct resolver_conf resolver;
	struct forwarder_conf forwarder;
	const struct vip_conf *vips;
	size_t vip_count;
	const struct service_conf *services;
	size_t service_count;
	const struct pool_conf *pools;
	size_t pool_count;
};

/*
 * Parses and checks the file. On success 0 and a configuration to be freed with conf_unref. On failure -EINVAL (or the
 * errno of reading) and in `errors` a line for each mistake, `FILE:LINE: what, and what would be right`, in the
 * order of the lines.
 */
MUST_USE int conf_load(const char *path, struct conf **ret_conf, struct text *errors);
/* The same from memory; `name` stands for the file in errors. */
MUST_USE int conf_parse(
	const char *name, const char *content, size_t size, struct conf **ret_conf, struct text *errors);
/* One more that uses it, in whatever thread. */
struct conf *conf_ref(struct conf *conf);
/* The last that lets go frees it. Accepts NULL. */
void conf_unref(struct conf *conf);
/* The same, where there is one user alone. */
void conf_free(struct conf *conf);

/* The whole configuration with its defaults, in the configuration's own language. */
void conf_show(const struct conf *conf, struct text *out);

/* Where the server is, as it is written. Longest: a name of 254 bytes with its port. */
#define SERVER_ADDRESS_TEXT_MAX 264
const char *conf_server_address(const struct server_conf *server, char text[static SERVER_ADDRESS_TEXT_MAX]);

/* NULL: there is none of that name. */
const struct node_conf *conf_find_node(const struct conf *conf, const char *name);
const struct pool_conf *conf_find_pool(const struct conf *conf, const char *name);
const struct vip_conf *conf_find_vip(const struct conf *conf, const char *name);
const struct service_conf *conf_find_service(const struct conf *conf, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_client.h"

/* Services. */

static void check_accept_proxy(const struct conf_item *service, struct conf_errors *errors)
{
	const struct service_conf *conf = service->object;
	const struct conf_item *accept = conf_item_option(service, "accept-proxy");
	const struct conf_item *from = conf_item_option(service, "accept-proxy-from");

	if (conf->accept_proxy && conf->protocol != SERVICE_PROTOCOL_UDP && conf->accept_proxy_from_count == 0)
		conf_error(errors, accept->line,
			"option 'accept-proxy' without 'accept-proxy-from': whoever can connect could take any address "
			"for his own; write accept-proxy-from = { ... } with the addresses of the proxies in front");
	if (!conf->accept_proxy && from != NULL && conf->accept_proxy_from_count > 0)
		conf_error(errors, from->line,
			"option 'accept-proxy-from' without 'accept-proxy': no header would be read, write "
			"accept-proxy = yes");
}

static void check_udp(const struct conf_item *service, struct conf_errors *errors)
{
	const struct service_conf *conf = service->object;
	const struct {
		const char *option;
		bool set;
		const char *why;
	} tcp_only[] = {
		{"accept-proxy", conf->accept_proxy, "the header stands before a connection's bytes"},
		{"fast-open", conf->fast_open, "it is a way to open connections"},
		{"keepalive", conf->keepalive_ns != 0, "it probes connections"},
	};

	for (size_t i = 0; i < ARRAY_LEN(tcp_only); i++) {
		if (tcp_only[i].set)
			conf_error(errors, conf_item_option(service, tcp_only[i].option)->line,
				"option '%s' does not go with 'protocol = udp': %s; take it out", tcp_only[i].option,
				tcp_only[i].why);
	}
}

static void check_link_local(const char *option, unsigned line, const struct ip *ip, struct conf_errors *errors)
{
	char text[IP_TEXT_MAX];

	if (ip_is_link_local(ip))
		conf_error(errors, line,
			"option '%s': %s is link-local, and so an address with its interface alone, which cannot be "
			"written here: write a global or a unique local one",
			option, ip_text(ip, text));
}

static void check_listen(const struct conf_item *service, struct conf_errors *errors)
{
	const struct service_conf *conf = service->object;
	const struct conf_item *option = conf_item_option(service, "listen");
	size_t i = 0;

	for (const struct conf_word *word = option != NULL ? option->first_word : NULL; word != NULL; word = word->next)
		check_link_local("listen", word->line, &conf->listen[i++].ip, errors);
}

void conf_check_client(const struct conf_item *service, struct conf_errors *errors)
{
	check_listen(service, errors);
	check_accept_proxy(service, errors);
	if (((const struct service_conf *)service->object)->protocol == SERVICE_PROTOCOL_UDP)
		check_udp(service, errors);
}

/* Pools. */

static void check_source(const struct conf_item *pool, const struct conf_item *server, struct conf_errors *errors)
{
	const struct server_conf *conf = server->object;
	const struct conf_item *option = conf_item_option(server, "source");
	const char *own = conf->address.ip.family == AF_INET ? "IPv4" : "IPv6";

	if (option == NULL)
		option = conf_item_option(pool, "source");
	if (option == NULL || conf->source.family == 0 || conf->address.ip.family == 0 ||
		conf->source.family == conf->address.ip.family)
		return;
	conf_error(errors, option->line,
		"option 'source': server '%s' is at an address of %s, which cannot be reached from one of %s: give it "
		"a source of its own",
		conf->name, own, conf->source.family == AF_INET ? "IPv4" : "IPv6");
}

/* What a check does not find at a Unix socket. */
static void check_path(const struct conf_item *server, const struct pool_conf *pool, struct conf_errors *errors)
{
	const struct server_conf *conf = server->object;
	const struct conf_item *address = conf_item_option(server, "address");

	if (conf->path == NULL || address == NULL)
		return;
	if (pool->check.kind == CHECK_UDP)
		conf_error(errors, address->line,
			"option 'address': 'check udp' does not reach a Unix socket: take another check, as 'check "
			"tcp'");
	if (pool->check.port != 0 || pool->agent.port != 0)
		conf_error(errors, address->line,
			"option 'address': a Unix socket has no host, on which the pool's check could go to port %u: "
			"move the server to a pool of its own",
			pool->check.port != 0 ? pool->check.port : pool->agent.port);
}

void conf_check_reach(const struct conf_item *pool, struct conf_errors *errors)
{
	const struct pool_conf *conf = pool->object;

	if (conf_item_option(pool, "source") != NULL)
		check_link_local("source", conf_item_option(pool, "source")->line, &conf->source, errors);
	for (const struct conf_item *server = conf_item_section(pool, "server"); server != NULL;
		server = conf_item_next_section(server)) {
		struct server_conf *own = server->object;

		if (own->source.family == 0)
			own->source = conf->source;
		if (own->send_proxy == SEND_PROXY_AS_POOL)
			own->send_proxy = conf->send_proxy;
		if (conf_item_option(server, "address") != NULL)
			check_link_local(
				"address", conf_item_option(server, "address")->line, &own->address.ip, errors);
		if (conf_item_option(server, "source") != NULL)
			check_link_local("source", conf_item_option(server, "source")->line, &own->source, errors);
		check_source(pool, server, errors);
		check_path(server, conf, errors);
	}
}

void conf_check_use(
	const struct service_conf *service, const struct pool_conf *pool, unsigned line, struct conf_errors *errors)
{
	for (size_t i = 0; service->protocol == SERVICE_PROTOCOL_UDP && i < pool->server_count; i++) {
		const struct server_conf *server = &pool->servers[i];

		if (server->path != NULL)
			conf_error(errors, line,
				"option 'pool': server '%s' of pool '%s' is a Unix socket, which does not go with "
				"'protocol = udp': write an address with its port",
				server->name, pool->name);
		if (server->send_proxy != SEND_PROXY_NONE)
			conf_error(errors, line,
				"option 'pool': server '%s' of pool '%s' has 'send-proxy', which does not go with "
				"'protocol = udp': the header stands before a connection's bytes; take it out",
				server->name, pool->name);
	}
}

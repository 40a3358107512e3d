/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_client.h"

#include "common/model/conf.h"

static void check_accept_proxy(const struct conf_item *service, struct conf_errors *errors)
{
	const struct service_conf *conf = service->object;
	const struct conf_item *accept = conf_item_option(service, "accept-proxy");
	const struct conf_item *from = conf_item_option(service, "accept-proxy-from");

	if (conf->accept_proxy && conf->protocol == SERVICE_PROTOCOL_UDP)
		conf_error(errors, accept->line,
			"option 'accept-proxy' does not go with 'protocol = udp': the header stands before a "
			"connection's bytes; take it out");
	else if (conf->accept_proxy && conf->accept_proxy_from_count == 0)
		conf_error(errors, accept->line,
			"option 'accept-proxy' without 'accept-proxy-from': whoever can connect could take any address "
			"for his own; write accept-proxy-from = { ... } with the addresses of the proxies in front");
	if (!conf->accept_proxy && from != NULL && conf->accept_proxy_from_count > 0)
		conf_error(errors, from->line,
			"option 'accept-proxy-from' without 'accept-proxy': no header would be read, write "
			"accept-proxy = yes");
}

void conf_check_client(const struct conf_item *service, struct conf_errors *errors)
{
	check_accept_proxy(service, errors);
}

/* SPDX-License-Identifier: MIT */
#include "common/model/conf_check_services.h"

#include "common/model/conf_check_client.h"
#include "common/model/conf_check_pool.h"
#include "common/model/conf_check_routes.h"
#include "common/model/conf_value.h"
#include "common/model/schema.h"
#include "common/pure/mono.h"
#include "common/system/liveness.h"

#include <string.h>

static int compare_endpoints(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	int order = ip_compare(&x->ip, &y->ip);

	return order != 0 ? order : (int)x->port - (int)y->port;
}

static void endpoint_again(struct conf_errors *errors, const struct conf_thing *first, const struct conf_thing *again)
{
	char text[ENDPOINT_TEXT_MAX];

	bool named = first->section->title != NULL;

	conf_error(errors, again->line, "option 'listen': %s stands in line %u already, for '%s%s%.64s': take one out",
		endpoint_text(again->key, text), first->line, first->section->name, named ? " " : "",
		named ? first->section->title : "");
}

static void check_again(struct checking *check, unsigned line, const struct service_conf *conf, size_t place)
{
	for (size_t i = 0; i < place; i++) {
		if (conf->pools[i].pool == conf->pools[place].pool)
			conf_error(check->errors, line,
				"option 'pool': '%s' has a share already: give it one, and other pools theirs",
				conf->pools[place].name);
	}
}

static void resolve_shares(struct checking *check, const struct conf_item *option, struct service_conf *conf)
{
	struct pool_share_conf *shares = (struct pool_share_conf *)conf->pools;
	const struct conf_word *word = option->first_word;
	unsigned sum = 0;

	for (size_t i = 0; i < conf->pool_count; i++, word = word->next) {
		shares[i].pool = conf_check_pool(check->conf, option, word->line, shares[i].name, check->errors);
		if (shares[i].pool != NULL)
			check_again(check, word->line, conf, i);
		sum += shares[i].parts;
	}
	if (sum == 0)
		conf_error(check->errors, option->line,
			"option 'pool': no pool has a share that is above 0: give one of them 1 at least");
}

static void resolve_pools(struct checking *check, const struct conf_item *service)
{
	const struct conf_item *option = conf_item_option(service, "pool");
	const struct conf_item *backup = conf_item_option(service, "backup-pool");
	struct service_conf *conf = service->object;

	if (option != NULL)
		resolve_shares(check, option, conf);
	if (backup == NULL || *conf->backup_pool_name == '\0')
		return;
	conf->backup_pool = conf_check_pool(check->conf, backup, backup->line, conf->backup_pool_name, check->errors);
	for (size_t i = 0; option != NULL && conf->backup_pool != NULL && i < conf->pool_count; i++) {
		if (conf->pools[i].pool == conf->backup_pool)
			conf_error(check->errors, backup->line,
				"option 'backup-pool': '%s' is the service's pool already: name another, or take it "
				"out",
				conf->backup_pool_name);
	}
}

static void check_listen(struct checking *check, struct conf_things *things, const struct conf_item *section,
	const struct endpoint *listen)
{
	const struct conf_item *option = conf_item_option(section, "listen");
	size_t i = 0;

	if (option == NULL)
		return;
	for (const struct conf_word *word = option->first_word; word != NULL; word = word->next)
		conf_things_add(check, things, &listen[i++], section, word->line);
}

/*
 * A UDP session has no end of its own, and holds a descriptor until it is idle: 10 minutes of a busy name server would
 * be more than there are. 1 minute is longer than what keeps other sessions alive (QUIC, WireGuard, SIP: up to 30 s).
 */
#define UDP_IDLE_NS (60 * NS_PER_S)

/* Whether the option is there with another value than its default: `lbctl config show` writes all of them. */
static bool is_set(const struct conf_item *section, const char *section_name, const char *option_name)
{
	const struct schema_section *service = schema_find_section(&schema_root, "service");
	const struct schema_section *schema = schema_find_section(service, section_name);
	const struct schema_option *row = schema_find_option(schema, option_name);
	AUTO_TEXT value = {0};

	if (section == NULL || conf_item_option(section, option_name) == NULL)
		return false;
	conf_value_print(row, section->object, &value);
	return strcmp(text_get(&value), row->preset) != 0;
}

static void check_udp(struct checking *check, const struct conf_item *service)
{
	static const char *const tcp_only[] = {"connect", "half-close"};
	const struct conf_item *timeouts = conf_item_section(service, "timeouts");
	const struct conf_item *bandwidth = conf_item_section(service, "bandwidth");
	struct service_conf *conf = service->object;

	if (bandwidth != NULL && (conf->bandwidth.up > 0 || conf->bandwidth.down > 0))
		conf_error(check->errors, bandwidth->line,
			"section 'bandwidth' does not go with 'protocol = udp', whose datagrams would be lost: take it "
			"out");
	if (timeouts == NULL || conf_item_option(timeouts, "idle") == NULL)
		conf->timeouts.idle_ns = UDP_IDLE_NS;
	for (size_t i = 0; i < ARRAY_LEN(tcp_only); i++) {
		if (is_set(timeouts, "timeouts", tcp_only[i]))
			conf_error(check->errors, conf_item_option(timeouts, tcp_only[i])->line,
				"option '%s' does not go with 'protocol = udp', whose sessions know 'idle' alone: take "
				"it out",
				tcp_only[i]);
	}
}

static void check_protocol(struct checking *check, const struct conf_item *service)
{
	const struct service_conf *conf = service->object;
	const struct conf_item *udp = conf_item_section(service, "udp");

	if (conf->protocol == SERVICE_PROTOCOL_UDP)
		check_udp(check, service);
	else if (is_set(udp, "udp", "answers"))
		conf_error(check->errors, conf_item_option(udp, "answers")->line,
			"option 'answers' does not go with 'protocol = tcp': set 'protocol = udp', or take it out");
}

void conf_check_services(struct checking *check)
{
	struct conf_things listens[SERVICE_PROTOCOL_COUNT] = {0}; /* tcp and udp may share a port */
	size_t count = 0;

	FOR_EACH_SECTION(admin, check->root, "admin")
	{
		const struct admin_conf *conf = admin->object;

		check_listen(check, &listens[SERVICE_PROTOCOL_TCP], admin, conf->listen);
	}
	FOR_EACH_SECTION(service, check->root, "service")
	{
		const struct service_conf *conf = service->object;

		check_listen(check, &listens[conf->protocol], service, conf->listen);
		check_protocol(check, service);
		conf_check_client(service, check->errors);
		resolve_pools(check, service);
		if (conf_check_routes(check->conf, service, check->errors) < 0)
			check->no_memory = true;
		if (++count == LIVENESS_SERVICES_MAX + 1)
			conf_error(check->errors, service->line,
				"section 'service %.64s' is one too many: there may be %d services", service->title,
				LIVENESS_SERVICES_MAX);
	}
	for (size_t i = 0; i < ARRAY_LEN(listens); i++) {
		conf_things_settle(check, &listens[i], compare_endpoints, endpoint_again);
		conf_things_free(&listens[i]);
	}
}

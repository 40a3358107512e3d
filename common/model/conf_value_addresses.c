/* SPDX-License-Identifier: MIT */
/* Addresses, and lists of them. */
#include "common/model/conf_value_type.h"

#include "common/model/conf_text.h"
#include "common/pure/addr.h"
#include "common/pure/host.h"

#include <string.h>

int conf_ip_read(const struct reading *in, size_t index)
{
	(void)index;
	if (*in->text == '\0' && in->row->preset != NULL) {
		*(struct ip *)in->field = (struct ip){0};
		return 0;
	}
	return ip_parse(in->text, in->field) < 0 ? wrong(in, "is not an address") : 0;
}

void conf_ip_print(const struct schema_option *row, const void *object, struct text *out)
{
	const struct ip *ip = field_of(row, object);
	char text[IP_TEXT_MAX];

	conf_text_print(ip->family == 0 ? "" : ip_text(ip, text), out);
}

void conf_ip_describe(const struct schema_option *row, struct text *out)
{
	text_add(out, "an address as 192.0.2.1 or 2001:db8::1");
	if (row->preset != NULL)
		text_add(out, ", or \"\"");
}

int conf_endpoint_read(const struct reading *in, size_t index)
{
	(void)index;
	return endpoint_parse(in->text, in->field) < 0 ? wrong(in, "is not an address with a port") : 0;
}

void conf_endpoint_print(const struct schema_option *row, const void *object, struct text *out)
{
	char endpoint[ENDPOINT_TEXT_MAX];

	conf_text_print(endpoint_text(field_of(row, object), endpoint), out);
}

void conf_endpoint_describe(const struct schema_option *row, struct text *out)
{
	(void)row;
	text_add(out, "an address with its port as 192.0.2.1:80 or [2001:db8::1]:80");
}

/* unix(7): sun_path with its final NUL. */
#define UNIX_PATH_MAX_LENGTH 107

static const char **other_field(const struct reading *in, size_t offset)
{
	return (const char **)(void *)((char *)in->field - in->row->offset + offset);
}

static int path_of_server_read(const struct reading *in)
{
	const char **path = other_field(in, in->row->count_offset);

	if (in->text[5] != '/')
		return wrong(in, "has a path that does not begin with '/'");
	if (strlen(in->text + 5) > UNIX_PATH_MAX_LENGTH) {
		text_addf(in->why, "'%.64s...' has a path of %zu bytes: write one of at most %d, the kernel's limit",
			in->text, strlen(in->text + 5), UNIX_PATH_MAX_LENGTH);
		return -EINVAL;
	}
	*path = arena_strdup(in->arena, in->text + 5);
	return *path != NULL ? 0 : -ENOMEM;
}

int conf_server_read(const struct reading *in, size_t index)
{
	const char **host = other_field(in, in->row->host_offset);
	struct endpoint *address = (struct endpoint *)in->field;
	char name[HOST_MAX];

	(void)index;
	*host = *other_field(in, in->row->count_offset) = NULL;
	*address = (struct endpoint){0};
	if (strncmp(in->text, "unix:", 5) == 0)
		return path_of_server_read(in);
	if (endpoint_parse(in->text, address) == 0)
		return 0;
	if (host_parse(in->text, name, &address->port) < 0)
		return wrong(in, "is neither an address nor a name with a port");
	*host = arena_strdup(in->arena, name);
	return *host != NULL ? 0 : -ENOMEM;
}

void conf_server_print(const struct schema_option *row, const void *object, struct text *out)
{
	const char *path = *(const char *const *)(const void *)((const char *)object + row->count_offset);
	const char *host = *(const char *const *)(const void *)((const char *)object + row->host_offset);
	const struct endpoint *address = field_of(row, object);
	AUTO_TEXT text = {0};

	if (path == NULL && host == NULL) {
		conf_endpoint_print(row, object, out);
		return;
	}
	if (path != NULL)
		text_addf(&text, "unix:%s", path);
	else
		text_addf(&text, "%s:%u", host, (unsigned)address->port);
	conf_text_print(text_get(&text), out);
}

void conf_server_describe(const struct schema_option *row, struct text *out)
{
	(void)row;
	text_add(out, "an address or a name with its port as 192.0.2.1:80, [2001:db8::1]:80 or app1.example.com:80, or "
		      "unix:/run/app.sock");
}

/* Lists. */

int conf_ips_read(const struct reading *in, size_t index)
{
	struct ip *elements = *(struct ip **)in->field;

	return ip_parse(in->text, &elements[index]) < 0 ? wrong(in, "is not an address") : 0;
}

void conf_ips_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_t count;
	const struct ip *elements = list_at(row, object, &count);
	char ip[IP_TEXT_MAX];

	text_add(out, count > 0 ? "{ " : "{");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%s", i > 0 ? ", " : "", ip_text(&elements[i], ip));
	text_add(out, " }");
}

void conf_ips_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "{ ... } with %lld to %lld addresses as 192.0.2.1 or 2001:db8::1", (long long)row->min,
		(long long)row->max);
}

int conf_endpoints_read(const struct reading *in, size_t index)
{
	struct endpoint *elements = *(struct endpoint **)in->field;

	return endpoint_parse(in->text, &elements[index]) < 0 ? wrong(in, "is not an address with a port") : 0;
}

void conf_endpoints_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_t count;
	const struct endpoint *elements = list_at(row, object, &count);
	char endpoint[ENDPOINT_TEXT_MAX];

	text_add(out, count > 0 ? "{ " : "{");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%s", i > 0 ? ", " : "", endpoint_text(&elements[i], endpoint));
	text_add(out, " }");
}

void conf_endpoints_describe(const struct schema_option *row, struct text *out)
{
	text_addf(out, "{ ... } with %lld to %lld addresses, each with its port as 192.0.2.1:80 or [2001:db8::1]:80",
		(long long)row->min, (long long)row->max);
}

int conf_prefixes_read(const struct reading *in, size_t index)
{
	struct prefix *elements = *(struct prefix **)in->field;
	int r = prefix_parse(in->text, &elements[index]);

	if (r < 0)
		return wrong(in, r == -ERANGE ? "has a prefix that is too long" : "is not an address");
	return 0;
}

void conf_prefixes_print(const struct schema_option *row, const void *object, struct text *out)
{
	size_t count;
	const struct prefix *elements = list_at(row, object, &count);
	char prefix[PREFIX_TEXT_MAX];

	text_add(out, count > 0 ? "{ " : "{");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%s", i > 0 ? ", " : "", prefix_text(&elements[i], prefix));
	text_add(out, " }");
}

void conf_prefixes_describe(const struct schema_option *row, struct text *out)
{
	text_addf(
		out, "{ ... } with %lld to %lld addresses as 192.0.2.100/32", (long long)row->min, (long long)row->max);
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/judge.h"

#include "common/pure/mono.h"
#include "tests/unit/unit.h"
#include "vrrpd/forms.h"

#include <string.h>

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

/* What is different from an advert that is taken: of the other node, for VIPs .100 and .101, at one second. */
struct advert_case {
	const char *name;
	uint8_t version; /* of the vip */
	enum vip_authentication authentication;
	enum vip_rollout rollout;
	bool unicast;
	bool far;
	uint8_t advert_version; /* 0: the same */
	uint8_t auth;
	const char *password;
	unsigned key_id; /* that it is signed with; 0: not signed */
	const char *source;
	int64_t interval_ns;
	const char *first; /* of its two addresses */
	uint8_t priority;
	enum advert_discard verdict;
};

#define NONE VIP_AUTHENTICATION_NONE
#define HMAC VIP_AUTHENTICATION_HMAC
#define PASSWORD VIP_AUTHENTICATION_PASSWORD

static const struct advert_case cases[] = {
	{.name = "as it should be", .version = 3, .authentication = NONE, .verdict = ADVERT_TAKEN},
	{.name = "our own, reflected", .version = 3, .source = "192.0.2.11", .verdict = ADVERT_REFLECTED},
	{.name = "through a router", .version = 3, .far = true, .verdict = ADVERT_BAD_TTL},
	{.name = "through a router, unicast but not signed",
		.version = 3,
		.unicast = true,
		.far = true,
		.verdict = ADVERT_BAD_TTL},
	{.name = "through a router, signed but not unicast",
		.version = 3,
		.authentication = HMAC,
		.key_id = 1,
		.far = true,
		.verdict = ADVERT_BAD_TTL},
	{.name = "through a router, unicast and signed",
		.version = 3,
		.authentication = HMAC,
		.key_id = 1,
		.unicast = true,
		.far = true,
		.verdict = ADVERT_TAKEN},
	{.name = "version 2 for a vip of version 3", .version = 3, .advert_version = 2, .verdict = ADVERT_BAD_VERSION},
	{.name = "version 3 for a vip of version 2", .version = 2, .advert_version = 3, .verdict = ADVERT_BAD_VERSION},
	{.name = "IPv6 for a vip of IPv4", .version = 3, .source = "fe80::12", .verdict = ADVERT_BAD_VRID},
	{.name = "unsigned where signatures are wanted",
		.version = 3,
		.authentication = HMAC,
		.verdict = ADVERT_BAD_AUTH},
	{.name = "unsigned while signatures are rolled out",
		.version = 3,
		.authentication = HMAC,
		.rollout = VIP_ROLLOUT_PERMISSIVE,
		.verdict = ADVERT_TAKEN},
	{.name = "unsigned before they are",
		.version = 3,
		.authentication = HMAC,
		.rollout = VIP_ROLLOUT_RECEIVE_ONLY,
		.verdict = ADVERT_TAKEN},
	{.name = "signed wrongly meanwhile",
		.version = 3,
		.authentication = HMAC,
		.rollout = VIP_ROLLOUT_RECEIVE_ONLY,
		.key_id = 2,
		.verdict = ADVERT_BAD_AUTH},
	{.name = "unsigned meanwhile, through a router",
		.version = 3,
		.authentication = HMAC,
		.rollout = VIP_ROLLOUT_PERMISSIVE,
		.unicast = true,
		.far = true,
		.verdict = ADVERT_BAD_TTL},
	{.name = "signed by a key that we lack",
		.version = 3,
		.authentication = HMAC,
		.key_id = 2,
		.verdict = ADVERT_BAD_AUTH},
	{.name = "signed", .version = 3, .authentication = HMAC, .key_id = 1, .verdict = ADVERT_TAKEN},
	{.name = "signed where nobody asks",
		.version = 3,
		.authentication = NONE,
		.key_id = 1,
		.verdict = ADVERT_TAKEN},
	{.name = "version 3: another interval is taken",
		.version = 3,
		.interval_ns = 2 * NS_PER_S,
		.verdict = ADVERT_TAKEN},
	{.name = "version 3: another list is taken", .version = 3, .first = "192.0.2.99", .verdict = ADVERT_TAKEN},
	{.name = "version 2", .version = 2, .verdict = ADVERT_TAKEN},
	{.name = "version 2: another interval is dropped",
		.version = 2,
		.interval_ns = 2 * NS_PER_S,
		.verdict = ADVERT_BAD_INTERVAL},
	{.name = "version 2: another list is dropped",
		.version = 2,
		.first = "192.0.2.99",
		.verdict = ADVERT_BAD_COUNT},
	{.name = "version 2: but not the owner's",
		.version = 2,
		.first = "192.0.2.99",
		.priority = 255,
		.verdict = ADVERT_TAKEN},
	{.name = "version 2: a password where none is wanted",
		.version = 2,
		.auth = 1,
		.password = "secret",
		.verdict = ADVERT_BAD_AUTH},
	{.name = "version 2: none where a password is wanted",
		.version = 2,
		.authentication = PASSWORD,
		.verdict = ADVERT_BAD_AUTH},
	{.name = "version 2: another type of authentication",
		.version = 2,
		.authentication = PASSWORD,
		.auth = 2,
		.password = "secret",
		.verdict = ADVERT_BAD_AUTH},
	{.name = "version 2: the wrong password",
		.version = 2,
		.authentication = PASSWORD,
		.auth = 1,
		.password = "Secret",
		.verdict = ADVERT_BAD_AUTH},
	{.name = "version 2: a longer password",
		.version = 2,
		.authentication = PASSWORD,
		.auth = 1,
		.password = "secrets",
		.verdict = ADVERT_BAD_AUTH},
	{.name = "version 2: the password",
		.version = 2,
		.authentication = PASSWORD,
		.auth = 1,
		.password = "secret",
		.verdict = ADVERT_TAKEN},
};

static void run_case(const struct advert_case *c)
{
	const struct prefix vips[] = {{ip_of("192.0.2.100"), 32}, {ip_of("192.0.2.101"), 32}};
	const struct ip sources[FAMILY_COUNT] = {ip_of("192.0.2.11"), ip_of("fe80::11")};
	const struct ip addresses[] = {ip_of("192.0.2.101"), ip_of(c->first != NULL ? c->first : "192.0.2.100")};
	const struct vip_conf conf = {
		.version = c->version,
		.rollout = c->rollout,
		.authentication = c->authentication,
		.password = "secret",
		.unicast = c->unicast,
		.advert_interval_ns = NS_PER_S,
		.addresses = vips,
		.address_count = ARRAY_LEN(vips),
		.has_ipv4 = true,
	};
	struct keyring ring = {0};
	struct key key = {.id = (uint8_t)c->key_id, .size = KEY_SIZE_MIN};
	uint8_t version = c->advert_version != 0 ? c->advert_version : c->version;
	struct advert advert = {
		.version = version,
		.vrid = 51,
		.priority = c->priority != 0 ? c->priority : 100,
		.interval_ns = c->interval_ns != 0 ? c->interval_ns : NS_PER_S,
		.addresses = addresses,
		.address_count = ARRAY_LEN(addresses),
	};
	uint8_t bytes[ADVERT_SIZE_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);
	struct ip source = ip_of(c->source != NULL ? c->source : "192.0.2.12");
	struct advert_packet packet = {.ttl = 255, .source = source, .destination = ip_of("192.0.2.11")};
	struct advert_received received;
	enum advert_discard verdict;

	ring.keys[1] = (struct key){.id = 1, .size = KEY_SIZE_MIN};
	packet.destination.family = source.family;
	advert_encode(
		&advert, &source, &packet.destination, ADVERT_CHECKSUM_MESSAGE, c->key_id != 0 ? &key : NULL, 1, &out);
	packet.bytes = bytes;
	packet.size = out.length;
	assert_int_equal(advert_decode(&packet, &received), ADVERT_TAKEN);
	received.far = c->far;
	received.auth = c->auth;
	if (c->password != NULL)
		memcpy(received.password, c->password, strlen(c->password));
	verdict = judge_advert(&conf, sources, &ring, &packet, &received);
	if (verdict != c->verdict)
		fail_msg("%s: %s, not %s", c->name, advert_discard_name(verdict), advert_discard_name(c->verdict));
}

static void adverts_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		run_case(&cases[i]);
}

#define RFC (1 << ADVERT_CHECKSUM_MESSAGE)
#define PSEUDO (1 << ADVERT_CHECKSUM_PSEUDO_HEADER)

static const struct {
	enum vip_checksum wanted;
	bool foreign;
	uint8_t heard;
	uint8_t sent;
} forms[] = {
	{VIP_CHECKSUM_AUTO, false, 0, RFC},
	{VIP_CHECKSUM_AUTO, true, 0, RFC | PSEUDO},
	{VIP_CHECKSUM_AUTO, true, PSEUDO, PSEUDO},
	{VIP_CHECKSUM_AUTO, true, RFC, RFC},
	{VIP_CHECKSUM_AUTO, false, PSEUDO, PSEUDO},
	{VIP_CHECKSUM_AUTO, false, RFC | PSEUDO, RFC | PSEUDO},
	{VIP_CHECKSUM_RFC9568, true, PSEUDO, RFC},
	{VIP_CHECKSUM_PSEUDO_HEADER, false, RFC, PSEUDO},
};

static void the_form_that_is_heard_is_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		assert_int_equal(forms_to_send(forms[i].wanted, forms[i].foreign, forms[i].heard), forms[i].sent);
	assert_string_equal(forms_name(RFC), "rfc9568");
	assert_string_equal(forms_name(PSEUDO), "pseudo-header");
	assert_string_equal(forms_name(RFC | PSEUDO), "both");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adverts_are_judged),
		cmocka_unit_test(the_form_that_is_heard_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

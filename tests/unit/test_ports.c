/* SPDX-License-Identifier: MIT */
#include "vrrpd/ports.h"

#include "tests/unit/unit.h"
#include "vrrpd/vip.h"

#include <stdio.h>
#include <string.h>

/* Vip i has VRID i % 250 + 1 on interface e(i / 250), the addresses 10.0.i and 10.1.i, and every third an IPv6 one. */
#define MANY 1000

static struct vip_conf confs[MANY];
static struct prefix addresses[MANY][3];
static char names[MANY / 250][8], vip_names[MANY][8];
static struct vip vips[MANY], *list[MANY];
static struct conf conf = {.vips = confs, .vip_count = MANY};

static struct ip address_of(size_t i, uint8_t k)
{
	return (struct ip){.family = AF_INET, .bytes = {10, k, (uint8_t)(i >> 8), (uint8_t)i}};
}

static int make(void **state)
{
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i / 250], sizeof names[0], "e%zu", i / 250);
		for (uint8_t k = 0; k < 2; k++)
			addresses[i][k].ip = address_of(i, k);
		addresses[i][2].ip =
			(struct ip){.family = AF_INET6, .bytes = {0xfd, [14] = (uint8_t)(i >> 8), (uint8_t)i}};
		/* Not in the order of the configuration. */
		snprintf(vip_names[i], sizeof vip_names[0], "v%zu", i * 7 % MANY);
		confs[i] = (struct vip_conf){
			.name = vip_names[i],
			.interface = names[i / 250],
			.vrid = (uint8_t)(i % 250 + 1),
			.addresses = addresses[i],
			.address_count = i % 3 == 0 ? 3 : 2,
			.has_ipv4 = true,
			.has_ipv6 = i % 3 == 0 && i < 250,
		};
		vips[i] = (struct vip){.conf = &confs[i]};
		list[i] = &vips[i];
	}
	return 0;
}

static void packets_find_their_vips(void **state)
{
	struct ports *ports = NULL;
	struct ip other = address_of(5, 9);

	(void)state;
	assert_int_equal(ports_new(&conf, &ports), 0);
	ports_settle(ports, list);
	assert_null(ports_find(ports, 0));
	for (int i = 0; i < MANY / 250; i++) {
		assert_null(ports_find(ports, 100 + i));
		ports_move(ports, vips[250 * i].port, 100 + i);
	}
	for (size_t i = 0; i < MANY; i++) {
		struct port *port = ports_find(ports, 100 + (int)i / 250);

		assert_ptr_equal(port, vips[i].port);
		assert_ptr_equal(ports_find_vip(ports, port, confs[i].vrid), &vips[i]);
		for (size_t k = 0; k < confs[i].address_count; k++) {
			assert_ptr_equal(ports_find_address(ports, &addresses[i][k].ip, NULL), &vips[i]);
			assert_null(ports_find_address(ports, &addresses[i][k].ip, &vips[i]));
		}
		assert_ptr_equal(ports_find_name(ports, vip_names[i]), &vips[i]);
		assert_null(ports_find_vip(ports, port, 0));
		assert_null(ports_find_vip(ports, port, 251));
	}
	assert_null(ports_find_name(ports, "v"));
	assert_null(ports_find_name(ports, "v1000"));
	assert_null(ports_find_address(ports, &other, NULL));
	assert_null(ports_find_address(ports, &addresses[1][2].ip, NULL));
	assert_true(vips[0].port->wants[FAMILY_IPV4] && vips[0].port->wants[FAMILY_IPV6]);
	assert_false(vips[999].port->wants[FAMILY_IPV6]);
	ports_free(ports);
	make(NULL);
}

static void an_address_of_two_finds_both(void **state)
{
	struct ports *ports = NULL;
	struct ip ip = address_of(7, 0);
	struct prefix former = addresses[700][0];

	(void)state;
	addresses[700][0].ip = ip;
	assert_int_equal(ports_new(&conf, &ports), 0);
	ports_settle(ports, list);
	assert_ptr_equal(ports_find_address(ports, &ip, NULL), &vips[7]);
	assert_ptr_equal(ports_find_address(ports, &ip, &vips[7]), &vips[700]);
	assert_null(ports_find_address(ports, &ip, &vips[700]));
	addresses[700][0] = former;
	ports_free(ports);
	make(NULL);
}

static void an_interface_that_moves_is_found_where_it_is(void **state)
{
	struct ports *ports = NULL;
	struct port *port;

	(void)state;
	assert_int_equal(ports_new(&conf, &ports), 0);
	ports_settle(ports, list);
	port = vips[0].port;
	for (int i = 1; i < 5000; i += 7) {
		ports_move(ports, port, i);
		port->joined[FAMILY_IPV4] = true;
		ports_move(ports, port, i);
		assert_true(port->joined[FAMILY_IPV4]);
		assert_ptr_equal(ports_find(ports, i), port);
		assert_null(ports_find(ports, i - 7));
		ports_move(ports, vips[300].port, i + 1);
		assert_ptr_equal(ports_find(ports, i + 1), vips[300].port);
		assert_false(vips[300].port->joined[FAMILY_IPV4]);
	}
	ports_move(ports, port, 0);
	assert_null(ports_find(ports, 0));
	assert_false(port->joined[FAMILY_IPV4]);
	ports_free(ports);
	make(NULL);
}

/* As status shows it. */
static uint64_t discarded(const struct vip *vip, enum advert_discard reason)
{
	return vip->counters.discarded[reason] + vip->port->discarded[reason];
}

static void what_is_known_goes_on_when_vips_come_and_go(void **state)
{
	struct ports *before = NULL, *after = NULL;
	struct conf fewer = {.vips = confs, .vip_count = 10};

	(void)state;
	assert_int_equal(ports_new(&fewer, &before), 0);
	ports_settle(before, list);
	ports_move(before, vips[0].port, 4);
	vips[0].port->joined[FAMILY_IPV4] = true;
	vips[0].port->discarded[ADVERT_BAD_VRID] = 5;
	vips[0].counters.discarded[ADVERT_BAD_VRID] += 2;
	assert_int_equal(ports_new(&conf, &after), 0);
	ports_settle(after, list);
	ports_free(before);
	assert_ptr_equal(ports_find(after, 4), vips[0].port);
	assert_ptr_equal(vips[249].port, vips[0].port);
	assert_true(vips[0].port->joined[FAMILY_IPV4]);
	assert_int_equal(discarded(&vips[0], ADVERT_BAD_VRID), 7);
	assert_int_equal(discarded(&vips[9], ADVERT_BAD_VRID), 5);
	assert_int_equal(discarded(&vips[10], ADVERT_BAD_VRID), 0);
	vips[0].port->discarded[ADVERT_BAD_VRID]++;
	assert_int_equal(discarded(&vips[10], ADVERT_BAD_VRID), 1);
	assert_int_equal(discarded(&vips[250], ADVERT_BAD_VRID), 0);
	ports_free(after);
	make(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_find_their_vips),
		cmocka_unit_test(an_address_of_two_finds_both),
		cmocka_unit_test(an_interface_that_moves_is_found_where_it_is),
		cmocka_unit_test(what_is_known_goes_on_when_vips_come_and_go),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}

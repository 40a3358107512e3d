/* SPDX-License-Identifier: MIT */
#include "vrrpd/peermsg.h"

#include "common/pure/text.h"
#include "common/system/crypto.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The places of a datagram's header, and where its body begins, with names of three letters and an echo. */
#define VERSION_AT 4
#define KIND_AT 5
#define KEY_ID_AT 6
#define STAMP_AT 8
#define REAL_AT (STAMP_AT + 16 + 16 + 8)
#define FROM_AT (REAL_AT + 8)
#define BODY_AT (FROM_AT + 4 + 4)
#define MAC_SIZE 16
/* With three vips and ten services, and nothing else. */
#define RANGE_AT (BODY_AT + 22 + 18 + 4 + 2 + 4)

static struct keyring ring;
static struct peermsg_keys keys;

static int make_keys(void **state)
{
	(void)state;
	for (unsigned id = 1; id <= 2; id++) {
		ring.keys[id] = (struct key){.id = (uint8_t)id, .size = 32};
		memset(ring.keys[id].bytes, (int)id, 32);
	}
	return peermsg_derive_keys(&ring, &keys);
}

static struct peer_message usual_heartbeat(void)
{
	return (struct peer_message){
		.kind = PEER_HEARTBEAT,
		.from = "lb1",
		.to = "lb2",
		.stamp = {UINT64_C(0x0123456789abcdef), 7},
		.echo = {UINT64_C(0xfedcba9876543210), 9},
		.sequence = UINT64_C(0x6800000080000000),
		.real_ns = INT64_C(1744830464500000000),
		.config_hash = "0123456789abcdef",
		.health = PEER_HEALTH_NOT_BOUND,
		.ready = true,
		.vip_count = 3,
		.vips =
			{
				{
					.id = peer_vip_id("mail", 52),
					.state = PEER_VIP_FAULT,
					.effective_priority = 1,
					.missing = true,
				},
				{
					.id = peer_vip_id("edge", 53),
					.state = PEER_VIP_BACKUP,
					.effective_priority = 254,
					.holds_back = true,
				},
				{
					.id = peer_vip_id("web", 51),
					.state = PEER_VIP_ACTIVE,
					.effective_priority = 150,
					.carrier = true,
					.lan_heard = true,
				},
			},
		.service_count = 10,
		.services_up = {0xa5, 0x02},
		.interval_ms = 100,
		.last_id = UINT32_MAX,
		.beat = 258,
	};
}

static struct peer_message usual_answer(void)
{
	struct peer_message message = {
		.kind = PEER_ANSWER,
		.from = "lb2",
		.to = "lb1",
		.stamp = {1, 2},
		.answer = {3, 4},
		.request = UINT64_C(0x1122334455667788),
		.vip = "web",
		.dry_run = true,
		.accepted = true,
		.reason = "a service is down that the peer has up",
	};

	return message;
}

struct datagram {
	uint8_t bytes[PEER_DATAGRAM_MAX];
	size_t size;
};

static struct datagram encode(const struct peer_message *message, unsigned key_id)
{
	struct datagram datagram;
	struct writer out = writer_of(datagram.bytes, sizeof datagram.bytes);

	peermsg_encode(message, peermsg_find_key(&keys, key_id), &out);
	assert_false(out.bad);
	datagram.size = out.length;
	return datagram;
}

static int decode(const struct datagram *datagram, struct peer_message *ret_message)
{
	return peermsg_decode(datagram->bytes, datagram->size, &keys, ret_message);
}

static void assert_same_header(const struct peer_message *a, const struct peer_message *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->from, b->from);
	assert_string_equal(a->to, b->to);
	assert_true(a->stamp.session == b->stamp.session && a->stamp.counter == b->stamp.counter);
	assert_true(a->echo.session == b->echo.session && a->echo.counter == b->echo.counter);
	assert_true(a->answer.session == b->answer.session && a->answer.counter == b->answer.counter);
	assert_true(a->sequence == b->sequence);
	assert_int_equal(a->real_ns, b->real_ns);
}

static void assert_same_heartbeat(const struct peer_message *a, const struct peer_message *b)
{
	assert_string_equal(a->config_hash, b->config_hash);
	assert_int_equal(a->health, b->health);
	assert_int_equal(a->ready, b->ready);
	assert_int_equal(a->vip_count, b->vip_count);
	for (size_t i = 0; i < a->vip_count; i++) {
		assert_int_equal(a->vips[i].id, b->vips[i].id);
		assert_int_equal(a->vips[i].state, b->vips[i].state);
		assert_int_equal(a->vips[i].effective_priority, b->vips[i].effective_priority);
		assert_int_equal(a->vips[i].carrier, b->vips[i].carrier);
		assert_int_equal(a->vips[i].lan_heard, b->vips[i].lan_heard);
		assert_int_equal(a->vips[i].missing, b->vips[i].missing);
		assert_int_equal(a->vips[i].holds_back, b->vips[i].holds_back);
	}
	assert_int_equal(a->service_count, b->service_count);
	assert_memory_equal(a->services_up, b->services_up, sizeof a->services_up);
	assert_int_equal(a->interval_ms, b->interval_ms);
	assert_true(a->first_id == b->first_id && a->last_id == b->last_id && a->beat == b->beat);
}

static void a_heartbeat_is_read_as_written(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram datagram = encode(&sent, 2);
	struct peer_message got;

	(void)state;
	/* The usual configuration's is small. */
	assert_true(datagram.size < 512);
	assert_int_equal(decode(&datagram, &got), 0);
	assert_same_header(&got, &sent);
	assert_same_heartbeat(&got, &sent);
	assert_int_equal(got.vips[0].id, peer_vip_id("mail", 52));
}

static void requests_are_read_as_written(void **state)
{
	static const enum peer_kind kinds[] = {PEER_ASK, PEER_OFFER, PEER_ANSWER};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (unsigned flags = 0; flags < 4; flags++) {
			struct peer_message sent = usual_answer();
			struct peer_message got;
			struct datagram datagram;

			sent.kind = kinds[i];
			sent.dry_run = flags & 1;
			sent.accepted = flags & 2;
			datagram = encode(&sent, 1);
			assert_int_equal(decode(&datagram, &got), 0);
			assert_same_header(&got, &sent);
			assert_true(got.request == sent.request);
			assert_string_equal(got.vip, sent.vip);
			assert_string_equal(got.reason, sent.reason);
			assert_int_equal(got.dry_run, sent.dry_run);
			assert_int_equal(got.accepted, sent.accepted);
		}
	}
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t first = ((const struct peer_vip *)a)->id, second = ((const struct peer_vip *)b)->id;

	return (first > second) - (first < second);
}

static void set_sizes(struct peer_message *message, size_t name_length, size_t vips, size_t services)
{
	memset(message->from, 'a', name_length);
	memset(message->to, 'b', name_length);
	message->from[name_length] = message->to[name_length] = '\0';
	message->answer = message->echo;
	message->vip_count = vips;
	for (size_t i = 0; i < vips; i++) {
		char name[PEER_NAME_MAX];

		snprintf(name, sizeof name, "vip-%zu", i);
		message->vips[i] = (struct peer_vip){.id = peer_vip_id(name, (uint8_t)i), .state = PEER_VIP_BACKUP};
	}
	qsort(message->vips, vips, sizeof message->vips[0], compare_ids);
	message->service_count = services;
	memset(message->services_up, 0x5a, services / 8);
}

static void large_pairs_fit(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct peer_message got;
	struct datagram datagram;
	size_t room;

	(void)state;
	/* With 500 services there is room for 180 vips. */
	set_sizes(&sent, 7, 0, 500);
	assert_true(peermsg_vip_room(&sent) >= 180);
	/* Of everything the most, and there is still some. */
	set_sizes(&sent, PEER_NAME_MAX - 1, 0, PEER_SERVICES_MAX);
	sent.probe_count = PEER_PROBES_MAX;
	for (size_t i = 0; i < PEER_PROBES_MAX; i++)
		sent.probes[i].answering.family = AF_INET6;
	sent.mac_count = PEER_MACS_MAX;
	room = peermsg_vip_room(&sent);
	assert_in_range(room, 16, PEER_VIPS_MAX);
	set_sizes(&sent, PEER_NAME_MAX - 1, room, PEER_SERVICES_MAX);
	datagram = encode(&sent, 1);
	assert_in_range(datagram.size, PEER_DATAGRAM_MAX - 6, PEER_DATAGRAM_MAX);
	assert_int_equal(decode(&datagram, &got), 0);
	assert_same_header(&got, &sent);
	assert_same_heartbeat(&got, &sent);
}

static void ids_of_many_vips_differ(void **state)
{
	struct peer_message message = usual_heartbeat();

	(void)state;
	set_sizes(&message, 3, PEER_VIPS_MAX, 0);
	for (size_t i = 0; i < PEER_VIPS_MAX; i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(message.vips[k].id, message.vips[i].id);
	}
	assert_int_not_equal(peer_vip_id("web", 51), peer_vip_id("web", 52));
	assert_int_not_equal(peer_vip_id("web", 51), peer_vip_id("bew", 51));
}

static void what_does_not_fit_is_told(void **state)
{
	struct peer_message message = usual_heartbeat();
	struct datagram whole = encode(&message, 1);
	uint8_t bytes[PEER_DATAGRAM_MAX];

	(void)state;
	for (size_t capacity = 0; capacity <= whole.size; capacity++) {
		struct writer out = writer_of(bytes, capacity);

		peermsg_encode(&message, &keys.keys[1], &out);
		assert_int_equal(out.bad, capacity < whole.size);
	}
}

static void what_was_changed_is_refused(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram good = encode(&sent, 1);
	struct peer_message got;

	(void)state;
	for (size_t bit = 0; bit < good.size * 8; bit++) {
		struct datagram datagram = good;

		datagram.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(decode(&datagram, &got), bit / 8 <= VERSION_AT ? -EBADMSG : -EACCES);
	}
	for (size_t size = 0; size < good.size; size++) {
		struct datagram datagram = good;

		datagram.size = size;
		assert_true(decode(&datagram, &got) < 0);
	}
}

static void keys_are_kept_apart(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram datagram = encode(&sent, 2);
	struct peermsg_keys few;
	struct peer_message got;

	(void)state;
	assert_memory_not_equal(keys.keys[1].bytes, keys.keys[2].bytes, PEERMSG_KEY_SIZE);
	/* Nothing here is signed by the pair key itself. */
	assert_memory_not_equal(keys.keys[1].bytes, ring.keys[1].bytes, PEERMSG_KEY_SIZE);
	/* What was in the place before is gone. */
	memset(&few, 2, sizeof few);
	assert_int_equal(peermsg_derive_keys(&ring, &few), 0);
	assert_memory_equal(&few, &keys, sizeof few);
	few.keys[2] = (struct peermsg_key){0};
	assert_int_equal(peermsg_decode(datagram.bytes, datagram.size, &few, &got), -EACCES);
	assert_null(peermsg_find_key(&keys, 0));
	assert_null(peermsg_find_key(&keys, 3));
	assert_null(peermsg_find_key(&keys, 256));
	assert_int_equal(peermsg_find_key(&keys, 2)->id, 2);
}

/* Signed well, and wrong inside: what a broken peer of ours could send. */

static void sign(struct datagram *datagram)
{
	const struct peermsg_key *key = peermsg_find_key(&keys, datagram->bytes[KEY_ID_AT]);
	uint8_t mac[SHA256_SIZE];

	assert_int_equal(
		crypto_hmac_sha256(key->bytes, PEERMSG_KEY_SIZE, datagram->bytes, datagram->size - MAC_SIZE, mac), 0);
	memcpy(datagram->bytes + datagram->size - MAC_SIZE, mac, MAC_SIZE);
}

static const struct {
	size_t at;
	uint8_t value;
	int result;
} wrong_inside[] = {
	{KIND_AT, PEER_KIND_COUNT - 1, -EBADMSG}, /* another kind's body */
	{KIND_AT, PEER_KIND_COUNT, -EBADMSG}, {KIND_AT, 255, -EBADMSG}, {REAL_AT, 0x80, -EBADMSG}, /* before 1970 */
	{REAL_AT, 0x7f, -EBADMSG}, /* so late that sums overflow */
	{FROM_AT, PEER_NAME_MAX, -EBADMSG}, {FROM_AT, 255, -EBADMSG}, {FROM_AT + 2, '\0', -EBADMSG},
	{BODY_AT + 1, PEER_HEALTH_COUNT, -EBADMSG}, {BODY_AT + 2, PEER_CONFIG_HASH_SIZE, -EBADMSG},
	{BODY_AT + 19, 2, -EBADMSG},    /* 512 vips more */
	{BODY_AT + 20, 4, -EBADMSG},    /* one vip more than there is */
	{BODY_AT + 21, 5, -EBADMSG},    /* too short a record */
	{BODY_AT + 21, 7, -EBADMSG},    /* too long a one */
	{BODY_AT + 22, 0x4d, -EBADMSG}, /* the first vip behind the second */
	{BODY_AT + 26, 4, -EBADMSG},    /* no such state */
	{BODY_AT + 26, 7, -EBADMSG},    /* no such state */
	{BODY_AT + 26, 0x80, 0},        /* the LAN is silent */
	{BODY_AT + 40, 0x10, -EBADMSG}, /* 4106 services */
	{BODY_AT + 41, 17, -EBADMSG},   /* more than there are */
	{RANGE_AT, 0x12, 0},            /* from just before the first vip on */
	{RANGE_AT, 0x13, -EBADMSG},     /* from behind it */
	{RANGE_AT + 4, 0x90, -EBADMSG}, /* to before the last one */
	{BODY_AT, 0xfe, 0},             /* flags of a later version */
};

static void what_is_wrong_inside_is_refused(void **state)
{
	struct peer_message sent = usual_heartbeat();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong_inside); i++) {
		struct datagram datagram = encode(&sent, 1);
		struct peer_message got = {.stamp = {.counter = 99}};
		int r;

		assert_int_not_equal(datagram.bytes[wrong_inside[i].at], wrong_inside[i].value);
		datagram.bytes[wrong_inside[i].at] = wrong_inside[i].value;
		sign(&datagram);
		r = decode(&datagram, &got);
		if (r != wrong_inside[i].result)
			fail_msg("row %zu: %d", i, r);
		assert_int_equal(got.stamp.counter, r < 0 ? 99 : 7);
	}
}

/* More vips than there is place for, all of them there. */
static void too_many_vips_are_refused(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram usual = encode(&sent, 1);
	struct datagram datagram;
	struct writer out = writer_of(datagram.bytes, sizeof datagram.bytes);
	struct peer_message got;

	(void)state;
	writer_bytes(&out, usual.bytes, BODY_AT + 19);
	writer_u16(&out, PEER_VIPS_MAX + 1);
	writer_u8(&out, 6);
	writer_zeros(&out, 6 * (PEER_VIPS_MAX + 1) + 2 + MAC_SIZE);
	assert_false(out.bad);
	datagram.size = out.length;
	sign(&datagram);
	assert_int_equal(decode(&datagram, &got), -EBADMSG);
}

static void requests_are_bounded(void **state)
{
	struct peer_message sent = usual_answer();
	struct datagram usual;
	struct datagram datagram;
	struct peer_message got;
	size_t vip_at;

	(void)state;
	memset(sent.reason, 'r', sizeof sent.reason - 1);
	usual = encode(&sent, 1);
	vip_at = usual.size - MAC_SIZE - sizeof sent.reason - strlen(sent.vip) - 1;
	assert_int_equal(usual.bytes[vip_at], strlen(sent.vip));
	/* A name of 64 bytes. */
	datagram = usual;
	datagram.bytes[vip_at] = PEER_NAME_MAX;
	datagram.bytes[vip_at + PEER_NAME_MAX + 1] = 5;
	sign(&datagram);
	assert_int_equal(decode(&datagram, &got), -EBADMSG);
	datagram = usual;
	datagram.bytes[vip_at] = PEER_NAME_MAX - 1;
	datagram.bytes[vip_at + PEER_NAME_MAX] = 5;
	sign(&datagram);
	assert_int_equal(decode(&datagram, &got), 0);
	assert_string_equal(got.reason, "rrrrr");
	datagram = usual;
	datagram.bytes[KIND_AT] = PEER_KIND_COUNT;
	sign(&datagram);
	assert_int_equal(decode(&datagram, &got), -EBADMSG);
}

static void no_session_is_zero(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram datagram;
	struct peer_message got;

	(void)state;
	sent.stamp.session = 0;
	datagram = encode(&sent, 1);
	assert_int_equal(decode(&datagram, &got), -EBADMSG);
}

static void probes_are_read_as_written(void **state)
{
	struct peer_message sent = usual_heartbeat(), got;
	struct datagram datagram;
	size_t at = RANGE_AT - 6;

	(void)state;
	sent.vips[0].lan_mute = true;
	sent.probe_count = 3;
	sent.probes[0] = (struct peer_probe){.id = sent.vips[1].id};
	sent.probes[1] = (struct peer_probe){.id = 7, .answering = {.family = AF_INET, .bytes = {192, 0, 2, 21}}};
	sent.probes[2] = (struct peer_probe){.id = 9, .answering = {.family = AF_INET6, .bytes = {0xfd, [15] = 1}}};
	datagram = encode(&sent, 1);
	assert_int_equal(decode(&datagram, &got), 0);
	assert_true(got.vips[0].lan_mute);
	assert_false(got.vips[1].lan_mute);
	assert_int_equal(got.probe_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct peer_probe *probe = peermsg_find_probe(&got, sent.probes[i].id);

		assert_ptr_equal(probe, &got.probes[i]);
		assert_true(ip_equal(&probe->answering, &sent.probes[i].answering));
	}
	assert_null(peermsg_find_probe(&got, 8));
	/* More than there may be, more than there are, and an address of no family. */
	for (size_t i = 0; i < 3; i++) {
		static const struct {
			size_t at;
			uint8_t value;
		} wrong[] = {{0, PEER_PROBES_MAX + 1}, {0, 4}, {5, 3}};
		struct datagram bad = datagram;

		bad.bytes[at + wrong[i].at] = wrong[i].value;
		sign(&bad);
		assert_int_equal(decode(&bad, &got), -EBADMSG);
	}
}

static void hardware_addresses_are_read_as_written(void **state)
{
	struct peer_message sent = usual_heartbeat(), got;
	size_t at = RANGE_AT - 5;
	struct datagram datagram;

	(void)state;
	sent.mac_count = 2;
	memcpy(sent.macs, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	datagram = encode(&sent, 1);
	assert_int_equal(decode(&datagram, &got), 0);
	assert_int_equal(got.probe_count, 0);
	assert_int_equal(got.mac_count, 2);
	assert_memory_equal(got.macs, sent.macs, 12);
	/* More than there may be, and more than there are. */
	for (uint8_t count = 3; count <= PEER_MACS_MAX + 1; count += PEER_MACS_MAX - 2) {
		struct datagram bad = datagram;

		bad.bytes[at] = count;
		sign(&bad);
		assert_int_equal(decode(&bad, &got), -EBADMSG);
	}
}

/* A later version has put two bytes into each vip's record, and appended some to the body. */
static void later_versions_are_understood(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram before = encode(&sent, 1);
	size_t first_vip = BODY_AT + 22;
	struct datagram later = {.size = 0};
	struct writer out = writer_of(later.bytes, sizeof later.bytes);
	struct peer_message got;

	(void)state;
	writer_bytes(&out, before.bytes, first_vip - 1);
	writer_u8(&out, 8);
	for (size_t i = 0; i < 3; i++) {
		writer_bytes(&out, before.bytes + first_vip + 6 * i, 6);
		writer_u16(&out, 0xffff);
	}
	writer_bytes(&out, before.bytes + first_vip + 18, before.size - MAC_SIZE - first_vip - 18);
	writer_u32(&out, 0xffffffff);
	writer_zeros(&out, MAC_SIZE);
	assert_false(out.bad);
	later.size = out.length;
	sign(&later);
	assert_int_equal(decode(&later, &got), 0);
	assert_same_header(&got, &sent);
	assert_same_heartbeat(&got, &sent);
}

/*
 * What two package versions must agree on: this changes only with PEER_VERSION. The MAC was made by other means: HKDF
 * (RFC 5869) of 32 bytes of 01 without a salt, and HMAC.
 */
static const char wire[] = "4c42565001000101"
			   "0123456789abcdef0000000000000007"
			   "fedcba98765432100000000000000009"
			   "68000000800000001836e2101dcd6500"
			   "036c6231036c6232"
			   "01011030313233343536373839616263646566"
			   "000306"
			   "12ad5d2c2301"
			   "4c1ee3a541fe"
			   "915cd0541a96"
			   "000aa502"
			   "000000000064"
			   "00000000ffffffff00000102"
			   "bcdf2d43f6376365d0927b6271567e20";

static void the_wire_stays_as_it_is(void **state)
{
	struct peer_message sent = usual_heartbeat();
	struct datagram datagram = encode(&sent, 1);
	uint8_t expected[256];
	size_t size;

	(void)state;
	assert_int_equal(hex_to_bytes(wire, strlen(wire), expected, sizeof expected, &size), 0);
	assert_int_equal(datagram.size, size);
	assert_memory_equal(datagram.bytes, expected, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heartbeat_is_read_as_written),
		cmocka_unit_test(requests_are_read_as_written),
		cmocka_unit_test(large_pairs_fit),
		cmocka_unit_test(ids_of_many_vips_differ),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(what_was_changed_is_refused),
		cmocka_unit_test(keys_are_kept_apart),
		cmocka_unit_test(what_is_wrong_inside_is_refused),
		cmocka_unit_test(too_many_vips_are_refused),
		cmocka_unit_test(requests_are_bounded),
		cmocka_unit_test(no_session_is_zero),
		cmocka_unit_test(probes_are_read_as_written),
		cmocka_unit_test(hardware_addresses_are_read_as_written),
		cmocka_unit_test(later_versions_are_understood),
		cmocka_unit_test(the_wire_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The first byte says whether the datagram is to be signed, since no fuzzer guesses a MAC: then the rest is what stands
 * before it, else the rest is the whole datagram.
 */
#include "tests/fuzz/fuzz.h"

#include "common/system/crypto.h"
#include "vrrpd/peer_session.h"
#include "vrrpd/roll.h"

#include <errno.h>
#include <string.h>

#define MAC_SIZE 16
#define KEY_ID_AT 6

static struct peermsg_keys keys;

static void make_keys(void)
{
	static struct keyring ring;

	for (unsigned id = 1; id < 3; id++) {
		ring.keys[id] = (struct key){.id = (uint8_t)id, .size = KEY_SIZE_MIN};
		memset(ring.keys[id].bytes, (int)id, KEY_SIZE_MIN);
	}
	FUZZ_CHECK(peermsg_derive_keys(&ring, &keys) == 0);
}

static size_t sign(uint8_t *bytes, size_t size)
{
	uint8_t mac[SHA256_SIZE];
	const struct peermsg_key *key = size > KEY_ID_AT ? peermsg_find_key(&keys, bytes[KEY_ID_AT]) : NULL;

	if (key == NULL)
		return size;
	FUZZ_CHECK(crypto_hmac_sha256(key->bytes, PEERMSG_KEY_SIZE, bytes, size, mac) == 0);
	memcpy(bytes + size, mac, MAC_SIZE);
	return size + MAC_SIZE;
}

static bool is_text(const char *text, size_t capacity)
{
	return memchr(text, '\0', capacity) != NULL;
}

static void check_message(const struct peer_message *got)
{
	FUZZ_CHECK((unsigned)got->kind < PEER_KIND_COUNT && (unsigned)got->health < PEER_HEALTH_COUNT);
	FUZZ_CHECK(got->vip_count <= PEER_VIPS_MAX && got->service_count <= PEER_SERVICES_MAX);
	for (size_t i = 0; i < got->vip_count; i++) {
		FUZZ_CHECK((unsigned)got->vips[i].state < PEER_VIP_STATE_COUNT);
		FUZZ_CHECK(i == 0 || got->vips[i - 1].id < got->vips[i].id);
		FUZZ_CHECK(roll_covers(got, got->vips[i].id));
	}
	FUZZ_CHECK(is_text(got->from, sizeof got->from) && is_text(got->to, sizeof got->to));
	FUZZ_CHECK(is_text(got->vip, sizeof got->vip) && is_text(got->reason, sizeof got->reason));
	FUZZ_CHECK(is_text(got->config_hash, sizeof got->config_hash));
	FUZZ_CHECK(got->stamp.session != 0 && got->real_ns >= 0);
}

/* Written anew it is read as the same. */
static void check_written_anew(const struct peer_message *got)
{
	static struct peer_message again;
	uint8_t bytes[PEER_DATAGRAM_MAX];
	struct writer out = writer_of(bytes, sizeof bytes);

	peermsg_encode(got, &keys.keys[1], &out);
	FUZZ_CHECK(!out.bad);
	FUZZ_CHECK(peermsg_decode(bytes, out.length, &keys, &again) == 0);
	FUZZ_CHECK(again.kind == got->kind && again.vip_count == got->vip_count && again.request == got->request);
	FUZZ_CHECK(strcmp(again.from, got->from) == 0 && strcmp(again.reason, got->reason) == 0);
	FUZZ_CHECK(memcmp(again.services_up, got->services_up, sizeof again.services_up) == 0);
	FUZZ_CHECK(again.last_id == got->last_id && again.first_id == got->first_id && again.beat == got->beat);
	FUZZ_CHECK(again.echo.session == got->echo.session && again.answer.counter == got->answer.counter);
}

/* Whatever an authentic datagram says, it is fresh at most once. */
static void check_session(const struct peer_message *got)
{
	struct peer_session session;
	struct peer_message own;
	enum peer_freshness first;

	peer_session_init(&session, 0x0101010101010101, NS_PER_S);
	peer_session_stamp(&session, (struct mono){NS_PER_S}, &own);
	first = peer_session_take(&session, got, (struct mono){NS_PER_S + 1});
	FUZZ_CHECK(first != PEER_OVERTAKEN);
	FUZZ_CHECK(first != PEER_FRESH || peer_session_take(&session, got, (struct mono){NS_PER_S + 2}) == PEER_OLD);
}

/* The roll stays in order and within its bounds, whatever is merged into whatever was there. */
static void check_roll(const struct peer_message *got)
{
	static struct roll roll;

	if (!roll_merge(&roll, got, (struct mono){1}))
		roll.count = 0;
	for (size_t i = 1; i < roll.count; i++)
		FUZZ_CHECK(roll.entries[i - 1].vip.id < roll.entries[i].vip.id);
	for (size_t i = 0; i < got->vip_count && roll.count > 0; i++)
		FUZZ_CHECK(roll_find(&roll, got->vips[i].id)->state == got->vips[i].state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer_message got;
	uint8_t bytes[PEER_DATAGRAM_MAX + 2 * MAC_SIZE];
	bool is_signed;
	int r;

	if (size < 1 || size - 1 > PEER_DATAGRAM_MAX + MAC_SIZE)
		return 0;
	if (keys.keys[1].id == 0)
		make_keys();
	is_signed = data[0] & 1;
	size--;
	memcpy(bytes, data + 1, size);
	if (is_signed)
		size = sign(bytes, size);
	r = peermsg_decode(bytes, size, &keys, &got);
	FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -EACCES);
	if (r == 0) {
		FUZZ_CHECK(size <= PEER_DATAGRAM_MAX);
		check_message(&got);
		check_written_anew(&got);
		check_session(&got);
		if (got.kind == PEER_HEARTBEAT)
			check_roll(&got);
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/peermsg.h"

#include "common/system/crypto.h"

#include <errno.h>
#include <string.h>

#define KEY_LABEL "lbpair vrrpd state-port"
#define MAGIC UINT32_C(0x4c425650) /* LBVP */
#define MAC_SIZE 16
#define KEY_ID_AT 6
#define VIP_RECORD_SIZE 6

/* The header's flags: which stamps are there. */
enum {
	HAS_ECHO = 1 << 0,
	HAS_ANSWER = 1 << 1,
};

/* Of a heartbeat. */
enum {
	HEARTBEAT_READY = 1 << 0,
};

/* Of a vip's record: the state in the low 3 bits. */
enum {
	VIP_STATE_MASK = 0x07,
	VIP_CARRIER = 1 << 3,
	VIP_LAN_HEARD = 1 << 4,
	VIP_MISSING = 1 << 5,
	VIP_HOLDS_BACK = 1 << 6,
	VIP_LAN_MUTE = 1 << 7,
};
static_assert(PEER_VIP_STATE_COUNT <= VIP_STATE_MASK + 1, "the state does not fit");

/* Of a request. */
enum {
	REQUEST_DRY_RUN = 1 << 0,
	REQUEST_ACCEPTED = 1 << 1,
};

uint32_t peer_vip_id(const char *name, uint8_t vrid)
{
	/* FNV-1a: few names, all of one's own configuration, so nothing worse than it is wanted. */
	uint32_t hash = (UINT32_C(2166136261) ^ vrid) * UINT32_C(16777619);

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT32_C(16777619);
	return hash;
}

const struct peer_probe *peermsg_find_probe(const struct peer_message *message, uint32_t id)
{
	for (size_t i = 0; i < message->probe_count; i++) {
		if (message->probes[i].id == id)
			return &message->probes[i];
	}
	return NULL;
}

/* Keys. */

int peermsg_derive_keys(const struct keyring *ring, struct peermsg_keys *ret_keys)
{
	memset(ret_keys, 0, sizeof *ret_keys);
	for (size_t id = 1; id < ARRAY_LEN(ring->keys); id++) {
		const struct key *key = &ring->keys[id];
		int r;

		if (key->id == 0)
			continue;
		r = crypto_derive(key->bytes, key->size, KEY_LABEL, ret_keys->keys[id].bytes, PEERMSG_KEY_SIZE);
		if (r < 0) {
			crypto_wipe(ret_keys, sizeof *ret_keys);
			return r;
		}
		ret_keys->keys[id].id = key->id;
	}
	return 0;
}

const struct peermsg_key *peermsg_find_key(const struct peermsg_keys *keys, unsigned id)
{
	return id < ARRAY_LEN(keys->keys) && keys->keys[id].id != 0 ? &keys->keys[id] : NULL;
}

static bool mac_of(const struct peermsg_key *key, const uint8_t *bytes, size_t size, uint8_t ret_mac[static MAC_SIZE])
{
	uint8_t full[SHA256_SIZE];

	if (crypto_hmac_sha256(key->bytes, sizeof key->bytes, bytes, size, full) < 0)
		return false;
	memcpy(ret_mac, full, MAC_SIZE);
	return true;
}

/* Encoding. */

static unsigned flag(bool is_set, int bit)
{
	return is_set ? (unsigned)bit : 0;
}

/* `capacity` is the field's, which the text ends within. */
static void write_text(struct writer *out, const char *text, size_t capacity)
{
	size_t length = strnlen(text, capacity);

	assert(length < capacity && length <= UINT8_MAX);
	writer_u8(out, (uint8_t)length);
	writer_bytes(out, text, length);
}

static void write_stamp(struct writer *out, const struct peer_stamp *stamp)
{
	writer_u64(out, stamp->session);
	writer_u64(out, stamp->counter);
}

static void write_vip(struct writer *out, const struct peer_vip *vip)
{
	unsigned flags = (unsigned)vip->state | flag(vip->carrier, VIP_CARRIER) | flag(vip->lan_heard, VIP_LAN_HEARD) |
			 flag(vip->missing, VIP_MISSING) | flag(vip->holds_back, VIP_HOLDS_BACK) |
			 flag(vip->lan_mute, VIP_LAN_MUTE);

	writer_u32(out, vip->id);
	writer_u8(out, (uint8_t)flags);
	writer_u8(out, vip->effective_priority);
}

static void write_probes(struct writer *out, const struct peer_message *message)
{
	assert(message->probe_count <= PEER_PROBES_MAX);
	writer_u8(out, (uint8_t)message->probe_count);
	for (size_t i = 0; i < message->probe_count; i++) {
		const struct peer_probe *probe = &message->probes[i];

		writer_u32(out, probe->id);
		writer_u8(out, (uint8_t)ip_size(&probe->answering));
		writer_bytes(out, probe->answering.bytes, ip_size(&probe->answering));
	}
}

static void write_macs(struct writer *out, const struct peer_message *message)
{
	assert(message->mac_count <= PEER_MACS_MAX);
	writer_u8(out, (uint8_t)message->mac_count);
	writer_bytes(out, message->macs, message->mac_count * PEER_MAC_SIZE);
}

static void write_heartbeat(struct writer *out, const struct peer_message *message)
{
	assert(message->vip_count <= PEER_VIPS_MAX && message->service_count <= PEER_SERVICES_MAX);
	writer_u8(out, (uint8_t)flag(message->ready, HEARTBEAT_READY));
	writer_u8(out, (uint8_t)message->health);
	write_text(out, message->config_hash, sizeof message->config_hash);
	writer_u16(out, (uint16_t)message->vip_count);
	writer_u8(out, VIP_RECORD_SIZE);
	for (size_t i = 0; i < message->vip_count; i++)
		write_vip(out, &message->vips[i]);
	writer_u16(out, (uint16_t)message->service_count);
	writer_bytes(out, message->services_up, (message->service_count + 7) / 8);
	write_probes(out, message);
	write_macs(out, message);
	writer_u32(out, message->interval_ms);
	writer_u32(out, message->first_id);
	writer_u32(out, message->last_id);
	writer_u32(out, message->beat);
}

static void write_request(struct writer *out, const struct peer_message *message)
{
	unsigned flags = flag(message->dry_run, REQUEST_DRY_RUN) | flag(message->accepted, REQUEST_ACCEPTED);

	writer_u8(out, (uint8_t)flags);
	writer_u64(out, message->request);
	write_text(out, message->vip, sizeof message->vip);
	write_text(out, message->reason, sizeof message->reason);
}

static void write_header(struct writer *out, const struct peer_message *message, uint8_t key_id)
{
	unsigned flags = flag(message->echo.session != 0, HAS_ECHO) | flag(message->answer.session != 0, HAS_ANSWER);

	writer_u32(out, MAGIC);
	writer_u8(out, PEER_VERSION);
	writer_u8(out, (uint8_t)message->kind);
	writer_u8(out, key_id);
	writer_u8(out, (uint8_t)flags);
	write_stamp(out, &message->stamp);
	if (flags & HAS_ECHO)
		write_stamp(out, &message->echo);
	if (flags & HAS_ANSWER)
		write_stamp(out, &message->answer);
	writer_u64(out, message->sequence);
	writer_u64(out, (uint64_t)message->real_ns);
	write_text(out, message->from, sizeof message->from);
	write_text(out, message->to, sizeof message->to);
}

size_t peermsg_vip_room(const struct peer_message *message)
{
	uint8_t bytes[PEER_DATAGRAM_MAX - MAC_SIZE];
	struct writer out = writer_of(bytes, sizeof bytes);
	struct peer_message bare = *message;

	/* Those are filled in for each path, and may come to be there. */
	bare.echo.session = bare.answer.session = 1;
	bare.vip_count = 0;
	write_header(&out, &bare, 0);
	write_heartbeat(&out, &bare);
	assert(!out.bad);
	return MIN((sizeof bytes - out.length) / VIP_RECORD_SIZE, (size_t)PEER_VIPS_MAX);
}

void peermsg_encode(const struct peer_message *message, const struct peermsg_key *key, struct writer *out)
{
	size_t start = out->length;
	uint8_t mac[MAC_SIZE];

	write_header(out, message, key->id);
	if (message->kind == PEER_HEARTBEAT)
		write_heartbeat(out, message);
	else
		write_request(out, message);
	if (out->bad || !mac_of(key, out->start + start, out->length - start, mac)) {
		out->bad = true;
		return;
	}
	writer_bytes(out, mac, sizeof mac);
}

/* Decoding. What cannot be is marked in the cursor, like what is missing. */

static void read_text(struct cursor *in, char *to, size_t capacity)
{
	size_t length = cursor_u8(in);
	const uint8_t *text = cursor_view(in, length);

	if (text == NULL || length >= capacity || memchr(text, '\0', length) != NULL) {
		in->bad = true;
		return;
	}
	memcpy(to, text, length);
	to[length] = '\0';
}

static struct peer_stamp read_stamp(struct cursor *in)
{
	struct peer_stamp stamp = {.session = cursor_u64(in)};

	stamp.counter = cursor_u64(in);
	if (stamp.session == 0)
		in->bad = true;
	return stamp;
}

static void read_vip(struct cursor *in, size_t record_size, struct peer_vip *vip)
{
	unsigned flags;

	vip->id = cursor_u32(in);
	flags = cursor_u8(in);
	vip->effective_priority = cursor_u8(in);
	cursor_skip(in, record_size - VIP_RECORD_SIZE);
	vip->carrier = flags & VIP_CARRIER;
	vip->lan_heard = flags & VIP_LAN_HEARD;
	vip->lan_mute = flags & VIP_LAN_MUTE;
	vip->missing = flags & VIP_MISSING;
	vip->holds_back = flags & VIP_HOLDS_BACK;
	if ((flags & VIP_STATE_MASK) >= PEER_VIP_STATE_COUNT)
		in->bad = true;
	else
		vip->state = (enum peer_vip_state)(flags & VIP_STATE_MASK);
}

static void read_vips(struct cursor *in, struct peer_message *message)
{
	size_t count = cursor_u16(in);
	size_t record_size = cursor_u8(in);

	if (count > PEER_VIPS_MAX || record_size < VIP_RECORD_SIZE) {
		in->bad = true;
		return;
	}
	message->vip_count = count;
	for (size_t i = 0; i < count && !in->bad; i++)
		read_vip(in, record_size, &message->vips[i]);
}

static void read_probe(struct cursor *in, struct peer_probe *probe)
{
	uint8_t size;

	probe->id = cursor_u32(in);
	size = cursor_u8(in);
	if (size != 0 && size != 4 && size != 16) {
		in->bad = true;
		return;
	}
	probe->answering.family = size == 4 ? AF_INET : size == 16 ? AF_INET6 : 0;
	cursor_bytes(in, probe->answering.bytes, size);
}

static void read_probes(struct cursor *in, struct peer_message *message)
{
	size_t count = cursor_u8(in);

	if (count > PEER_PROBES_MAX) {
		in->bad = true;
		return;
	}
	message->probe_count = count;
	for (size_t i = 0; i < count && !in->bad; i++)
		read_probe(in, &message->probes[i]);
}

static void read_macs(struct cursor *in, struct peer_message *message)
{
	size_t count = cursor_u8(in);

	if (count > PEER_MACS_MAX) {
		in->bad = true;
		return;
	}
	message->mac_count = count;
	cursor_bytes(in, message->macs, count * PEER_MAC_SIZE);
}

/* Which vips it speaks of; they come in order, so that a receiver need not look for them. */
static void read_range(struct cursor *in, struct peer_message *message)
{
	message->first_id = cursor_u32(in);
	message->last_id = cursor_u32(in);
	for (size_t i = 0; i < message->vip_count; i++) {
		uint32_t id = message->vips[i].id;

		if (id < message->first_id || id > message->last_id || (i > 0 && id <= message->vips[i - 1].id))
			in->bad = true;
	}
	if (message->first_id > message->last_id)
		in->bad = true;
}

static void read_heartbeat(struct cursor *in, struct peer_message *message)
{
	uint8_t health;

	message->ready = cursor_u8(in) & HEARTBEAT_READY;
	health = cursor_u8(in);
	read_text(in, message->config_hash, sizeof message->config_hash);
	read_vips(in, message);
	message->service_count = cursor_u16(in);
	if (health >= PEER_HEALTH_COUNT || message->service_count > PEER_SERVICES_MAX) {
		in->bad = true;
		return;
	}
	message->health = (enum peer_health)health;
	cursor_bytes(in, message->services_up, (message->service_count + 7) / 8);
	read_probes(in, message);
	read_macs(in, message);
	message->interval_ms = cursor_u32(in);
	read_range(in, message);
	message->beat = cursor_u32(in);
}

static void read_request(struct cursor *in, struct peer_message *message)
{
	uint8_t flags = cursor_u8(in);

	message->dry_run = flags & REQUEST_DRY_RUN;
	message->accepted = flags & REQUEST_ACCEPTED;
	message->request = cursor_u64(in);
	read_text(in, message->vip, sizeof message->vip);
	read_text(in, message->reason, sizeof message->reason);
}

/* What stands before the body; the key's id has been looked at. */
static void read_header(struct cursor *in, struct peer_message *message)
{
	uint8_t kind;
	uint8_t flags;
	uint64_t real_ns;

	cursor_skip(in, 5);
	kind = cursor_u8(in);
	cursor_skip(in, 1);
	flags = cursor_u8(in);
	message->stamp = read_stamp(in);
	if (flags & HAS_ECHO)
		message->echo = read_stamp(in);
	if (flags & HAS_ANSWER)
		message->answer = read_stamp(in);
	message->sequence = cursor_u64(in);
	real_ns = cursor_u64(in);
	read_text(in, message->from, sizeof message->from);
	read_text(in, message->to, sizeof message->to);
	if (kind >= PEER_KIND_COUNT || real_ns > INT64_MAX / 2) {
		in->bad = true;
		return;
	}
	message->kind = (enum peer_kind)kind;
	message->real_ns = (int64_t)real_ns;
}

/* Whether it is one of ours at all, and by whose key. */
static int authenticate(const uint8_t *bytes, size_t size, const struct peermsg_keys *keys)
{
	struct cursor in = cursor_of(bytes, size);
	uint32_t magic = cursor_u32(&in);
	uint8_t version = cursor_u8(&in);
	const struct peermsg_key *key;
	uint8_t mac[MAC_SIZE];

	if (size <= KEY_ID_AT + MAC_SIZE || size > PEER_DATAGRAM_MAX || magic != MAGIC || version != PEER_VERSION)
		return -EBADMSG;
	key = peermsg_find_key(keys, bytes[KEY_ID_AT]);
	if (key == NULL || !mac_of(key, bytes, size - MAC_SIZE, mac))
		return -EACCES;
	return crypto_equal(mac, bytes + size - MAC_SIZE, MAC_SIZE) ? 0 : -EACCES;
}

int peermsg_decode(const uint8_t *bytes, size_t size, const struct peermsg_keys *keys, struct peer_message *ret_message)
{
	struct peer_message message = {0};
	struct cursor in;
	int r = authenticate(bytes, size, keys);

	if (r < 0)
		return r;
	in = cursor_of(bytes, size - MAC_SIZE);
	read_header(&in, &message);
	if (message.kind == PEER_HEARTBEAT)
		read_heartbeat(&in, &message);
	else
		read_request(&in, &message);
	/* What is left over was appended by a later version. */
	if (in.bad)
		return -EBADMSG;
	*ret_message = message;
	return 0;
}

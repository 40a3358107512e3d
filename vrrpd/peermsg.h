/* SPDX-License-Identifier: MIT */
/*
 * The datagrams that the nodes' vrrpds exchange on the state port (DESIGN section 5.4): a codec, signed, versioned,
 * bounded. No I/O, no clock. Whether what came is fresh is the matter of peer_session.h.
 *
 * On the wire, in network order: "LBVP", version, kind, key id, flags; the session's numbers; the sender's sequence and
 * time; the two nodes' names; then what the kind asks for; at the end the first 16 bytes of an HMAC-SHA256 over all
 * before it (half of the hash, RFC 2104 section 5). The MAC's key is derived from the pair key (HKDF), so that nothing
 * signed here can pass for an advert. Names and texts are a length byte and the bytes.
 *
 * Two package versions talk to each other during an upgrade: a later one may append fields to a body, and to each vip's
 * record, whose size is on the wire; the earlier one passes over what it does not know. What cannot be passed over
 * raises PEER_VERSION, and then a node has to send the lower one until the peer has shown the higher.
 */
#ifndef LBPAIR_VRRPD_PEERMSG_H
#define LBPAIR_VRRPD_PEERMSG_H

#include "common/pure/addr.h"
#include "common/pure/cursor.h"
#include "common/system/keyring.h"

#define PEER_VERSION 1
#define PEER_NAME_MAX 64 /* with its NUL, as in all these */
#define PEER_REASON_MAX 160
/* Of one datagram; several speak of more (roll.h). */
#define PEER_VIPS_MAX 208
#define PEER_SERVICES_MAX 4096
/* Vips on one LAN are probed for by one of them. */
#define PEER_PROBES_MAX 16
#define PEER_MACS_MAX 32
#define PEER_MAC_SIZE 6
#define PEER_CONFIG_HASH_SIZE 17
/* The largest datagram that is ever made or taken: one frame, with the headers of a tunnel or two. */
#define PEER_DATAGRAM_MAX 1400

enum peer_kind {
	PEER_HEARTBEAT,
	PEER_ASK,    /* "give me this vip": from a backup whose operator wants it */
	PEER_OFFER,  /* "take this vip": from the active node */
	PEER_ANSWER, /* to an offer or an ask, by its request number */
	PEER_KIND_COUNT,
};

/* Best first (DESIGN section 5.5). */
enum peer_health {
	PEER_HEALTH_SERVING,
	PEER_HEALTH_NOT_BOUND,
	PEER_HEALTH_DEAD, /* lbd is dead or hung */
	PEER_HEALTH_COUNT,
};

enum peer_vip_state {
	PEER_VIP_INITIALIZE,
	PEER_VIP_BACKUP,
	PEER_VIP_ACTIVE,
	PEER_VIP_FAULT,
	PEER_VIP_STATE_COUNT,
};

struct peer_vip {
	uint32_t id; /* peer_vip_id of its name and VRID */
	enum peer_vip_state state;
	uint8_t effective_priority;
	bool carrier;    /* the interface has its carrier */
	bool lan_heard;  /* somebody outside the pair was heard on the vip's LAN within three intervals */
	bool lan_mute;   /* those asked on the vip's LAN do not answer, though others may be heard */
	bool missing;    /* a backup that reports missed adverts: asks the active one to probe its LAN */
	bool holds_back; /* claims nothing for a time: it resigned, or has just started */
};

/* Of a vip whose adverts a backup misses: the active node is to look whether it reaches its LAN. */
struct peer_probe {
	uint32_t id;
	struct ip answering; /* a host that answers the sender; family 0: none does */
};

/* What stands for a vip in a heartbeat: 6 bytes a vip, where names would make datagrams of several frames. */
uint32_t peer_vip_id(const char *name, uint8_t vrid);

/* One datagram of one session; {0, 0} is none. The counter grows with each datagram of the session, from 1. */
struct peer_stamp {
	uint64_t session; /* random, of the sender's start */
	uint64_t counter;
};

struct peer_message {
	enum peer_kind kind;
	char from[PEER_NAME_MAX]; /* node names: who got it looks whether it is meant */
	char to[PEER_NAME_MAX];
	struct peer_stamp stamp;  /* of this datagram */
	struct peer_stamp echo;   /* the newest of the receiver's that the sender has taken in */
	struct peer_stamp answer; /* the newest of a session of the receiver's that the sender does not know yet */
	uint64_t sequence;        /* the sender's last: adverts go on from there while its clock allows; 0: none */
	int64_t real_ns;          /* the sender's time of day */

	/* PEER_HEARTBEAT */
	char config_hash[PEER_CONFIG_HASH_SIZE];
	enum peer_health health;
	bool ready; /* listeners bound, each server checked */
	size_t vip_count;
	struct peer_vip vips[PEER_VIPS_MAX]; /* by id, each once */
	/* It speaks of all vips whose ids lie there: one that is not among `vips` the sender does not have. */
	uint32_t first_id;
	uint32_t last_id;
	uint32_t beat;                              /* which of the sender's heartbeats it is, or is a part of */
	size_t service_count;                       /* in the order of the configuration */
	uint8_t services_up[PEER_SERVICES_MAX / 8]; /* a bit each, the first is bit 0 of byte 0 */
	size_t probe_count;
	struct peer_probe probes[PEER_PROBES_MAX];
	size_t mac_count;
	uint8_t macs[PEER_MACS_MAX][PEER_MAC_SIZE]; /* of the interfaces of its vips: who the pair is on its LANs */
	unsigned interval_ms;                       /* so often the sender sends one; 0: it does not say */

	/* PEER_ASK, PEER_OFFER, PEER_ANSWER */
	uint64_t request; /* random; an answer repeats it */
	char vip[PEER_NAME_MAX];
	bool dry_run;                 /* only whether it would be done */
	bool accepted;                /* PEER_ANSWER */
	char reason[PEER_REASON_MAX]; /* PEER_ANSWER: why not */
};

/* NULL: the heartbeat asks for none. */
const struct peer_probe *peermsg_find_probe(const struct peer_message *message, uint32_t id);

/* How many vips the heartbeat has room for, beside what else it says. */
size_t peermsg_vip_room(const struct peer_message *message);

#define PEERMSG_KEY_SIZE 32

struct peermsg_key {
	uint8_t id; /* 0: no key in this place */
	uint8_t bytes[PEERMSG_KEY_SIZE];
};

/* The keys of these datagrams: derived once, since a derivation takes longer than a MAC. By id, as in the keyring. */
struct peermsg_keys {
	struct peermsg_key keys[256];
};

/* -EIO as crypto_derive. */
MUST_USE int peermsg_derive_keys(const struct keyring *ring, struct peermsg_keys *ret_keys);
/* NULL: there is no such key. */
const struct peermsg_key *peermsg_find_key(const struct peermsg_keys *keys, unsigned id);

/* Writes and signs the datagram. out->bad: it does not fit, or could not be signed. */
void peermsg_encode(const struct peer_message *message, const struct peermsg_key *key, struct writer *out);

/*
 * -EBADMSG: not such a datagram (length, magic, version, counts, unknown kinds and states, texts too long or with a
 * NUL, vips out of their order or range); -EACCES: the MAC is wrong or its key unknown. Nothing of an unauthentic
 * datagram is looked at but the key's id.
 */
MUST_USE int peermsg_decode(
	const uint8_t *bytes, size_t size, const struct peermsg_keys *keys, struct peer_message *ret_message);

#endif

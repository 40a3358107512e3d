/* SPDX-License-Identifier: MIT */
/*
 * The datagrams that the nodes' vrrpds exchange on the state port (DESIGN section 5.4): signed, versioned, bounded.
 * A codec and the session that proves freshness: no I/O, no clock.
 *
 * Freshness owes nothing to clocks: each datagram carries its sender's current nonce and echoes the receiver's. What
 * echoes a nonce of ours was made after we made that nonce; within a session the counter only grows.
 */
#ifndef LBPAIR_VRRPD_PEERMSG_H
#define LBPAIR_VRRPD_PEERMSG_H

#include "common/pure/cursor.h"
#include "common/pure/mono.h"
#include "common/system/keyring.h"

#define PEER_NAME_MAX 64
#define PEER_REASON_MAX 160
#define PEER_VIPS_MAX 256
#define PEER_SERVICES_MAX 4096
#define PEER_DATAGRAM_MAX 8192
#define PEER_CONFIG_HASH_SIZE 17

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
	char name[PEER_NAME_MAX];
	enum peer_vip_state state;
	uint8_t effective_priority;
	bool carrier;   /* the interface has its carrier */
	bool lan_heard; /* somebody outside the pair was heard on the vip's LAN within three intervals */
	bool missing;   /* a backup that reports missed adverts: asks the active one to probe its LAN */
	bool resigned;  /* gave the vip away and holds back */
};

struct peer_message {
	enum peer_kind kind;
	char from[PEER_NAME_MAX]; /* node names */
	char to[PEER_NAME_MAX];
	uint64_t session;  /* random, of the sender's start */
	uint64_t counter;  /* grows with each datagram of the session */
	uint64_t nonce;    /* the sender's challenge */
	uint64_t echo;     /* the newest nonce of the receiver that the sender knows; 0: none */
	uint64_t sequence; /* the sender's last signed advert's */
	int64_t real_ns;   /* the sender's time of day */

	/* PEER_HEARTBEAT */
	char config_hash[PEER_CONFIG_HASH_SIZE];
	enum peer_health health;
	bool ready; /* listeners bound, each server checked */
	size_t vip_count;
	struct peer_vip vips[PEER_VIPS_MAX];
	size_t service_count;                       /* in the order of the configuration */
	uint8_t services_up[PEER_SERVICES_MAX / 8]; /* a bit each, the first is bit 0 of byte 0 */

	/* PEER_ASK, PEER_OFFER, PEER_ANSWER */
	uint64_t request; /* random; an answer repeats it */
	char vip[PEER_NAME_MAX];
	bool dry_run;                 /* only whether it would be done */
	bool accepted;                /* PEER_ANSWER */
	char reason[PEER_REASON_MAX]; /* PEER_ANSWER: why not */
};

/* Writes and signs the datagram with a key that is derived from `key` (HKDF, its own label). out->bad: does not fit. */
void peermsg_encode(const struct peer_message *message, const struct key *key, struct writer *out);

/*
 * -EBADMSG: not such a datagram (length, magic, version, counts, unknown kinds, strings that do not end);
 * -EACCES: the MAC is wrong or its key unknown. Nothing of an unauthentic datagram is looked at but the key's id.
 */
MUST_USE int peermsg_decode(
	const uint8_t *bytes, size_t size, const struct keyring *ring, struct peer_message *ret_message);

/* One's side of the exchange with one peer. */
struct peer_session {
	uint64_t own_session;
	uint64_t own_counter;
	uint64_t nonce;          /* our current challenge */
	uint64_t previous_nonce; /* still accepted: datagrams cross */
	uint64_t peer_session;
	uint64_t peer_counter;
	uint64_t peer_nonce; /* to be echoed */
	bool peer_known;
};

enum peer_freshness {
	PEER_FRESH,
	PEER_GREETING, /* authentic, new or unknown session without our nonce: take its nonce, answer, believe nothing
			  else */
	PEER_OLD,      /* replayed, or of an ended session */
};

/* Random numbers come from the caller. */
void peer_session_init(struct peer_session *session, uint64_t own_session, uint64_t nonce);
/* Fills the message's session, counter, nonce and echo. */
void peer_session_stamp(struct peer_session *session, struct peer_message *message);
/* Judges an authentic message and takes its nonce and counter in where it may. */
MUST_USE enum peer_freshness peer_session_take(struct peer_session *session, const struct peer_message *message);
/* A new challenge; the one before stays good until the next. */
void peer_session_renew(struct peer_session *session, uint64_t nonce);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The VRRP advertisement: RFC 9568 section 5 (version 3), RFC 3768 section 5 (version 2, IPv4 alone), and the signed
 * trailer of draft-cassen-vrrp-auth-hmac. A codec: no I/O, no clock. The addresses' family is that of the packet.
 */
#ifndef LBPAIR_VRRPD_ADVERT_H
#define LBPAIR_VRRPD_ADVERT_H

#include "common/pure/addr.h"
#include "common/pure/cursor.h"
#include "common/system/keyring.h"

#define ADVERT_TTL 255
#define ADVERT_PROTOCOL 112
#define ADVERT_ADDRESSES_MAX 255
#define ADVERT_TRAILER_SIZE 28
/* The largest message: header, IPv6 addresses, trailer. */
#define ADVERT_SIZE_MAX (8 + 16 * ADVERT_ADDRESSES_MAX + ADVERT_TRAILER_SIZE)
/* Version 2 ends with so many bytes of authentication data. */
#define ADVERT_PASSWORD_SIZE 8

/* 5.2.8 was read in two ways for version 3 over IPv4; see VRRP implementations before RFC 9568. */
enum advert_checksum {
	ADVERT_CHECKSUM_MESSAGE,       /* RFC 9568: the message alone; and version 2 */
	ADVERT_CHECKSUM_PSEUDO_HEADER, /* keepalived up to 2.4.3 by default, FRR; and IPv6 */
	ADVERT_CHECKSUM_COUNT,
};

/* Authentication types of version 2 (RFC 2338 section 5.3.6; RFC 3768 has kept 0 alone). */
enum advert_auth {
	ADVERT_AUTH_NONE = 0,
	ADVERT_AUTH_PASSWORD = 1,
};

struct advert {
	uint8_t version; /* 3; or 2 */
	uint8_t vrid;
	uint8_t priority;
	/* Version 3: whole centiseconds, 1 to 4095 of them; version 2: whole seconds, 1 to 255. */
	int64_t interval_ns;
	const struct ip *addresses; /* of one family */
	size_t address_count;
	/* Version 2; NULL: no authentication. ADVERT_PASSWORD_SIZE bytes, padded with zeros. */
	const uint8_t *password;
};

/* Why an advert was not taken; the names are those of `status` (DESIGN: counters.discarded). */
enum advert_discard {
	ADVERT_TAKEN,
	ADVERT_BAD_TTL,
	ADVERT_BAD_LENGTH,
	ADVERT_BAD_VERSION,
	ADVERT_BAD_CHECKSUM,
	ADVERT_BAD_VRID,
	ADVERT_BAD_COUNT,
	ADVERT_BAD_INTERVAL,
	ADVERT_BAD_AUTH,
	ADVERT_REPLAYED,
	ADVERT_REFLECTED,
	ADVERT_DISCARD_COUNT,
};
/* "ttl", "length", …; "taken" for ADVERT_TAKEN. */
const char *advert_discard_name(enum advert_discard reason);

/*
 * Writes the message, and the trailer where `key` is not NULL (version 3). `source` and `destination` go into the MAC
 * and the pseudo-header; `form` is a choice for version 3 over IPv4 alone. out->bad is set when it does not fit.
 */
void advert_encode(const struct advert *advert, const struct ip *source, const struct ip *destination,
	enum advert_checksum form, const struct key *key, uint64_t sequence, struct writer *out);

/* Whether the address stands for many hosts. */
bool advert_is_group(const struct ip *ip);

/* An advert as received, before anybody has looked whose it is. */
struct advert_packet {
	const uint8_t *bytes; /* the VRRP message, behind the IP header */
	size_t size;
	uint8_t ttl;
	struct ip source;
	struct ip destination;
};

struct advert_received {
	uint8_t version;
	uint8_t vrid;
	uint8_t priority;
	int64_t interval_ns;
	enum advert_checksum checksum; /* the form that was right */
	bool far;                      /* sent to one node, and by way of a router: for the vip to judge */
	struct ip addresses[ADVERT_ADDRESSES_MAX];
	size_t address_count;
	bool is_signed; /* a trailer is there; its MAC was checked only by advert_verify */
	uint8_t key_id;
	uint64_t sequence;
	uint8_t auth; /* of version 2, with its data */
	uint8_t password[ADVERT_PASSWORD_SIZE];
};

/*
 * Reads everything that needs no knowledge of the vip, and checks it in the order of section 7.1: TTL, version and
 * type, length (with a trailer, without, nothing else), checksum in either form, VRID; then what the sections of the
 * fields say. A TTL below 255 is let pass (`far`) where the destination is no group. `ret_received` is written on
 * ADVERT_TAKEN only, but its vrid whenever the packet is long enough to hold one.
 */
MUST_USE enum advert_discard advert_decode(const struct advert_packet *packet, struct advert_received *ret_received);

/* Whether a trailer is there and its MAC is right under the ring's key of its id. `received` is of this packet. */
MUST_USE bool advert_verify(
	const struct advert_packet *packet, const struct advert_received *received, const struct keyring *ring);

/*
 * The sequence that stands for a time of day, in nanoseconds since 1970: seconds in the high 32 bits, then the 16-bit
 * fraction, counter 0. The seconds wrap in 2106, which serial arithmetic bears.
 */
uint64_t advert_sequence_of(int64_t real_ns);
/*
 * The next one to sign with: the larger of the clock's and `last` + 1, by serial arithmetic. A `last` that is over 5 s
 * ahead of the clock is dropped for the clock's, and so is 0: none.
 */
uint64_t advert_sequence_after(uint64_t last, uint64_t clock_sequence);
/* The time of day that a sequence stands for, in nanoseconds since 1970. */
int64_t advert_sequence_time(uint64_t sequence);

#endif

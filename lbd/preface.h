/* SPDX-License-Identifier: MIT */
/*
 * Prefaces: what a client has to send before a server is chosen for it, one row each. What has come is looked at where
 * it lies in the socket (MSG_PEEK); of that only what is ours is taken out, so that the server gets each byte that is
 * meant for it, in its place, without a buffer between. A preface is bounded: PREFACE_MAX bytes, and the time-out of
 * life.h.
 */
#ifndef LBPAIR_LBD_PREFACE_H
#define LBPAIR_LBD_PREFACE_H

#include "common/model/conf.h"
#include "lbd/flow.h"

struct snapshot_service;

/* In the order in which they come. */
enum preface_kind {
	PREFACE_PROXY,
	PREFACE_HELLO,
	PREFACE_COUNT,
};

/* A preface that has not ended by then is wrong, or none. */
#define PREFACE_MAX BUFFER_SIZE

/* What is known of the connection; the rows change it. */
struct preface {
	const struct snapshot_service *service;
	struct endpoint client;
	struct endpoint local; /* of family 0: what the socket itself says */
	uint32_t pool;         /* the slot of the one that it is routed to; SNAPSHOT_NO_POOL: it is not */
};

struct preface_ops {
	const char *name;
	/* A connection of which it does not come whole goes on without. */
	bool is_optional;
	/* Whether the service's clients may have to send it. */
	bool (*is_asked)(const struct service_conf *service);
	/* Whether this one, of whom nothing has been read yet, has to. */
	bool (*is_due)(const struct preface *preface);
	/*
	 * Looks at all that has come. 0: it is whole, and `preface` has what it says; `ret_length` of its bytes are not
	 * the server's. -EAGAIN: its end has not come. -EBADMSG: it is wrong.
	 */
	int (*read)(struct preface *preface, const uint8_t *bytes, size_t size, size_t *ret_length);
};

extern const struct preface_ops *const preface_table[PREFACE_COUNT];

extern const struct preface_ops preface_proxy;
extern const struct preface_ops preface_hello;

/* Sets of kinds, a bit each: what the service may ask for, and what of those `asked` is due from a client. */
uint8_t preface_asked(const struct service_conf *service);
uint8_t preface_due(const struct preface *preface, uint8_t asked);
/* Whether the connection goes on when nothing more comes. */
bool preface_is_optional(uint8_t due);
/*
 * Goes on with those that are `due`, which change with each that is whole; to be called after each event of the side.
 * 0: there is no more to come. -EAGAIN: there is. -EBADMSG: one is wrong, or the client has closed. -ENOMEM, or what
 * recv(2) says.
 */
MUST_USE int preface_run(struct preface *preface, uint8_t *due, const struct side *side, struct store *store);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Where clients come in: the sockets of all services, a socket for each worker on each endpoint. An entry is the list
 * of them for one configuration, and is immutable; the sockets of endpoints that stay go over from one to the next.
 * Both have counted references.
 */
#ifndef LBPAIR_LBD_ENTRY_H
#define LBPAIR_LBD_ENTRY_H

#include "lbd/counters.h"
#include "lbd/layout.h"

/* A worker's part, in a cache line of its own. */
struct entry_part {
	_Alignas(CHUNKS_ALIGN) int fd; /* -1: the worker has taken it */
	counter sessions;              /* UDP: that came in here and are open */
};

struct entry_socket {
	_Atomic unsigned references;
	uint64_t number; /* the later one has the greater */
	enum service_protocol protocol;
	struct endpoint endpoint;
	unsigned workers;
	struct entry_part parts[];
};

struct entry_listener {
	struct entry_socket *socket;
	uint32_t service;
	bool leaving;   /* UDP: only for the sessions that it has */
	bool fast_open; /* TCP */
};

struct entry {
	_Atomic unsigned references;
	uint64_t sockets_made; /* so far, in all entries */
	size_t count;
	struct entry_listener *listeners; /* in the order of their sockets' numbers */
};

/*
 * Binds what the layout has and `previous` (NULL: there is none) has not; from then on clients may come. Goes on after
 * a mistake, so that all are told: negative errno, and a line for each in `errors`.
 */
MUST_USE int entry_next(const struct entry *previous, const struct layout *layout, unsigned workers,
	struct entry **ret_entry, struct text *errors);
struct entry *entry_ref(struct entry *entry);
/* Accepts NULL. */
void entry_unref(struct entry *entry);

/* Tries whether all could be bound. */
MUST_USE int entry_probe(const struct conf *conf, struct text *errors);

/* Whether one is leaving. */
bool entry_is_leaving(const struct entry *entry);
/* Whether one that is leaving has no sessions any more. The next entry is without it. */
bool entry_has_left(const struct entry *entry);

struct entry_socket *entry_socket_ref(struct entry_socket *socket);
void entry_socket_unref(struct entry_socket *socket);

#endif

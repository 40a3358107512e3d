/* SPDX-License-Identifier: MIT */
/*
 * A worker's half of the UDP proxy, as its files share it. udp_proxy.c has the listeners and the row of forward_table,
 * udp_session.c the sessions, udp_answers.c what goes back to clients.
 *
 * A session is what one client port sends to one of our addresses. It has a socket of its own that is connected to its
 * server, whose answers so find their way back; the kernel's SO_REUSEPORT deals clients out to workers by their address
 * and port, so that a session stays with one worker.
 */
#ifndef LBPAIR_LBD_UDP_H
#define LBPAIR_LBD_UDP_H

#include "lbd/admission.h"
#include "lbd/forward.h"
#include "lbd/gates.h"
#include "lbd/picker.h"
#include "lbd/slab.h"
#include "lbd/udp_batch.h"
#include "lbd/udp_life.h"
#include "lbd/udp_table.h"
#include "lbd/wheel.h"

struct udp;

struct udp_listener {
	struct loop_io io;
	struct udp *udp;
	struct list link;            /* in `listeners` of the whole */
	struct entry_socket *socket; /* a reference */
	int fd;
	uint32_t service;
	bool leaving;         /* no new sessions */
	struct ip address;    /* the unspecified one: all of this host's */
	uint8_t answer_group; /* in the batch of answers */
	uint32_t drops_seen;  /* of those that the kernel counts */
};

struct udp {
	struct forward_env env;
	const struct snapshot *snapshot; /* borrowed from the worker */
	struct list listeners;           /* in the order of their numbers */
	const struct entry *entry;       /* that they follow; NULL: none, or not wholly */
	uint64_t yields_seen;            /* the highest revision that has been carried out */
	uint64_t closings_seen;
	uint64_t lots; /* the sequence of sessions' lots */
	struct mono drops_read_at;

	/* Before there is a listener there is none of what follows. */
	bool ready;
	struct picker *picker;
	struct admission admission;
	struct wheel wheel;
	struct slab sessions;
	struct udp_table table;
	struct udp_batch *requests;
	struct mono pressure_logged_at;

	struct udp_batch *answers;
	unsigned answer_count;
	struct udp_groups answer_groups;
	struct loop_timer answer_timer;
};

/* Servers that a session remembers as tried; with more retries than that it may come back to the first. */
#define UDP_TRIED_MAX 6
#define UDP_NO_SERVER UINT32_MAX

struct udp_session {
	struct udp *udp;
	struct udp_entry entry;
	struct udp_listener *listener;
	uint32_t service;  /* its slot; a listener may come to serve another one */
	struct loop_io io; /* towards the server; not added: there is none at the moment */
	struct wheel_timer timer;
	struct udp_life life;
	union udp_peer client;
	struct mono began;
	uint32_t last_server;    /* the slot of the one that it had last, or UDP_NO_SERVER */
	struct picker_hold hold; /* of the server */
	uint64_t bytes_in;       /* sent to servers */
	uint64_t bytes_out;      /* from servers, to be sent to the client */
	struct gates_pass pass;
	sources_key counted;   /* in the client's share */
	uint64_t lot;          /* by which it draws its pool, where sources do not decide */
	uint8_t request_group; /* in the batch at hand */
	uint8_t tried_count;
	uint32_t tried[UDP_TRIED_MAX];
};

/* The key of the session that the client's datagram belongs to. */
void udp_session_key(const struct udp_listener *listener, const struct udp_datagram *datagram, struct udp_key *ret_key);
/* NULL: it is refused for want of room, which has been counted. */
struct udp_session *udp_session_open(
	struct udp_listener *listener, const struct udp_key *key, const struct udp_datagram *datagram);
/* Sends what the client has sent; the session may be gone afterwards. */
void udp_session_send(struct udp_session *session, const uint8_t *places, unsigned count);
void udp_session_end(struct udp_session *session, enum end_cause cause);
/* For the wheel. */
void udp_session_on_time(struct wheel_timer *timer, void *context);
/* Another configuration has come, with limits at which the session may have to be counted. */
void udp_session_count_late(struct udp_session *session);
/* For a census. */
census_fn udp_session_describe;
/* Whether the client speaks to `address`. */
bool udp_session_is_local_to(const struct udp_session *session, const struct ip *address);

/*
 * Room for answers: how many, one at least, from which place of udp->answers on. What is there is put in order by
 * udp_answers_add, place by place without a gap, and goes out at the end of the round.
 */
unsigned udp_answers_room(struct udp *udp, unsigned *ret_from);
void udp_answers_add(struct udp_session *session, unsigned place);
void udp_answers_send(struct udp *udp);

/* Of the sessions that came in here. */
static inline counter *udp_sessions(const struct udp_listener *listener)
{
	return &listener->socket->parts[listener->udp->env.worker].sessions;
}

static inline struct service_counters *udp_counters(const struct udp_listener *listener)
{
	return counters_service(listener->udp->env.counters, listener->service);
}

#endif

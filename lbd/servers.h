/* SPDX-License-Identifier: MIT */
/*
 * The servers as they are on this node: health by their checks, and what the operator decided. They stand by their
 * slots (layout.h).
 */
#ifndef LBPAIR_LBD_SERVERS_H
#define LBPAIR_LBD_SERVERS_H

#include "common/pure/mono.h"
#include "lbd/check.h"
#include "lbd/layout.h"
#include "lbd/outlier.h"
#include "lbd/runtime.h"
#include "lbd/score.h"

struct server {
	const struct pool_conf *pool;   /* NULL: the slot is free */
	const struct server_conf *conf; /* this, the pool and the name are the layout's */
	const char *name;               /* POOL/SERVER */
	uint32_t pool_slot;
	bool leaving;
	struct score score;
	enum admin_state admin;
	unsigned weight; /* what it is configured to be, or what was decided */
	bool unresolved; /* it has a name, and no address */
	bool absent;     /* and the name has others, or may come to have: nobody is to hear of it */
	bool usable;
	struct mono since;                 /* it became usable; MONO_NEVER: it has been so from the start */
	char check[CHECK_RESULT_TEXT_MAX]; /* the last result; "" before the first */
	uint64_t checks;                   /* made; this and the next two without the agent's */
	uint64_t checks_failed;
	int64_t check_ns; /* what the last one took */
	struct outlier outlier;
	bool failures_seen;
	uint64_t failures;                      /* of clients' connections, as counted last */
	struct agent_words agent;               /* what the agent has said so far */
	char agent_text[CHECK_RESULT_TEXT_MAX]; /* its last answer; "" before the first */
	int64_t certificate_until_s;            /* as the check saw it last; 0: it has seen none */
	bool lookup_failing;                    /* the last one did */
	uint64_t lookups;                       /* of its name */
	uint64_t lookups_failed;
	uint64_t moves; /* from one address to another */
};

struct servers {
	const struct layout *layout;
	struct server *list;
	size_t count;
	size_t unchecked;  /* those whose first verdict is outstanding */
	unsigned *weights; /* by slot, as the next, which servers_shares brings up to date */
	unsigned *shares;
	struct endpoint *addresses; /* by slot; of family 0 where a name has not been resolved, or there is a path */
	uint64_t *pool_revisions;
	size_t pool_count;
	uint64_t revision; /* counts up whenever a share may have changed */
};

/*
 * The servers of the layout, which must outlive them. What is known of those that were there under `previous` (NULL:
 * there is none) is taken over; `previous` stays as it is. -ENOMEM.
 */
MUST_USE int servers_next(const struct servers *previous, const struct layout *layout, const struct runtime *runtime,
	struct mono now, struct servers **ret_servers);
/* Accepts NULL. */
void servers_free(struct servers *servers);

/* One that was leaving has left: its slot is free. */
void servers_forget(struct servers *servers, uint32_t slot);

/* NULL: there is none of that name. */
struct server *servers_find(struct servers *servers, const char *name);
void servers_note_check(
	struct servers *servers, uint32_t slot, const struct check_result *result, const char *text, struct mono now);
void servers_set_admin(struct servers *servers, struct server *server, enum admin_state admin, struct mono now);
void servers_set_weight(struct servers *servers, struct server *server, unsigned weight);
/* How many of clients' connections have failed at the server, from the start on. For servers of pools with `outlier`.
 */
void servers_note_failures(struct servers *servers, uint32_t slot, uint64_t failures, struct mono now);
/*
 * What came of looking its name up: the address it has by then (of family 0: none), or NULL and why there is no answer.
 * A server that has no address yet is down; one that has keeps it where there is no answer. Its health by another
 * address begins with the next check's result. True: its address has changed.
 */
bool servers_note_lookup(
	struct servers *servers, uint32_t slot, const struct ip *address, const char *why, struct mono now);
/* How many of the pool of that slot there are, without those that are absent. */
size_t servers_present(const struct servers *servers, uint32_t pool);
/* Where new connections to it go; where nothing is known yet, as the configuration has it. */
const char *servers_address(const struct servers *servers, uint32_t slot, char text[static SERVER_ADDRESS_TEXT_MAX]);
/* By its checks, its agent and whether it has an address. */
enum health servers_health(const struct server *server);
/* Whether its connections are reset when it goes down. */
bool servers_resets_when_down(const struct server *server);
/* What of its weight each server gets, by slot. */
const unsigned *servers_shares(struct servers *servers, struct mono now);
/* When to ask for them again though nothing has happened; MONO_NEVER: no server is in its slow start. */
struct mono servers_next_step(const struct servers *servers, struct mono now);
/* Whether a new connection to the pool of that slot would find a server, one for backup included. */
bool servers_pool_is_up(const struct servers *servers, uint32_t pool);

#endif

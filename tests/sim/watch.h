/* SPDX-License-Identifier: MIT */
/*
 * What must hold at every moment of a run. Each rule is a condition that may last for a bounded time only; the bounds
 * are derived from DESIGN sections 5 and 7, beside each row in watch.c.
 */
#ifndef LBPAIR_TESTS_SIM_WATCH_H
#define LBPAIR_TESTS_SIM_WATCH_H

#include "tests/sim/node.h"

enum watch_rule {
	WATCH_DOUBLE,    /* two nodes that can hear each other hold the vip */
	WATCH_HELPLESS,  /* a node holds it whose vrrpd gets no time */
	WATCH_GUARDED,   /* the same, and its guardian does */
	WATCH_NONE,      /* nobody holds it, and somebody could */
	WATCH_GOODBYE,   /* the active node said goodbye, and this one could follow */
	WATCH_NEIGHBOUR, /* a neighbour looks for the vip where it is not, although it is elsewhere */
	WATCH_PARTED,    /* another vip of its group is active elsewhere */
	WATCH_RULE_COUNT,
};

/* For how long a rule asked nothing of anybody: the sum over the vips. */
enum watch_exempt {
	WATCH_EXEMPT_LOSSY,    /* packets are lost: two nodes may hold it */
	WATCH_EXEMPT_DOUBTED,  /* an advert cannot show that it is fresh: who hears it need not give way */
	WATCH_EXEMPT_UNABLE,   /* nobody holds it, and nobody could */
	WATCH_EXEMPT_UNHEALED, /* something is wrong: a neighbour need not know where it is */
	WATCH_EXEMPT_UNTOLD,   /* nobody says that it is back: nor then */
	WATCH_EXEMPT_END,      /* the whole run's: its end was in doubt, and was not looked at */
	WATCH_EXEMPT_COUNT,
};

#define WATCH_TEXT_MAX 200
#define WATCH_OWNERS_MAX 16

/* Of one vip. */
struct watch_vip {
	struct mono since[WATCH_RULE_COUNT][SIM_NODES_MAX]; /* {0}: the condition does not hold */
	int64_t bound_ns[WATCH_RULE_COUNT][SIM_NODES_MAX];  /* as it was when the condition began */
	uint64_t claims_seen[SIM_NODES_MAX];
	unsigned claims_since; /* anything happened to the nodes or the networks */
	struct mono able_since[SIM_NODES_MAX];
	struct mono none_since;
	/* For the scenarios: who claimed, "1" for lb1; the longest times that none and that two had the vip. */
	char owners[WATCH_OWNERS_MAX];
	struct mono outage_since;
	struct mono double_since;
	int64_t outage_ns;
	int64_t double_ns;
};

struct sim_watch {
	struct watch_vip vips[SIM_VIPS_MAX];
	struct mono healed_since;
	struct mono looked_at;
	bool exempt[SIM_VIPS_MAX][WATCH_EXEMPT_COUNT]; /* since then */
	int64_t lived_ns;
	int64_t exempt_ns[WATCH_EXEMPT_COUNT];
	bool was_lossy; /* until then */
	int64_t longest_ns[WATCH_RULE_COUNT];
	uint64_t begun[WATCH_RULE_COUNT]; /* how often its condition came about */
	unsigned most_claims;
	bool failed;
	char text[WATCH_TEXT_MAX];
};

void watch_init(struct sim_watch *watch);
/* The run has failed; of several failures the first one counts. */
void watch_fail(struct sim_watch *watch, const struct sim *sim, const char *format, ...) PRINTF_LIKE(3, 4);
/* A fault begins or ends: the vip may move. */
void watch_disturb(struct sim_watch *watch);
/* After each step. */
void watch_look(struct sim_watch *watch, const struct sim *sim);
/* When all faults have been over for long: who is active is who should be, and everybody knows. */
void watch_end(struct sim_watch *watch, const struct sim *sim);
const char *watch_rule_name(enum watch_rule rule);
const char *watch_exempt_name(enum watch_exempt exempt);
/* What share of the vips' time it may be in many runs, in percent. */
double watch_exempt_limit(enum watch_exempt exempt);

#endif

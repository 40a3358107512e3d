/* SPDX-License-Identifier: MIT */
/*
 * The state machine as traces: each row is an event at a time, and what must come of it. Intervals are 100 ms; this
 * node has priority 150 where a trace says nothing else, so its skew is 41.4 ms and its Active_Down_Interval 341.4 ms.
 */
#include "vrrpd/fsm.h"

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <string.h>

#define MS NS_PER_MS
#define INTERVAL (100 * MS)

/* What a row expects to be done. */
#define NOTHING 0u
#define CLAIM (VRRP_DO_INSTALL | VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE)
#define LEAVE (VRRP_DO_REMOVE | VRRP_DO_ADVERT)

enum fact {
	FACT_NONE,
	FACT_LINK_DOWN,
	FACT_LINK_UNNAMED,
	FACT_LINK_UP,
	FACT_UNBOUND,
	FACT_NOT_READY,
	FACT_READY,
	FACT_PEER_HOLDS_ON_LAN,
	FACT_PEER_HOLDS_ELSEWHERE,
	FACT_PEER_SICKER,
	FACT_PEER_WELL,
	FACT_PRIORITY_1,
	FACT_HOLD_BACK_UNTIL_2S,
	FACT_TRACKED_FAULT,
	FACT_MAINTENANCE,
	FACT_LAN_DEAD,
	FACT_GROUP_FAULT,
	FACT_GROUP_UNREADY,
	FACT_GROUP_ELSEWHERE,
	FACT_TRACKED_UNSURE,
	FACT_PENALTY_60,
	FACT_PEER_PENALISED,
	FACT_WEIGH_500MS,
};

struct row {
	int at_ms;
	enum vrrp_event_kind kind;
	int priority;          /* VRRP_EVENT_ADVERT */
	enum fact fact;        /* VRRP_EVENT_FACTS */
	enum vrrp_state state; /* afterwards */
	unsigned todo;
	int advert_priority; /* where an advert is due */
	int lost_at_ms;      /* VRRP_EVENT_TICK: when adverts were last lost; 0: never */
};

struct trace {
	const char *name;
	int own_priority; /* 0: 150 */
	bool no_preempt;
	int preempt_delay_ms;
	int start_delay_ms;
	bool yielding;
	const char *peer_address; /* NULL: 192.0.2.12, above our 192.0.2.11 */
	int version;              /* 0: 3 */
	struct row rows[12];
};

#define START(todo) \
	{ \
		0, VRRP_EVENT_START, 0, FACT_NONE, VRRP_BACKUP, todo, 0, 0 \
	}
#define ADVERT(at, priority, state, todo) \
	{ \
		at, VRRP_EVENT_ADVERT, priority, FACT_NONE, state, todo, 150, 0 \
	}
#define TICK(at, state, todo) \
	{ \
		at, VRRP_EVENT_TICK, 0, FACT_NONE, state, todo, 150, 0 \
	}
#define LOSSY_TICK(at, lost_at, state, todo) \
	{ \
		at, VRRP_EVENT_TICK, 0, FACT_NONE, state, todo, 150, lost_at \
	}
#define FACT(at, fact, state, todo) \
	{ \
		at, VRRP_EVENT_FACTS, 0, fact, state, todo, 0, 0 \
	}
#define EVENT(at, kind, state, todo) \
	{ \
		at, kind, 0, FACT_NONE, state, todo, 0, 0 \
	}
#define EVENT_ADVERT(at, kind, state, todo, advert) \
	{ \
		at, kind, 0, FACT_NONE, state, todo, advert, 0 \
	}

static const struct trace traces[] = {
	{"nobody is heard: claimed after Active_Down_Interval", .rows = {
		START(NOTHING),
		TICK(341, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		TICK(442, VRRP_ACTIVE, VRRP_DO_ADVERT),
	}},
	{"the owner claims at once", .own_priority = 255, .rows = {
		{0, VRRP_EVENT_START, 0, FACT_NONE, VRRP_ACTIVE, CLAIM, 255, 0},
	}},
	{"an advert restarts the timer", .rows = {
		START(NOTHING),
		ADVERT(300, 200, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		TICK(641, VRRP_BACKUP, NOTHING),
		TICK(642, VRRP_ACTIVE, CLAIM),
	}},
	{"adverts that were lost put a claim off, once in a silence", .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(442, 300, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(782, 700, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(784, 700, VRRP_ACTIVE, CLAIM),
	}},
	{"each silence has its own", .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(442, 300, VRRP_BACKUP, NOTHING),
		ADVERT(500, 200, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(842, 700, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(1183, 1000, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(1184, 1000, VRRP_ACTIVE, CLAIM),
	}},
	{"what was lost before the last advert was heard puts nothing off", .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(442, 50, VRRP_ACTIVE, CLAIM),
	}},
	{"nor what was lost after priority 0", .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		ADVERT(150, 0, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(192, 180, VRRP_ACTIVE, CLAIM),
	}},
	{"nor beside a weaker node that is still heard", .rows = {
		START(NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		ADVERT(200, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		LOSSY_TICK(342, 320, VRRP_ACTIVE, CLAIM),
	}},
	{"a backup accepts an equal priority whatever the address", .peer_address = "192.0.2.1", .rows = {
		START(NOTHING),
		ADVERT(300, 150, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
	}},
	{"a start waits for adverts that may yet prove fresh, but not for ever",
	 .rows = {
		START(NOTHING),
		EVENT(300, VRRP_EVENT_STALE, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		TICK(641, VRRP_BACKUP, NOTHING),
		EVENT(641, VRRP_EVENT_STALE, VRRP_BACKUP, NOTHING),
		EVENT(900, VRRP_EVENT_STALE, VRRP_BACKUP, NOTHING),
		EVENT(1200, VRRP_EVENT_STALE, VRRP_BACKUP, NOTHING),
		TICK(1365, VRRP_BACKUP, NOTHING),
		TICK(1366, VRRP_ACTIVE, CLAIM),
	}},
	{"what is stale delays no claim later on",
	 .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		EVENT(400, VRRP_EVENT_STALE, VRRP_BACKUP, NOTHING),
		TICK(442, VRRP_ACTIVE, CLAIM),
	}},
	{"priority 0 costs the skew alone, and only once", .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		ADVERT(150, 0, VRRP_BACKUP, NOTHING),
		EVENT(180, VRRP_EVENT_PEER_GONE, VRRP_BACKUP, NOTHING),
		TICK(191, VRRP_BACKUP, NOTHING),
		TICK(192, VRRP_ACTIVE, CLAIM),
	}},
	{"the peer's word that it has gone is as good as priority 0", .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		EVENT(150, VRRP_EVENT_PEER_GONE, VRRP_BACKUP, NOTHING),
		TICK(192, VRRP_ACTIVE, CLAIM),
	}},
	{"a lower active is preempted when the timer expires", .rows = {
		START(NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		ADVERT(200, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
	}},
	{"no preemption where it is off", .no_preempt = true, .rows = {
		START(NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		ADVERT(400, 100, VRRP_BACKUP, NOTHING),
		TICK(742, VRRP_ACTIVE, CLAIM),
	}},
	{"without preemption a sick active is still relieved", .no_preempt = true, .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_SICKER, VRRP_BACKUP, NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
	}},
	{"priority 1 is the word of a sick active", .no_preempt = true, .rows = {
		START(NOTHING),
		ADVERT(100, 1, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
	}},
	{"unless the peer says that it is well: then 1 is what was configured", .no_preempt = true, .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_WELL, VRRP_BACKUP, NOTHING),
		ADVERT(100, 1, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
	}},
	{"preempt-delay runs from the first lower advert", .preempt_delay_ms = 1000, .rows = {
		START(NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		ADVERT(400, 100, VRRP_BACKUP, NOTHING),
		ADVERT(700, 100, VRRP_BACKUP, NOTHING),
		ADVERT(1000, 100, VRRP_BACKUP, NOTHING),
		ADVERT(1300, 100, VRRP_BACKUP, NOTHING),
		TICK(1342, VRRP_ACTIVE, CLAIM),
	}},
	{"preemption waits until this node is ready", .rows = {
		START(NOTHING),
		FACT(10, FACT_NOT_READY, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		FACT(400, FACT_READY, VRRP_BACKUP, NOTHING),
		ADVERT(600, 100, VRRP_BACKUP, NOTHING),
		TICK(642, VRRP_ACTIVE, CLAIM),
	}},
	{"a node that gave the vip away does not take it back by itself", .yielding = true, .rows = {
		START(NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		ADVERT(400, 100, VRRP_BACKUP, NOTHING),
		TICK(742, VRRP_ACTIVE, CLAIM),
	}},
	{"but does when the new one is sick", .yielding = true, .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_SICKER, VRRP_BACKUP, NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
	}},
	{"an unbound forwarder delays the claim, but for 10 s at most", .rows = {
		START(NOTHING),
		FACT(0, FACT_UNBOUND, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		TICK(9900, VRRP_BACKUP, NOTHING),
		TICK(10000, VRRP_ACTIVE, CLAIM),
	}},
	{"a claim by silence is held back while the peer is heard on this LAN", .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_HOLDS_ON_LAN, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		TICK(5000, VRRP_BACKUP, NOTHING),
		FACT(5001, FACT_READY, VRRP_BACKUP, NOTHING),
		TICK(5100, VRRP_ACTIVE, CLAIM),
	}},
	{"over another path it is held back for three Active_Down_Intervals", .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_HOLDS_ELSEWHERE, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		TICK(1020, VRRP_BACKUP, NOTHING),
		TICK(1121, VRRP_ACTIVE, CLAIM),
	}},
	{"lower adverts that fall silent are a silence like others", .yielding = true, .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_HOLDS_ELSEWHERE, VRRP_BACKUP, NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		ADVERT(200, 100, VRRP_BACKUP, NOTHING),
		TICK(542, VRRP_BACKUP, NOTHING),
		TICK(1200, VRRP_BACKUP, NOTHING),
		TICK(1325, VRRP_ACTIVE, CLAIM),
	}},
	{"a preemption of adverts that are heard is not held back", .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_HOLDS_ELSEWHERE, VRRP_BACKUP, NOTHING),
		ADVERT(100, 100, VRRP_BACKUP, NOTHING),
		ADVERT(200, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
	}},
	{"priority 0 is never held back by the peer's heartbeat", .rows = {
		START(NOTHING),
		FACT(10, FACT_PEER_HOLDS_ON_LAN, VRRP_BACKUP, NOTHING),
		ADVERT(100, 0, VRRP_BACKUP, NOTHING),
		TICK(142, VRRP_ACTIVE, CLAIM),
	}},
	{"a resignation holds the next claim back", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT_ADVERT(350, VRRP_EVENT_RESIGN, VRRP_BACKUP, LEAVE, 0),
		FACT(351, FACT_HOLD_BACK_UNTIL_2S, VRRP_BACKUP, NOTHING),
		TICK(700, VRRP_BACKUP, NOTHING),
		TICK(1999, VRRP_BACKUP, NOTHING),
		TICK(2000, VRRP_ACTIVE, CLAIM),
	}},
	{"and no longer when nobody is left to hold back for", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT_ADVERT(350, VRRP_EVENT_RESIGN, VRRP_BACKUP, LEAVE, 0),
		FACT(351, FACT_HOLD_BACK_UNTIL_2S, VRRP_BACKUP, NOTHING),
		TICK(700, VRRP_BACKUP, NOTHING),
		FACT(900, FACT_READY, VRRP_BACKUP, NOTHING),
		TICK(900, VRRP_ACTIVE, CLAIM),
	}},
	{"an active yields to a higher advert", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(400, 200, VRRP_BACKUP, LEAVE),
		TICK(741, VRRP_BACKUP, NOTHING),
		TICK(742, VRRP_ACTIVE, CLAIM),
	}},
	{"an equal priority yields to the greater address", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(400, 150, VRRP_BACKUP, LEAVE),
	}},
	{"and not to the smaller", .peer_address = "192.0.2.9", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(400, 150, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
	}},
	{"a lower rival is told at once, and the LAN again when it is gone", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(400, 100, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
		TICK(500, VRRP_ACTIVE, VRRP_DO_ADVERT),
		TICK(600, VRRP_ACTIVE, VRRP_DO_ADVERT),
		TICK(700, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
		TICK(800, VRRP_ACTIVE, VRRP_DO_ADVERT),
	}},
	{"what an active is offered, it has: the LAN is told again when the other has left", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(400, VRRP_EVENT_TAKE, VRRP_ACTIVE, NOTHING),
		TICK(420, VRRP_ACTIVE, VRRP_DO_ANNOUNCE),
	}},
	{"an active answers priority 0 with an advert, and tells the LAN, which may have asked who resigned", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(400, 0, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
		/* 6.4.3: and the next one is due an interval after it. */
		TICK(499, VRRP_ACTIVE, NOTHING),
		TICK(500, VRRP_ACTIVE, VRRP_DO_ADVERT),
	}},
	{"stopping removes the addresses before it says priority 0", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT_ADVERT(400, VRRP_EVENT_STOP, VRRP_INITIALIZE, LEAVE, 0),
	}},
	{"stopping as a backup says nothing", .rows = {
		START(NOTHING),
		EVENT(400, VRRP_EVENT_STOP, VRRP_INITIALIZE, NOTHING),
	}},
	{"a lost link is a fault, its return a full wait", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		FACT(400, FACT_LINK_DOWN, VRRP_FAULT, VRRP_DO_REMOVE),
		ADVERT(500, 100, VRRP_FAULT, NOTHING),
		FACT(1000, FACT_LINK_UP, VRRP_BACKUP, NOTHING),
		TICK(1341, VRRP_BACKUP, NOTHING),
		TICK(1342, VRRP_ACTIVE, CLAIM),
	}},
	{"an interface that has lost its address carries the last word still", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		{400, VRRP_EVENT_FACTS, 0, FACT_LINK_UNNAMED, VRRP_FAULT, LEAVE, 0, 0},
		FACT(1000, FACT_LINK_UP, VRRP_BACKUP, NOTHING),
	}},
	{"fenced: backup for a full Active_Down_Interval", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(500, VRRP_EVENT_FENCED, VRRP_BACKUP, VRRP_DO_REMOVE),
		TICK(841, VRRP_BACKUP, NOTHING),
		TICK(842, VRRP_ACTIVE, CLAIM),
	}},
	{"overslept: even a lower claim is given way to", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(2000, VRRP_EVENT_OVERSLEPT, VRRP_ACTIVE, NOTHING),
		ADVERT(2000, 100, VRRP_BACKUP, VRRP_DO_REMOVE),
	}},
	{"overslept and nobody claimed: goes on", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(2000, VRRP_EVENT_OVERSLEPT, VRRP_ACTIVE, NOTHING),
		TICK(2000, VRRP_ACTIVE, VRRP_DO_ADVERT),
		ADVERT(2050, 100, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
	}},
	{"overslept, and the claim is read before any timer fires", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(600, 100, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
		ADVERT(901, 100, VRRP_BACKUP, VRRP_DO_REMOVE),
	}},
	{"overslept, and the peer says that it has the vip", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(2000, VRRP_EVENT_OVERSLEPT, VRRP_ACTIVE, NOTHING),
		FACT(2000, FACT_PEER_HOLDS_ELSEWHERE, VRRP_ACTIVE, NOTHING),
		TICK(2000, VRRP_BACKUP, VRRP_DO_REMOVE),
	}},
	{"planned, the giver: lbd first, then the addresses, then it yields", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(400, VRRP_EVENT_OFFERED, VRRP_ACTIVE, NOTHING),
		ADVERT(401, 100, VRRP_ACTIVE, VRRP_DO_RELEASE),
		EVENT(402, VRRP_EVENT_TAKEN, VRRP_ACTIVE, NOTHING),
		TICK(404, VRRP_BACKUP, VRRP_DO_REMOVE),
		ADVERT(500, 100, VRRP_BACKUP, NOTHING),
		ADVERT(700, 100, VRRP_BACKUP, NOTHING),
		TICK(746, VRRP_BACKUP, NOTHING),
	}},
	{"planned, the giver: fenced before the answer comes, it yields all the same", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(400, VRRP_EVENT_OFFERED, VRRP_ACTIVE, NOTHING),
		EVENT(402, VRRP_EVENT_FENCED, VRRP_BACKUP, VRRP_DO_REMOVE),
		EVENT(404, VRRP_EVENT_TAKEN, VRRP_BACKUP, VRRP_DO_KEEP),
		ADVERT(500, 100, VRRP_BACKUP, NOTHING),
		ADVERT(600, 100, VRRP_BACKUP, NOTHING),
		ADVERT(700, 100, VRRP_BACKUP, NOTHING),
		TICK(750, VRRP_BACKUP, NOTHING),
	}},
	{"planned, the giver: at fault before the answer comes, it yields when it is back", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(400, VRRP_EVENT_OFFERED, VRRP_ACTIVE, NOTHING),
		FACT(402, FACT_LINK_DOWN, VRRP_FAULT, VRRP_DO_REMOVE),
		EVENT(404, VRRP_EVENT_TAKEN, VRRP_FAULT, VRRP_DO_KEEP),
		FACT(450, FACT_LINK_UP, VRRP_BACKUP, NOTHING),
		ADVERT(500, 100, VRRP_BACKUP, NOTHING),
		ADVERT(600, 100, VRRP_BACKUP, NOTHING),
		ADVERT(700, 100, VRRP_BACKUP, NOTHING),
		TICK(795, VRRP_BACKUP, NOTHING),
	}},
	{"planned, refused: everything stays", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		EVENT(400, VRRP_EVENT_OFFERED, VRRP_ACTIVE, NOTHING),
		EVENT(410, VRRP_EVENT_OFFER_FAILED, VRRP_ACTIVE, NOTHING),
		ADVERT(420, 100, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE),
	}},
	{"planned, the taker: the giver's higher adverts do not count for a moment", .own_priority = 150, .rows = {
		START(NOTHING),
		ADVERT(10, 200, VRRP_BACKUP, NOTHING),
		EVENT_ADVERT(20, VRRP_EVENT_TAKE, VRRP_ACTIVE, CLAIM, 150),
		ADVERT(30, 200, VRRP_ACTIVE, NOTHING),
		TICK(1000, VRRP_ACTIVE, VRRP_DO_ADVERT),
		ADVERT(1019, 200, VRRP_ACTIVE, NOTHING),
		ADVERT(1100, 200, VRRP_BACKUP, LEAVE),
	}},
	{"planned, the taker: when the giver has gone, a higher advert is a claim again", .own_priority = 150, .rows = {
		START(NOTHING),
		ADVERT(10, 200, VRRP_BACKUP, NOTHING),
		EVENT_ADVERT(20, VRRP_EVENT_TAKE, VRRP_ACTIVE, CLAIM, 150),
		ADVERT(30, 200, VRRP_ACTIVE, NOTHING),
		EVENT(40, VRRP_EVENT_PEER_GONE, VRRP_ACTIVE, VRRP_DO_ANNOUNCE),
		ADVERT(60, 200, VRRP_ACTIVE, NOTHING),
		ADVERT(139, 200, VRRP_ACTIVE, NOTHING),
		ADVERT(140, 200, VRRP_BACKUP, LEAVE),
	}},
	{"planned, the taker: nor is the giver's claim passed over when it was away", .own_priority = 150, .rows = {
		START(NOTHING),
		ADVERT(10, 200, VRRP_BACKUP, NOTHING),
		EVENT_ADVERT(20, VRRP_EVENT_TAKE, VRRP_ACTIVE, CLAIM, 150),
		ADVERT(30, 200, VRRP_ACTIVE, NOTHING),
		EVENT(200, VRRP_EVENT_PEER_BACK, VRRP_ACTIVE, VRRP_DO_ANNOUNCE),
		ADVERT(299, 200, VRRP_ACTIVE, NOTHING),
		ADVERT(300, 200, VRRP_BACKUP, LEAVE),
	}},
	{"planned, the taker: and the grace is not made longer", .own_priority = 150, .rows = {
		START(NOTHING),
		ADVERT(10, 200, VRRP_BACKUP, NOTHING),
		EVENT_ADVERT(20, VRRP_EVENT_TAKE, VRRP_ACTIVE, CLAIM, 150),
		EVENT(900, VRRP_EVENT_PEER_GONE, VRRP_ACTIVE, VRRP_DO_ANNOUNCE),
		TICK(1000, VRRP_ACTIVE, VRRP_DO_ADVERT),
		ADVERT(1030, 200, VRRP_BACKUP, LEAVE),
	}},
	{"a tracked fault takes the vip away, and the end of it gives none back by itself", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		{400, VRRP_EVENT_FACTS, 0, FACT_TRACKED_FAULT, VRRP_FAULT, LEAVE, 0, 0},
		ADVERT(500, 100, VRRP_FAULT, NOTHING),
		FACT(600, FACT_NONE, VRRP_BACKUP, NOTHING),
		ADVERT(700, 200, VRRP_BACKUP, NOTHING),
	}},
	{"in maintenance nothing is held, taken or claimed", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		{400, VRRP_EVENT_FACTS, 0, FACT_MAINTENANCE, VRRP_FAULT, LEAVE, 0, 0},
		ADVERT(500, 0, VRRP_FAULT, NOTHING),
		TICK(5000, VRRP_FAULT, NOTHING),
		{5100, VRRP_EVENT_TAKE, 0, FACT_NONE, VRRP_FAULT, NOTHING, 0, 0},
		FACT(6000, FACT_NONE, VRRP_BACKUP, NOTHING),
		TICK(6342, VRRP_ACTIVE, CLAIM),
	}},
	{"a vip goes with its group: by a fault of another, and when another was lost", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		{400, VRRP_EVENT_FACTS, 0, FACT_GROUP_FAULT, VRRP_FAULT, LEAVE, 0, 0},
		FACT(1000, FACT_NONE, VRRP_BACKUP, NOTHING),
		TICK(1342, VRRP_ACTIVE, CLAIM),
		{1400, VRRP_EVENT_PARTED, 0, FACT_NONE, VRRP_BACKUP, LEAVE, 0, 0},
		TICK(1742, VRRP_ACTIVE, CLAIM),
	}},
	{"an active node whose LAN is dead gives up, and comes back with it", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		{400, VRRP_EVENT_FACTS, 0, FACT_LAN_DEAD, VRRP_FAULT, LEAVE, 0, 0},
		TICK(5000, VRRP_FAULT, NOTHING),
		FACT(6000, FACT_NONE, VRRP_BACKUP, NOTHING),
	}},
	{"a tracked fault at the start", .rows = {
		FACT(0, FACT_TRACKED_FAULT, VRRP_INITIALIZE, NOTHING),
		{1, VRRP_EVENT_START, 0, FACT_NONE, VRRP_FAULT, NOTHING, 0, 0},
	}},
	{"a penalty is told with the next advert, and a node above it wins", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		FACT(400, FACT_PENALTY_60, VRRP_ACTIVE, NOTHING),
		{442, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_ACTIVE, VRRP_DO_ADVERT, 90, 0},
		{450, VRRP_EVENT_ADVERT, 100, FACT_NONE, VRRP_BACKUP, LEAVE, 90, 0},
	}},
	{"no preemption while something tracked is in doubt", .rows = {
		START(NOTHING),
		FACT(5, FACT_TRACKED_UNSURE, VRRP_BACKUP, NOTHING),
		ADVERT(10, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		FACT(350, FACT_NONE, VRRP_BACKUP, NOTHING),
		ADVERT(400, 100, VRRP_BACKUP, NOTHING),
		TICK(642, VRRP_ACTIVE, CLAIM),
	}},
	{"no preempt, yet the node lacks what it tracks", .no_preempt = true, .rows = {
		START(NOTHING),
		ADVERT(10, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		FACT(350, FACT_PEER_PENALISED, VRRP_BACKUP, NOTHING),
		ADVERT(400, 40, VRRP_BACKUP, NOTHING),
		TICK(642, VRRP_ACTIVE, CLAIM),
	}},
	{"a node that lacks something is watched for a while first", .rows = {
		START(NOTHING),
		FACT(5, FACT_WEIGH_500MS, VRRP_BACKUP, NOTHING),
		ADVERT(10, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		ADVERT(500, 100, VRRP_BACKUP, NOTHING),
		ADVERT(510, 100, VRRP_BACKUP, NOTHING),
		TICK(842, VRRP_ACTIVE, CLAIM),
	}},
	{"nothing is claimed before the start's delay is over", .start_delay_ms = 2000, .rows = {
		START(NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		ADVERT(500, 0, VRRP_BACKUP, NOTHING),
		TICK(600, VRRP_BACKUP, NOTHING),
		TICK(1999, VRRP_BACKUP, NOTHING),
		TICK(2000, VRRP_ACTIVE, CLAIM),
	}},
	{"nor preempted", .start_delay_ms = 1000, .rows = {
		START(NOTHING),
		ADVERT(10, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		ADVERT(600, 100, VRRP_BACKUP, NOTHING),
		ADVERT(900, 100, VRRP_BACKUP, NOTHING),
		ADVERT(1000, 100, VRRP_BACKUP, NOTHING),
		TICK(1242, VRRP_ACTIVE, CLAIM),
	}},
	{"nor by the owner", .own_priority = 255, .start_delay_ms = 1000, .rows = {
		START(NOTHING),
		{301, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_BACKUP, NOTHING, 0, 0},
		{1000, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_ACTIVE, CLAIM, 255, 0},
	}},
	{"and then the owner preempts, whatever preempt says", .own_priority = 255, .no_preempt = true,
	 .start_delay_ms = 1000, .rows = {
		START(NOTHING),
		ADVERT(900, 100, VRRP_BACKUP, NOTHING),
		ADVERT(1000, 100, VRRP_BACKUP, NOTHING),
		{1201, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_ACTIVE, CLAIM, 255, 0},
	}},
	{"but what is offered is taken", .start_delay_ms = 2000, .rows = {
		START(NOTHING),
		ADVERT(10, 100, VRRP_BACKUP, NOTHING),
		EVENT_ADVERT(20, VRRP_EVENT_TAKE, VRRP_ACTIVE, CLAIM, 150),
	}},
	{"the owner yields to nobody", .own_priority = 255, .rows = {
		{0, VRRP_EVENT_START, 0, FACT_NONE, VRRP_ACTIVE, CLAIM, 255, 0},
		{50, VRRP_EVENT_ADVERT, 255, FACT_NONE, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE, 255, 0},
		{60, VRRP_EVENT_ADVERT, 254, FACT_NONE, VRRP_ACTIVE, VRRP_DO_ADVERT | VRRP_DO_ANNOUNCE, 255, 0},
	}},
	{"but where its forwarder is dead: it says priority 1, others claim, and two would stay",
	 .own_priority = 255, .rows = {
		{0, VRRP_EVENT_START, 0, FACT_NONE, VRRP_ACTIVE, CLAIM, 255, 0},
		FACT(50, FACT_PRIORITY_1, VRRP_ACTIVE, NOTHING),
		{60, VRRP_EVENT_ADVERT, 100, FACT_NONE, VRRP_BACKUP, LEAVE, 1, 0},
	}},
	{"a group moves as one: nothing is preempted while another of it is not ready", .rows = {
		START(NOTHING),
		FACT(5, FACT_GROUP_UNREADY, VRRP_BACKUP, NOTHING),
		ADVERT(10, 100, VRRP_BACKUP, NOTHING),
		ADVERT(300, 100, VRRP_BACKUP, NOTHING),
		TICK(342, VRRP_BACKUP, NOTHING),
		FACT(350, FACT_NONE, VRRP_BACKUP, NOTHING),
		ADVERT(400, 100, VRRP_BACKUP, NOTHING),
		TICK(642, VRRP_ACTIVE, CLAIM),
	}},
	{"where only a part of a group has moved, the rest follows in the end", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		FACT(400, FACT_GROUP_ELSEWHERE, VRRP_ACTIVE, NOTHING),
		FACT(1000, FACT_NONE, VRRP_ACTIVE, NOTHING),
		FACT(1001, FACT_GROUP_ELSEWHERE, VRRP_ACTIVE, NOTHING),
		TICK(3300, VRRP_ACTIVE, VRRP_DO_ADVERT),
		{3301, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_BACKUP, LEAVE, 0, 0},
	}},
	{"over IPv6 no tie is broken where the vip has IPv4 too", .peer_address = "fe80::ffff", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		ADVERT(400, 150, VRRP_ACTIVE, NOTHING),
		{442, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_ACTIVE, VRRP_DO_ADVERT, 150, 0},
	}},
	{"a greater priority over IPv6 demotes", .peer_address = "fe80::1", .rows = {
		START(NOTHING),
		TICK(342, VRRP_ACTIVE, CLAIM),
		{400, VRRP_EVENT_ADVERT, 151, FACT_NONE, VRRP_BACKUP, LEAVE, 150, 0},
	}},
	{"version 2 waits for its skew in seconds", .version = 2, .rows = {
		START(NOTHING),
		TICK(713, VRRP_BACKUP, NOTHING),
		TICK(715, VRRP_ACTIVE, CLAIM),
	}},
	{"version 2: priority 0 costs the skew in seconds", .version = 2, .rows = {
		START(NOTHING),
		ADVERT(100, 200, VRRP_BACKUP, NOTHING),
		ADVERT(150, 0, VRRP_BACKUP, NOTHING),
		TICK(150 + 414, VRRP_BACKUP, NOTHING),
		TICK(150 + 415, VRRP_ACTIVE, CLAIM),
	}},
	{"version 2 says nothing to a lower priority", .version = 2, .rows = {
		START(NOTHING),
		TICK(715, VRRP_ACTIVE, CLAIM),
		ADVERT(760, 100, VRRP_ACTIVE, VRRP_DO_ANNOUNCE),
	}},
	{"worst health lengthens the running wait to that of priority 1", .rows = {
		START(NOTHING),
		FACT(100, FACT_PRIORITY_1, VRRP_BACKUP, NOTHING),
		TICK(399, VRRP_BACKUP, NOTHING),
		{400, VRRP_EVENT_TICK, 0, FACT_NONE, VRRP_ACTIVE, CLAIM, 1, 0},
	}},
};

static struct vrrp_facts good_facts(const struct trace *trace)
{
	struct vrrp_facts facts = {
		.link_ok = true,
		.priority = (uint8_t)(trace->own_priority != 0 ? trace->own_priority : 150),
		.bound = true,
		.ready = true,
	};

	assert_int_equal(ip_parse("192.0.2.11", &facts.source), 0);
	return facts;
}

static struct vrrp_facts facts_of(const struct trace *trace, enum fact fact)
{
	struct vrrp_facts facts = good_facts(trace);

	switch (fact) {
	case FACT_NONE:
	case FACT_LINK_UP:
	case FACT_READY:
		break;
	case FACT_LINK_DOWN:
		facts.link_ok = false;
		break;
	case FACT_LINK_UNNAMED:
		facts.link_ok = false;
		facts.link_carries = true;
		break;
	case FACT_UNBOUND:
		facts.bound = false;
		facts.ready = false;
		break;
	case FACT_NOT_READY:
		facts.ready = false;
		break;
	case FACT_PEER_HOLDS_ON_LAN:
		facts.peer_on_lan = true;
		facts.peer_holds = true;
		break;
	case FACT_PEER_HOLDS_ELSEWHERE:
		facts.peer_holds = true;
		break;
	case FACT_PEER_SICKER:
		facts.peer_sicker = true;
		break;
	case FACT_PEER_WELL:
		facts.peer_well = true;
		break;
	case FACT_PRIORITY_1:
		facts.priority = VRRP_PRIORITY_SICK;
		break;
	case FACT_HOLD_BACK_UNTIL_2S:
		facts.hold_back_until = (struct mono){3 * NS_PER_S};
		break;
	case FACT_TRACKED_FAULT:
		facts.tracked_fault = true;
		break;
	case FACT_GROUP_FAULT:
		facts.group_fault = true;
		break;
	case FACT_GROUP_UNREADY:
		facts.group_unready = true;
		break;
	case FACT_GROUP_ELSEWHERE:
		facts.group_elsewhere = true;
		break;
	case FACT_LAN_DEAD:
		facts.lan_dead = true;
		break;
	case FACT_MAINTENANCE:
		facts.maintenance = true;
		break;
	case FACT_TRACKED_UNSURE:
		facts.tracked_unsure = true;
		break;
	case FACT_PENALTY_60:
		facts.priority = (uint8_t)(facts.priority - 60);
		break;
	case FACT_PEER_PENALISED:
		facts.peer_penalised = true;
		break;
	case FACT_WEIGH_500MS:
		facts.peer_penalised = true;
		facts.weigh_ns = 500 * MS;
		break;
	}
	return facts;
}

/* Traces begin one second after the clock's zero, which stands for "not set" in the machine. */
static struct mono at(int ms)
{
	return (struct mono){NS_PER_S + ms * MS};
}

static void run_row(const struct trace *trace, size_t number, const struct row *row, struct vrrp_fsm *fsm)
{
	struct vrrp_event event = {.kind = row->kind, .priority = (uint8_t)row->priority, .interval_ns = INTERVAL};
	struct vrrp_actions actions;

	assert_int_equal(ip_parse(trace->peer_address != NULL ? trace->peer_address : "192.0.2.12", &event.source), 0);
	event.facts = facts_of(trace, row->fact);
	if (row->lost_at_ms != 0)
		event.lost_at = at(row->lost_at_ms);
	vrrp_step(fsm, &event, at(row->at_ms), &actions);
	if (fsm->state != row->state || actions.todo != row->todo)
		fail_msg("%s, row %zu at %d ms: state %s, todo %#x; expected %s, %#x", trace->name, number, row->at_ms,
			vrrp_state_name(fsm->state), actions.todo, vrrp_state_name(row->state), row->todo);
	if ((actions.todo & VRRP_DO_ADVERT) && actions.advert_priority != row->advert_priority)
		fail_msg("%s, row %zu: advert with priority %u, expected %d", trace->name, number,
			actions.advert_priority, row->advert_priority);
}

static void traces_go_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		const struct trace *trace = &traces[i];
		struct vrrp_conf conf = {
			.version = (uint8_t)(trace->version != 0 ? trace->version : 3),
			.priority = good_facts(trace).priority,
			.interval_ns = INTERVAL,
			.preempt = !trace->no_preempt,
			.preempt_delay_ns = trace->preempt_delay_ms * MS,
			.start_delay_ns = trace->start_delay_ms * MS,
		};
		struct vrrp_event facts = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(trace)};
		struct vrrp_actions actions;
		struct vrrp_fsm fsm;

		vrrp_init(&fsm, &conf, trace->yielding);
		vrrp_step(&fsm, &facts, at(0), &actions);
		for (size_t k = 0; k < ARRAY_LEN(trace->rows); k++) {
			const struct row *row = &trace->rows[k];

			if (k > 0 && row->at_ms == 0 && row->kind == VRRP_EVENT_START)
				break; /* the rest of the array is zero */
			run_row(trace, k, row, &fsm);
		}
	}
}

/* RFC 9568 6.4.2, 6.4.3: waits go by the active router's interval, one's own adverts by what is configured. */
static void the_interval_is_learnt(void **state)
{
	static const struct trace trace = {.name = "learning"};
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL, .preempt = true};
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(&trace)};
	const int64_t down_ns = 3 * NS_PER_S + 106 * NS_PER_S / 256;
	struct vrrp_actions actions;
	struct vrrp_fsm fsm;

	(void)state;
	vrrp_init(&fsm, &conf, false);
	vrrp_step(&fsm, &event, at(0), &actions);
	event = (struct vrrp_event){.kind = VRRP_EVENT_START};
	vrrp_step(&fsm, &event, at(0), &actions);
	/* As a backup, by an advert that it accepts. */
	event = (struct vrrp_event){.kind = VRRP_EVENT_ADVERT, .priority = 200, .interval_ns = NS_PER_S};
	vrrp_step(&fsm, &event, at(10), &actions);
	assert_int_equal(mono_diff(vrrp_deadline(&fsm), at(10)), down_ns);
	event = (struct vrrp_event){.kind = VRRP_EVENT_TICK};
	vrrp_step(&fsm, &event, mono_add(at(10), down_ns), &actions);
	assert_int_equal(fsm.state, VRRP_ACTIVE);
	assert_int_equal(mono_diff(vrrp_deadline(&fsm), mono_add(at(10), down_ns)), INTERVAL);
	/* As an active that is demoted. */
	event = (struct vrrp_event){.kind = VRRP_EVENT_ADVERT, .priority = 200, .interval_ns = NS_PER_S};
	assert_int_equal(ip_parse("192.0.2.12", &event.source), 0);
	vrrp_step(&fsm, &event, at(3450), &actions);
	assert_int_equal(fsm.state, VRRP_BACKUP);
	assert_int_equal(mono_diff(vrrp_deadline(&fsm), at(3450)), down_ns);
}

/* RFC 9568 6.4.3: whatever was learnt as a backup. */
static void own_adverts_keep_their_interval(void **state)
{
	static const struct trace trace = {.name = "own interval"};
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL, .preempt = true};
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(&trace)};
	struct vrrp_actions actions;
	struct vrrp_fsm fsm;

	(void)state;
	vrrp_init(&fsm, &conf, false);
	vrrp_step(&fsm, &event, at(0), &actions);
	vrrp_step(&fsm, &(struct vrrp_event){.kind = VRRP_EVENT_START}, at(0), &actions);
	event = (struct vrrp_event){.kind = VRRP_EVENT_ADVERT, .priority = 200, .interval_ns = 40 * NS_PER_S};
	vrrp_step(&fsm, &event, at(10), &actions);
	event.priority = 0;
	vrrp_step(&fsm, &event, at(20), &actions);
	/* The skew is of the interval that was learnt. */
	assert_int_equal(mono_diff(vrrp_deadline(&fsm), at(20)), 106 * 40 * NS_PER_S / 256);
	event = (struct vrrp_event){.kind = VRRP_EVENT_TICK};
	for (unsigned i = 0; i < 4; i++) {
		struct mono due = vrrp_deadline(&fsm);

		vrrp_step(&fsm, &event, due, &actions);
		assert_true(actions.todo & VRRP_DO_ADVERT);
		assert_int_equal(mono_diff(vrrp_deadline(&fsm), due), INTERVAL);
	}
}

static void run(struct vrrp_fsm *fsm, enum vrrp_event_kind kind, int at_ms, struct vrrp_actions *ret_actions)
{
	struct vrrp_event event = {.kind = kind, .facts = fsm->facts};

	vrrp_step(fsm, &event, at(at_ms), ret_actions);
}

static struct vrrp_fsm started(const struct vrrp_conf *conf)
{
	static const struct trace trace = {.name = "changing"};
	struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(&trace)};
	struct vrrp_actions actions;
	struct vrrp_fsm fsm;

	vrrp_init(&fsm, conf, false);
	vrrp_step(&fsm, &event, at(0), &actions);
	run(&fsm, VRRP_EVENT_START, 0, &actions);
	return fsm;
}

/* DESIGN section 5: another configuration moves nobody, and what is said by it is said at once. */
static void an_active_changes_in_place(void **state)
{
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL};
	/* When adverts go out, in ms after the change to one a second: the other node goes by 100 ms until it heard. */
	static const int longer[] = {0, 100, 200, 300, 1300, 2300}, shorter[] = {0, 50, 100};
	struct vrrp_fsm fsm = started(&conf);
	struct vrrp_actions actions;

	(void)state;
	run(&fsm, VRRP_EVENT_TICK, 342, &actions);
	assert_int_equal(fsm.state, VRRP_ACTIVE);
	conf.interval_ns = NS_PER_S;
	vrrp_change(&fsm, &conf, at(400));
	for (size_t i = 0; i < ARRAY_LEN(longer); i++) {
		assert_int_equal(vrrp_deadline(&fsm).ns, at(400 + longer[i]).ns);
		run(&fsm, VRRP_EVENT_TICK, 400 + longer[i], &actions);
		assert_int_equal(actions.todo, VRRP_DO_ADVERT);
	}
	conf.interval_ns = 50 * MS;
	vrrp_change(&fsm, &conf, at(3000));
	for (size_t i = 0; i < ARRAY_LEN(shorter); i++) {
		assert_int_equal(vrrp_deadline(&fsm).ns, at(3000 + shorter[i]).ns);
		run(&fsm, VRRP_EVENT_TICK, 3000 + shorter[i], &actions);
		assert_int_equal(actions.todo, VRRP_DO_ADVERT);
	}
	assert_int_equal(fsm.state, VRRP_ACTIVE);
}

static void a_backup_changes_in_place(void **state)
{
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL};
	struct vrrp_event heard = {.kind = VRRP_EVENT_ADVERT, .priority = 200, .interval_ns = INTERVAL};
	struct vrrp_fsm fsm = started(&conf);
	struct mono deadline = vrrp_deadline(&fsm);
	struct vrrp_actions actions;

	(void)state;
	/* Of whom nobody is known yet, the own interval is what is waited by. */
	conf.interval_ns = 2 * INTERVAL;
	vrrp_change(&fsm, &conf, at(10));
	assert_int_equal(mono_diff(vrrp_deadline(&fsm), at(0)), 2 * mono_diff(deadline, at(0)));
	/* Of an active node its own. */
	vrrp_step(&fsm, &heard, at(100), &actions);
	deadline = vrrp_deadline(&fsm);
	conf.interval_ns = NS_PER_S;
	vrrp_change(&fsm, &conf, at(110));
	assert_int_equal(vrrp_deadline(&fsm).ns, deadline.ns);
	assert_int_equal(fsm.state, VRRP_BACKUP);
}

static void says_whether_adverts_are_missed(void **state)
{
	const struct trace *trace = &traces[0];
	struct vrrp_conf conf = {.priority = 150, .interval_ns = INTERVAL};
	struct vrrp_event facts = {.kind = VRRP_EVENT_FACTS, .facts = facts_of(trace, FACT_PEER_HOLDS_ON_LAN)};
	struct row start = START(NOTHING), first = ADVERT(100, 200, VRRP_BACKUP, NOTHING);
	struct row silence = TICK(442, VRRP_BACKUP, NOTHING), again = ADVERT(500, 200, VRRP_BACKUP, NOTHING);
	struct vrrp_actions actions;
	struct vrrp_fsm fsm;

	(void)state;
	vrrp_init(&fsm, &conf, false);
	vrrp_step(&fsm, &facts, at(0), &actions);
	assert_false(vrrp_misses_adverts(&fsm));
	run_row(trace, 0, &start, &fsm);
	assert_true(vrrp_misses_adverts(&fsm));
	run_row(trace, 1, &first, &fsm);
	assert_false(vrrp_misses_adverts(&fsm));
	run_row(trace, 2, &silence, &fsm);
	assert_string_equal(
		fsm.reason, "adverts are lost or refused, but the peer says that it is active, and is on its LAN");
	assert_true(vrrp_misses_adverts(&fsm));
	run_row(trace, 3, &again, &fsm);
	assert_string_equal(fsm.reason, "started");
	assert_false(vrrp_misses_adverts(&fsm));
	/* Who has given up its LAN asks the other to look at its own; who is at fault otherwise has no such question.
	 */
	facts.facts = facts_of(trace, FACT_LAN_DEAD);
	vrrp_step(&fsm, &facts, at(600), &actions);
	assert_true(vrrp_misses_adverts(&fsm));
	facts.facts = facts_of(trace, FACT_LINK_DOWN);
	vrrp_step(&fsm, &facts, at(700), &actions);
	assert_false(vrrp_misses_adverts(&fsm));
}

/* So the peer does not take it for a resignation: who gives way to another has heard it. */
static void who_is_demoted_hears_adverts(void **state)
{
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL};
	struct vrrp_event heard = {.kind = VRRP_EVENT_ADVERT, .priority = 200, .interval_ns = INTERVAL};
	struct vrrp_fsm fsm = started(&conf);
	struct vrrp_actions actions;

	(void)state;
	run(&fsm, VRRP_EVENT_TICK, 342, &actions);
	assert_int_equal(fsm.state, VRRP_ACTIVE);
	vrrp_step(&fsm, &heard, at(400), &actions);
	assert_int_equal(fsm.state, VRRP_BACKUP);
	assert_false(vrrp_misses_adverts(&fsm));
}

/* Between two active nodes the word of the silence must not run out while it lasts. */
static void two_active_nodes_go_on_asking(void **state)
{
	const struct trace *trace = &traces[0];
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL, .preempt = true};
	struct vrrp_event facts = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(trace)};
	struct row start = START(NOTHING), claim = TICK(342, VRRP_ACTIVE, CLAIM);
	struct vrrp_actions actions;
	struct vrrp_fsm fsm;

	(void)state;
	facts.facts.peer_active = true;
	vrrp_init(&fsm, &conf, false);
	vrrp_step(&fsm, &facts, at(0), &actions);
	run_row(trace, 0, &start, &fsm);
	assert_false(vrrp_doubts_lan(&fsm, true));
	run_row(trace, 1, &claim, &fsm);
	assert_true(vrrp_doubts_lan(&fsm, true));
	assert_false(vrrp_doubts_lan(&fsm, false));
	facts.facts.peer_active = false;
	vrrp_step(&fsm, &facts, at(400), &actions);
	assert_false(vrrp_doubts_lan(&fsm, true));
}

/* The addresses stay for some milliseconds after the peer has taken the vip: maintenance may end within them. */
static void what_is_wanted_back_at_once_is_not_yielded(void **state)
{
	static const struct trace trace = {.name = "wanted back"};
	struct vrrp_conf conf = {.version = 3, .priority = 150, .interval_ns = INTERVAL, .preempt = true};
	struct row start = START(NOTHING), claim = TICK(342, VRRP_ACTIVE, CLAIM);
	struct row offered = EVENT(400, VRRP_EVENT_OFFERED, VRRP_ACTIVE, NOTHING);
	struct row taken = EVENT(410, VRRP_EVENT_TAKEN, VRRP_ACTIVE, VRRP_DO_RELEASE);
	struct row left = TICK(413, VRRP_BACKUP, VRRP_DO_REMOVE);
	struct vrrp_event facts = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(&trace)};
	struct vrrp_actions actions;
	struct vrrp_fsm fsm;

	(void)state;
	for (int wanted_back = 0; wanted_back < 2; wanted_back++) {
		vrrp_init(&fsm, &conf, false);
		vrrp_step(&fsm, &facts, at(0), &actions);
		run_row(&trace, 0, &start, &fsm);
		run_row(&trace, 1, &claim, &fsm);
		run_row(&trace, 2, &offered, &fsm);
		run_row(&trace, 3, &taken, &fsm);
		if (wanted_back)
			vrrp_end_yield(&fsm);
		run_row(&trace, 4, &left, &fsm);
		assert_int_equal(fsm.yielding, !wanted_back);
	}
}

/* Whatever comes in whatever order: the deadline is kept, and addresses are never installed twice or removed twice. */
static void random_events_keep_the_rules(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int run = 0; run < 2000; run++) {
		struct vrrp_conf conf = {.priority = (uint8_t)(1 + rand_r(&seed) % 255),
			.interval_ns = INTERVAL,
			.preempt = rand_r(&seed) % 2 == 0};
		struct trace trace = {.own_priority = conf.priority};
		struct vrrp_event event = {.kind = VRRP_EVENT_FACTS, .facts = good_facts(&trace)};
		struct vrrp_actions actions;
		struct vrrp_fsm fsm;
		bool holding = false;
		int now_ms = 0;

		vrrp_init(&fsm, &conf, false);
		vrrp_step(&fsm, &event, at(0), &actions);
		event.kind = VRRP_EVENT_START;
		vrrp_step(&fsm, &event, at(0), &actions);
		holding = actions.todo & VRRP_DO_INSTALL;
		for (int step = 0; step < 200; step++) {
			now_ms += rand_r(&seed) % 60;
			event.kind = (enum vrrp_event_kind)(rand_r(&seed) % (VRRP_EVENT_OFFER_FAILED + 1));
			if (event.kind == VRRP_EVENT_START || event.kind == VRRP_EVENT_STOP)
				continue;
			event.facts = facts_of(&trace, (enum fact)(rand_r(&seed) % (FACT_HOLD_BACK_UNTIL_2S + 1)));
			event.priority = (uint8_t)(rand_r(&seed) % 256);
			event.interval_ns = INTERVAL;
			event.blind = rand_r(&seed) % 2 == 0;
			assert_int_equal(ip_parse("192.0.2.12", &event.source), 0);
			vrrp_step(&fsm, &event, at(now_ms), &actions);
			if (actions.todo & VRRP_DO_INSTALL) {
				assert_false(holding);
				holding = true;
			}
			if (actions.todo & VRRP_DO_REMOVE) {
				assert_true(holding);
				holding = false;
			}
			assert_int_equal(holding, fsm.state == VRRP_ACTIVE);
			assert_int_equal(actions.moved, actions.moved && actions.from != fsm.state);
			if (fsm.state == VRRP_BACKUP)
				assert_false(mono_is_never(vrrp_deadline(&fsm)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traces_go_as_told),
		cmocka_unit_test(the_interval_is_learnt),
		cmocka_unit_test(own_adverts_keep_their_interval),
		cmocka_unit_test(an_active_changes_in_place),
		cmocka_unit_test(a_backup_changes_in_place),
		cmocka_unit_test(says_whether_adverts_are_missed),
		cmocka_unit_test(who_is_demoted_hears_adverts),
		cmocka_unit_test(two_active_nodes_go_on_asking),
		cmocka_unit_test(what_is_wanted_back_at_once_is_not_yielded),
		cmocka_unit_test(random_events_keep_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Whether a LAN is asked, and the peer told to ask, by what a node knows; and what it cannot decide. */
#include "vrrpd/doubt.h"

#include "tests/unit/unit.h"

#include <string.h>

#define INTERVAL_NS (100 * NS_PER_MS)

/* How far a LAN has been asked. */
enum asked {
	NOT,    /* nobody was heard, nobody asked */
	LONG,   /* a host answered long ago, and nobody has been asked since */
	AGO,    /* 2 s ago */
	JUST,   /* half a second ago */
	VAINLY, /* four rounds since, in vain */
	DEAD,   /* and what answers the peer was among them */
};

static const struct {
	const char *name;
	enum vrrp_state state;
	bool late; /* a backup misses adverts */
	enum asked asked;
	int off_since_ms; /* ago; 0: it was never heard there */
	bool no_peer, silent, off_lan, asks, peer_active, gave_up;
	/* What follows. */
	bool wanted, told;
	enum doubt_alarm alarm;
} cases[] = {
	{"all is well", VRRP_ACTIVE, .asked = LONG},
	{"and at the backup", VRRP_BACKUP, .asked = LONG},
	{"a backup misses adverts", VRRP_BACKUP, .late = true, .asked = LONG, .wanted = true, .told = true},
	{"and is answered", VRRP_BACKUP, .late = true, .asked = JUST, .wanted = true, .told = true},
	{"the peer is off the LAN", VRRP_ACTIVE, .asked = LONG, .off_lan = true, .wanted = true, .told = true},
	{"and nobody is known there", VRRP_ACTIVE, .asked = NOT, .off_lan = true, .wanted = true, .told = true},
	{"but somebody answers", VRRP_ACTIVE, .asked = JUST, .off_lan = true},
	{"but that was before", VRRP_ACTIVE, .asked = JUST, .off_lan = true, .off_since_ms = 100, .wanted = true,
		.told = true},
	{"or since", VRRP_ACTIVE, .asked = JUST, .off_lan = true, .off_since_ms = 600},
	{"which is good for a while", VRRP_ACTIVE, .asked = AGO, .off_lan = true, .wanted = true, .told = true},
	{"nobody answers", VRRP_ACTIVE, .asked = VAINLY, .off_lan = true, .wanted = true, .told = true,
		.alarm = DOUBT_UNDECIDED},
	{"nor whoever answers the peer", VRRP_ACTIVE, .asked = DEAD, .off_lan = true, .wanted = true, .told = true,
		.alarm = DOUBT_STUCK},
	{"and the peer is back there", VRRP_ACTIVE, .asked = DEAD, .wanted = true, .alarm = DOUBT_STUCK},
	{"nobody answers, but the peer is heard there", VRRP_ACTIVE, .asked = VAINLY},
	{"a backup need not hear the peer on the LAN", VRRP_BACKUP, .asked = LONG, .off_lan = true},
	{"the active peer wants to know", VRRP_BACKUP, .asked = LONG, .asks = true, .wanted = true, .told = true},
	{"and is told who answers", VRRP_BACKUP, .asked = JUST, .asks = true, .wanted = true, .told = true},
	{"be it by who holds nothing", VRRP_FAULT, .asked = LONG, .asks = true, .wanted = true, .told = true},
	{"two active nodes do not go on for each other's sake", VRRP_ACTIVE, .asked = LONG, .asks = true},
	{"but while nobody answers this one", VRRP_ACTIVE, .asked = VAINLY, .asks = true, .peer_active = true,
		.wanted = true},
	{"the peer is silent", VRRP_ACTIVE, .asked = LONG, .silent = true, .wanted = true},
	{"and somebody answered a while ago", VRRP_ACTIVE, .asked = AGO, .silent = true},
	{"and nobody answers", VRRP_ACTIVE, .asked = VAINLY, .silent = true, .wanted = true, .alarm = DOUBT_ALONE},
	{"there is no peer", VRRP_ACTIVE, .asked = LONG, .no_peer = true, .silent = true},
	{"a backup to whom the peer is silent", VRRP_BACKUP, .asked = LONG, .silent = true},
	{"who gave the LAN up goes on asking, and has the other look", VRRP_FAULT, .asked = VAINLY, .gave_up = true,
		.wanted = true, .told = true},
};

static const struct ip host = {.family = AF_INET, .bytes = {192, 0, 2, 21}};

static struct lan lan_of(enum asked asked, struct mono now)
{
	static const int64_t ago_ns[] = {
		[LONG] = 60 * NS_PER_S,
		[AGO] = 2 * NS_PER_S,
		[JUST] = NS_PER_S / 2,
		[VAINLY] = 60 * NS_PER_S,
		[DEAD] = 60 * NS_PER_S,
	};
	struct ip ips[LAN_ASKED_MAX];
	struct lan lan = {0};

	if (asked == NOT)
		return lan;
	lan_hear(&lan, &host, true, mono_add(now, -ago_ns[asked]));
	if (asked == DEAD)
		lan_set_target(&lan, &host);
	for (int i = 0; asked >= VAINLY && i <= LAN_PROBES; i++)
		assert_int_equal(lan_ask(&lan, ips), 1);
	return lan;
}

static void each_case_is_as_told(void **state)
{
	const struct mono now = {1000 * NS_PER_S};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lan lan = lan_of(cases[i].asked, now);
		struct vrrp_fsm fsm = {
			.state = cases[i].state,
			.active_interval_ns = INTERVAL_NS,
			.heard_at = cases[i].late ? mono_add(now, -5 * INTERVAL_NS) : now,
			.facts = {.lan_dead = cases[i].gave_up, .peer_active = cases[i].peer_active},
		};
		struct doubt doubt = {.fsm = &fsm,
			.lan = &lan,
			.interval_ns = INTERVAL_NS,
			.has_peer = !cases[i].no_peer,
			.peer_alive = !cases[i].silent && !cases[i].no_peer,
			.peer_off_lan = cases[i].off_lan,
			.off_since = cases[i].off_since_ms != 0 ? mono_add(now, -cases[i].off_since_ms * NS_PER_MS)
								: (struct mono){0},
			.peer_asks = cases[i].asks};

		if (doubt_asks(&doubt, now) != cases[i].wanted || doubt_tells(&doubt, now) != cases[i].told ||
			doubt_alarm(&doubt, now) != cases[i].alarm)
			fail_msg("%s: asks %d, tells %d, alarm %d", cases[i].name, doubt_asks(&doubt, now),
				doubt_tells(&doubt, now), doubt_alarm(&doubt, now));
	}
}

static void each_alarm_has_its_words(void **state)
{
	(void)state;
	assert_null(doubt_alarm_text(DOUBT_NONE));
	for (enum doubt_alarm alarm = DOUBT_NONE + 1; alarm < DOUBT_ALARM_COUNT; alarm++) {
		const char *text = doubt_alarm_text(alarm);

		assert_true(text != NULL && *text != '\0' && text[strlen(text) - 1] != '.');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_is_as_told),
		cmocka_unit_test(each_alarm_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

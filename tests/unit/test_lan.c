/* SPDX-License-Identifier: MIT */
/* Whether a LAN is heard, silent or dead, told as the rounds of questions and answers that lead to it. */
#include "vrrpd/lan.h"

#include "tests/unit/unit.h"

#include <string.h>

#define INTERVAL_NS (100 * NS_PER_MS)

enum step_kind {
	END,
	HEAR,    /* a word of host N to anybody */
	ANSWER,  /* of host N, to a question of ours */
	ASK,     /* a round, with N addresses to be asked */
	GATEWAY, /* host N is one, and asked in any case */
	FORGET,  /* host N is of the pair */
	TARGET,  /* host N answers the peer; 0: none does */
	REST,
};

struct step {
	int at_ms;
	enum step_kind kind;
	int n;
	bool heard, silent, dead;
	int answering; /* the host; 0: none */
};

static const struct {
	const char *name;
	struct step steps[24];
} cases[] = {
	{"nobody is known: neither node can tell",
		{{0, ASK, 0, false, false, false, 0}, {100, ASK, 0, false, false, false, 0},
			{200, ASK, 0, false, false, false, 0}, {300, ASK, 0, false, false, false, 0},
			{400, ASK, 0, false, false, false, 0}}},
	{"whoever speaks is heard, for three intervals",
		{{0, HEAR, 7, true, false, false, 0}, {300, TARGET, 0, true, false, false, 0},
			{301, TARGET, 0, false, false, false, 0}}},
	{"asked three times in vain, the LAN is silent",
		{{0, HEAR, 7, true, false, false, 0}, {1000, ASK, 1, false, false, false, 0},
			{1100, ASK, 1, false, false, false, 0}, {1200, ASK, 1, false, false, false, 0},
			{1300, ASK, 1, false, true, false, 0}, {1310, HEAR, 9, true, false, false, 0},
			{1400, ASK, 2, true, false, false, 0}, {1500, REST, 0, true, false, false, 0},
			{2000, TARGET, 0, false, false, false, 0}}},
	{"an answer tells who answers, for two intervals, and it is one host as long as that answers",
		{{0, HEAR, 7, true, false, false, 0}, {50, HEAR, 8, true, false, false, 0},
			{100, ASK, 2, true, false, false, 0}, {101, ANSWER, 7, true, false, false, 7},
			{102, ANSWER, 8, true, false, false, 7}, {301, REST, 0, true, false, false, 7},
			{302, REST, 0, true, false, false, 8}, {303, REST, 0, true, false, false, 0}}},
	{"a gateway is named rather than another",
		{{0, HEAR, 7, true, false, false, 0}, {50, GATEWAY, 8, true, false, false, 0},
			{100, ASK, 2, true, false, false, 0}, {101, ANSWER, 7, true, false, false, 7},
			{102, ANSWER, 8, true, false, false, 8}, {103, ANSWER, 7, true, false, false, 8}}},
	{"two halves of a LAN, each with a host: dead for nobody",
		{{0, HEAR, 9, true, false, false, 0}, {1, TARGET, 7, true, false, false, 0},
			{2, ASK, 2, true, false, false, 0}, {3, ANSWER, 9, true, false, false, 9},
			{100, ASK, 2, true, false, false, 9}, {101, ANSWER, 9, true, false, false, 9},
			{200, ASK, 2, true, false, false, 9}, {201, ANSWER, 9, true, false, false, 9},
			{300, ASK, 2, true, false, false, 9}, {301, ANSWER, 9, true, false, false, 9},
			{400, ASK, 2, true, false, false, 9}}},
	{"but for the half without the gateway, until a gateway answers",
		{{0, HEAR, 9, true, false, false, 0}, {0, GATEWAY, 7, true, false, false, 0},
			{1, TARGET, 7, true, false, false, 0}, {2, ASK, 2, true, false, false, 0},
			{3, ANSWER, 9, true, false, false, 9}, {100, ASK, 2, true, false, false, 9},
			{101, ANSWER, 9, true, false, false, 9}, {200, ASK, 2, true, false, false, 9},
			{201, ANSWER, 9, true, false, false, 9}, {300, ASK, 2, true, false, true, 9},
			{301, ANSWER, 9, true, false, true, 9}, {400, ANSWER, 7, true, false, false, 7}}},
	{"what answers the peer and not this node makes it dead, until somebody answers",
		{{0, TARGET, 7, false, false, false, 0}, {1, ASK, 1, false, false, false, 0},
			{100, ASK, 1, false, false, false, 0}, {200, ASK, 1, false, false, false, 0},
			{300, ASK, 1, false, true, true, 0}, {310, TARGET, 0, false, true, true, 0},
			{320, HEAR, 9, true, false, true, 0}, {400, REST, 0, true, false, true, 0},
			{500, ANSWER, 9, true, false, false, 9}, {501, TARGET, 0, true, false, false, 9}}},
	{"one lost answer, or two, are none",
		{{0, TARGET, 7, false, false, false, 0}, {1, ASK, 1, false, false, false, 0},
			{100, ASK, 1, false, false, false, 0}, {200, ASK, 1, false, false, false, 0},
			{290, ANSWER, 7, true, false, false, 7}, {300, ASK, 1, true, false, false, 7},
			{400, ASK, 1, true, false, false, 7}, {500, ASK, 1, true, false, false, 0}}},
	{"another target begins anew",
		{{0, TARGET, 7, false, false, false, 0}, {1, ASK, 1, false, false, false, 0},
			{100, ASK, 1, false, false, false, 0}, {200, ASK, 1, false, false, false, 0},
			{290, TARGET, 8, false, false, false, 0}, {300, ASK, 1, false, true, false, 0},
			{400, ASK, 1, false, true, false, 0}}},
	{"a word to others is no answer: who cannot send is dead all the same",
		{{0, TARGET, 7, false, false, false, 0}, {1, ASK, 1, false, false, false, 0},
			{100, ASK, 1, false, false, false, 0}, {150, HEAR, 7, true, false, false, 0},
			{200, ASK, 1, true, false, false, 0}, {300, ASK, 1, true, false, true, 0}}},
	{"of more hosts than there is room for the oldest is forgotten",
		{{0, HEAR, 1, true, false, false, 0}, {1, HEAR, 2, true, false, false, 0},
			{2, HEAR, 3, true, false, false, 0}, {3, HEAR, 4, true, false, false, 0},
			{4, HEAR, 5, true, false, false, 0}, {5, HEAR, 6, true, false, false, 0},
			{6, ANSWER, 1, true, false, false, 1}, {7, HEAR, 7, true, false, false, 1},
			{8, ASK, LAN_HOSTS, true, false, false, 1}, {9, TARGET, 2, true, false, false, 1},
			{10, ASK, LAN_HOSTS + 1, true, false, false, 1}}},
	{"a gateway is asked before it is heard, and its silence says nothing",
		{{0, GATEWAY, 1, false, false, false, 0}, {1, ASK, 1, false, false, false, 0},
			{100, ASK, 1, false, false, false, 0}, {200, ASK, 1, false, false, false, 0},
			{300, ASK, 1, false, false, false, 0}, {400, ASK, 1, false, false, false, 0}}},
	{"one that answers is a host, asked once",
		{{0, GATEWAY, 1, false, false, false, 0}, {1, ASK, 1, false, false, false, 0},
			{2, ANSWER, 1, true, false, false, 1}, {100, ASK, 1, true, false, false, 1},
			{200, ASK, 1, true, false, false, 1}, {303, ASK, 1, false, true, false, 0}}},
	{"and may be what answers the peer",
		{{0, GATEWAY, 1, false, false, false, 0}, {1, TARGET, 1, false, false, false, 0},
			{2, ASK, 1, false, false, false, 0}, {100, ASK, 1, false, false, false, 0},
			{200, ASK, 1, false, false, false, 0}, {300, ASK, 1, false, true, true, 0}}},
	{"a host that turns out to be of the pair is not asked again",
		{{0, HEAR, 7, true, false, false, 0}, {1, HEAR, 8, true, false, false, 0},
			{2, FORGET, 7, true, false, false, 0}, {3, ASK, 1, true, false, false, 0}}},
};

static struct ip host(int n)
{
	return (struct ip){.family = AF_INET, .bytes = {192, 0, 2, (uint8_t)n}};
}

static void take(struct lan *lan, const struct step *step, struct mono now)
{
	struct ip ips[LAN_ASKED_MAX], ip = host(step->n);

	switch (step->kind) {
	case HEAR:
	case ANSWER:
		lan_hear(lan, &ip, step->kind == ANSWER, now);
		break;
	case ASK:
		assert_int_equal(lan_ask(lan, ips), step->n);
		break;
	case TARGET:
		lan_set_target(lan, step->n != 0 ? &ip : NULL);
		break;
	case GATEWAY:
		lan_set_gateways(lan, &ip, 1);
		break;
	case FORGET:
		lan_forget(lan, &ip);
		break;
	case REST:
		lan_rest(lan);
		break;
	case END:
		break;
	}
}

static void each_case_ends_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lan lan = {0};

		for (const struct step *step = cases[i].steps; step->kind != END; step++) {
			struct mono now = {NS_PER_S + step->at_ms * NS_PER_MS};
			struct ip answering;
			int who;

			take(&lan, step, now);
			who = lan_answering(&lan, INTERVAL_NS, now, &answering) ? answering.bytes[3] : 0;
			if (lan_is_heard(&lan, INTERVAL_NS, now) == step->heard &&
				lan_is_silent(&lan, INTERVAL_NS, now) == step->silent &&
				lan_is_dead(&lan) == step->dead && who == step->answering)
				continue;
			fail_msg("%s: at %d ms heard %d, silent %d, dead %d, answering %d", cases[i].name, step->at_ms,
				lan_is_heard(&lan, INTERVAL_NS, now), lan_is_silent(&lan, INTERVAL_NS, now),
				lan_is_dead(&lan), who);
		}
	}
}

/* A port that lets nothing out: what comes in answers nothing. */
static void a_lan_is_mute_until_somebody_answers(void **state)
{
	static const struct {
		struct step step;
		bool mute;
	} steps[] = {
		{{0, HEAR, 7, false, false, false, 0}, false},
		{{10, ASK, 1, false, false, false, 0}, false},
		{{110, ASK, 1, false, false, false, 0}, false},
		{{210, ASK, 1, false, false, false, 0}, false},
		{{310, ASK, 1, false, false, false, 0}, true},
		{{320, HEAR, 9, false, false, false, 0}, true},
		{{410, ASK, 2, false, false, false, 0}, true},
		{{420, ANSWER, 9, false, false, false, 0}, false},
		{{510, ASK, 2, false, false, false, 0}, false},
		{{730, ASK, 2, false, false, false, 0}, true},
		{{740, REST, 0, false, false, false, 0}, false},
	};
	struct lan lan = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct mono now = {NS_PER_S + steps[i].step.at_ms * NS_PER_MS};

		take(&lan, &steps[i].step, now);
		if (lan_is_mute(&lan, INTERVAL_NS, now) != steps[i].mute)
			fail_msg("at %d ms: mute %d", steps[i].step.at_ms, !steps[i].mute);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_ends_as_told),
		cmocka_unit_test(a_lan_is_mute_until_somebody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Two nodes that agree on a planned failover; the test carries their messages, loses them and mixes their order. */
#include "vrrpd/handover.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define NAME "web"
#define OUTBOX_MAX 16
/* Longer than an active node that has given a vip away stays. */
#define LEFT_NS (5 * NS_PER_MS)

struct node {
	struct handovers *handovers;
	struct vip vip;
	struct peer_message *outbox[OUTBOX_MAX];
	size_t sent;
	size_t taken; /* of those, by the other node */
	unsigned todo;
	int finished;
	bool done; /* the last result */
	char reason[PEER_REASON_MAX + 128];
};

static struct loop *loop;
static struct recorder recorder;
static struct vip_shared shared;
static const struct vip_conf conf = {.name = NAME};
static struct node nodes[2];

/* In the place of those of peer.c and vip.c. */

bool peer_is_alive(const struct peer *peer)
{
	return peer != NULL;
}

void peer_send(struct peer *peer, struct peer_message *message)
{
	struct node *node = (struct node *)(void *)peer;

	assert_true(node->sent < OUTBOX_MAX);
	node->outbox[node->sent] = calloc(1, sizeof *message);
	*node->outbox[node->sent++] = *message;
}

static void step(struct node *node, const struct vrrp_event *event, struct mono now)
{
	struct vrrp_actions actions;

	vrrp_step(&node->vip.fsm, event, now, &actions);
	node->todo |= actions.todo;
}

void vip_event(struct vip *vip, enum vrrp_event_kind kind)
{
	step(CONTAINER_OF(vip, struct node, vip), &(struct vrrp_event){.kind = kind}, clock_mono());
}

static struct vip *find(void *context, const char *name)
{
	struct node *node = context;

	return strcmp(name, NAME) == 0 ? &node->vip : NULL;
}

static void on_result(void *context, struct vip *vip, const struct handover_result *result)
{
	struct node *node = context;

	assert_ptr_equal(vip, &node->vip);
	node->finished++;
	node->done = result->done;
	snprintf(node->reason, sizeof node->reason, "%s", result->reason != NULL ? result->reason : "");
}

static int set_up(void **state)
{
	const struct vrrp_conf vrrp = {.version = 3, .priority = 100, .interval_ns = NS_PER_S};
	const struct vrrp_event facts = {
		.kind = VRRP_EVENT_FACTS, .facts = {.link_ok = true, .priority = 100, .bound = true, .ready = true}};

	(void)state;
	assert_int_equal(loop_new(&loop), 0);
	shared = (struct vip_shared){.loop = loop, .recorder = &recorder};
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		struct node *node = &nodes[i];

		*node = (struct node){.vip = {.conf = &conf, .shared = &shared}};
		vrrp_init(&node->vip.fsm, &vrrp, false);
		step(node, &facts, clock_mono());
		vip_event(&node->vip, VRRP_EVENT_START);
		assert_int_equal(handovers_new(loop, (struct peer *)(void *)node, find, node, &node->handovers), 0);
	}
	vip_event(&nodes[0].vip, VRRP_EVENT_TAKE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		for (size_t k = 0; k < nodes[i].sent; k++)
			free(nodes[i].outbox[k]);
		handovers_free(nodes[i].handovers);
	}
	loop_free(loop);
	return 0;
}

static bool has_news(const struct node *node)
{
	return node->taken < node->sent;
}

/* The next message of that node comes to the other one. */
static void deliver(struct node *from)
{
	assert_true(has_news(from));
	handover_message(nodes[from == &nodes[0]].handovers, from->outbox[from->taken++]);
}

static void lose(struct node *from)
{
	assert_true(has_news(from));
	from->taken++;
}

/* The last request of that node comes once more. */
static void repeat(struct node *from)
{
	for (size_t i = from->sent; i-- > 0;) {
		if (from->outbox[i]->kind == PEER_ANSWER)
			continue;
		handover_message(nodes[from == &nodes[0]].handovers, from->outbox[i]);
		return;
	}
	fail_msg("it has sent no request");
}

static void start(struct node *node)
{
	handover_start(node->handovers, &node->vip, false, on_result, node);
}

static void leave(struct node *node)
{
	assert_true(vrrp_is_leaving(&node->vip.fsm));
	step(node, &(struct vrrp_event){.kind = VRRP_EVENT_TICK}, mono_add(clock_mono(), LEFT_NS));
	assert_int_equal(node->vip.fsm.state, VRRP_BACKUP);
}

static void who_offers_leaves_when_it_was_taken(void **state)
{
	(void)state;
	assert_true(vrrp_minds_rivals(&nodes[0].vip.fsm));
	start(&nodes[0]);
	/* The peer's announcements may come before its answer, and are no rival's. */
	assert_false(vrrp_minds_rivals(&nodes[0].vip.fsm));
	deliver(&nodes[0]);
	assert_int_equal(nodes[1].vip.fsm.state, VRRP_ACTIVE);
	assert_true(vrrp_minds_rivals(&nodes[1].vip.fsm));
	deliver(&nodes[1]);
	assert_true(nodes[0].done);
	assert_false(vrrp_minds_rivals(&nodes[0].vip.fsm));
	leave(&nodes[0]);
	assert_true(nodes[0].vip.fsm.yielding);
	assert_false(vrrp_minds_rivals(&nodes[0].vip.fsm));
}

static void an_ask_makes_the_other_offer(void **state)
{
	(void)state;
	start(&nodes[1]);
	deliver(&nodes[1]); /* the ask */
	deliver(&nodes[0]); /* the offer */
	assert_int_equal(nodes[1].vip.fsm.state, VRRP_ACTIVE);
	deliver(&nodes[1]); /* its answer */
	deliver(&nodes[0]); /* and the ask's */
	assert_true(nodes[1].done);
	assert_true(vrrp_is_leaving(&nodes[0].vip.fsm));
}

static void an_offer_back_waits_until_the_giver_has_left(void **state)
{
	(void)state;
	start(&nodes[0]);
	deliver(&nodes[0]);
	deliver(&nodes[1]);
	start(&nodes[1]);
	deliver(&nodes[1]);
	assert_false(has_news(&nodes[0]));
	assert_int_equal(nodes[1].finished, 0);
	leave(&nodes[0]);
	repeat(&nodes[1]);
	assert_int_equal(nodes[0].vip.fsm.state, VRRP_ACTIVE);
	assert_false(vrrp_is_leaving(&nodes[0].vip.fsm));
	deliver(&nodes[0]);
	assert_true(nodes[1].done);
	leave(&nodes[1]);
}

static void offers_that_cross_move_nothing(void **state)
{
	(void)state;
	vip_event(&nodes[1].vip, VRRP_EVENT_TAKE);
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		start(&nodes[i]);
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		deliver(&nodes[i]);
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		deliver(&nodes[i]);
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		assert_int_equal(nodes[i].finished, 1);
		assert_false(nodes[i].done);
		assert_non_null(strstr(nodes[i].reason, "a failover of this vip is under way there"));
		assert_int_equal(nodes[i].vip.fsm.state, VRRP_ACTIVE);
		assert_false(vrrp_is_leaving(&nodes[i].vip.fsm));
	}
}

static void an_offer_back_is_refused_while_the_answer_is_lost(void **state)
{
	(void)state;
	start(&nodes[0]);
	deliver(&nodes[0]);
	lose(&nodes[1]);
	start(&nodes[1]);
	deliver(&nodes[1]);
	deliver(&nodes[0]);
	assert_int_equal(nodes[1].finished, 1);
	assert_false(nodes[1].done);
	/* The first one ends as it was meant. */
	repeat(&nodes[0]);
	deliver(&nodes[1]);
	assert_true(nodes[0].done);
	leave(&nodes[0]);
	assert_int_equal(nodes[1].vip.fsm.state, VRRP_ACTIVE);
	assert_false(vrrp_is_leaving(&nodes[1].vip.fsm));
}

static void what_was_lost_before_the_answer_is_kept_as_given(void **state)
{
	static const enum vrrp_state states[] = {VRRP_BACKUP, VRRP_FAULT};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct vrrp_event facts = {.kind = VRRP_EVENT_FACTS, .facts = nodes[0].vip.fsm.facts};

		facts.facts.link_ok = states[i] != VRRP_FAULT;
		start(&nodes[0]);
		vip_event(&nodes[0].vip, VRRP_EVENT_FENCED);
		step(&nodes[0], &facts, clock_mono());
		assert_int_equal(nodes[0].vip.fsm.state, states[i]);
		nodes[0].todo = 0;
		deliver(&nodes[0]);
		deliver(&nodes[1]);
		assert_true(nodes[0].vip.fsm.yielding);
		assert_int_equal(nodes[0].todo, VRRP_DO_KEEP);
		assert_true(nodes[0].done);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void offer(struct node *to, uint64_t request)
{
	struct peer_message message = {.kind = PEER_OFFER, .request = request, .vip = NAME};

	handover_message(to->handovers, &message);
	free(to->outbox[--to->sent]);
}

static void set_bound(struct node *node, bool bound)
{
	struct vrrp_event facts = {.kind = VRRP_EVENT_FACTS, .facts = node->vip.fsm.facts};

	facts.facts.bound = bound;
	step(node, &facts, clock_mono());
}

/* Of more than are kept the last ones. */
static void what_was_refused_stays_refused(void **state)
{
	const uint64_t count = 3000, kept = 1024;

	(void)state;
	set_bound(&nodes[1], false);
	for (uint64_t i = 1; i <= count; i++)
		offer(&nodes[1], i * 3);
	set_bound(&nodes[1], true);
	for (uint64_t i = count - kept + 1; i <= count; i++) {
		offer(&nodes[1], i * 3);
		assert_int_equal(nodes[1].vip.fsm.state, VRRP_BACKUP);
	}
	offer(&nodes[1], (count - kept) * 3);
	assert_int_equal(nodes[1].vip.fsm.state, VRRP_ACTIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_offers_leaves_when_it_was_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_ask_makes_the_other_offer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_offer_back_waits_until_the_giver_has_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(offers_that_cross_move_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_offer_back_is_refused_while_the_answer_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_refused_stays_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_lost_before_the_answer_is_kept_as_given, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Two nodes that speak to each other over this host's loopback, at two addresses that no other run has. */
#include "vrrpd/peer.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

#define INTERVAL_NS (10 * NS_PER_MS)
#define PORT 31997

struct end {
	struct peer *peer;
	size_t vips;
	bool is_active;  /* all its vips are */
	size_t messages; /* that came */
};

static struct loop *loop;
static struct loop_timer look;
static struct mono limit;
static bool (*wanted)(void);
static struct end ends[2];
static struct node_conf nodes[2] = {{.name = "lb1"}, {.name = "lb2"}};
static struct keyring ring;
static const struct key *const key = &ring.keys[1];

static uint32_t id_of(size_t i)
{
	return (uint32_t)(i + 1) * UINT32_C(2654435761);
}

static void fill(void *context, struct peer_message *message, struct roll *ret_roll)
{
	const struct end *end = context;

	message->service_count = PEER_SERVICES_MAX;
	for (size_t i = 0; i < end->vips; i++)
		roll_add(ret_roll, &(struct peer_vip){.id = id_of(i),
					   .state = end->is_active ? PEER_VIP_ACTIVE : PEER_VIP_BACKUP});
}

static void on_message(void *context, const struct peer_message *message)
{
	struct end *end = context;

	end->messages++;
	for (size_t i = 0; i < message->vip_count; i++) {
		assert_true(roll_covers(message, message->vips[i].id));
		assert_int_equal(peer_vip(end->peer, message->vips[i].id)->state, message->vips[i].state);
	}
}

static void on_alive(void *context, bool alive)
{
	(void)context;
	(void)alive;
}

static const struct peer_events events = {.fill = fill, .message = on_message, .alive = on_alive};

static int start_with(size_t i, const struct node_conf *other)
{
	struct peer_conf conf = {
		.self = &nodes[i],
		.other = other,
		.port = PORT,
		.interval_ns = INTERVAL_NS,
		.ring = &ring,
		.key = key,
	};

	return peer_new(loop, &conf, &events, &ends[i], &ends[i].peer);
}

static int start(size_t i)
{
	return start_with(i, &nodes[1 - i]);
}

static int set_up(void **state)
{
	uint32_t pid = (uint32_t)getpid();

	(void)state;
	memset(ends, 0, sizeof ends);
	ring.keys[1] = (struct key){.id = 1, .size = KEY_SIZE_MIN};
	for (uint8_t i = 0; i < 2; i++)
		nodes[i].address = (struct ip){.family = AF_INET,
			.bytes = {127, (uint8_t)(pid >> 12 & 127) | 128, (uint8_t)(pid >> 4),
				(uint8_t)(pid << 4) | (i + 1)}};
	if (loop_new(&loop) < 0 || start(0) < 0)
		return -1;
	return start(1);
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		peer_free(ends[i].peer);
	loop_free(loop);
	return 0;
}

static void on_look(struct loop_timer *timer, struct mono now)
{
	if (wanted() || mono_reached(limit, now))
		loop_stop(loop);
	else
		assert_int_equal(loop_timer_set(loop, timer, mono_add(now, NS_PER_MS), on_look), 0);
}

/* Runs until that holds. */
static void await(bool (*fn)(void))
{
	wanted = fn;
	limit = mono_add(clock_mono(), 20 * NS_PER_S);
	assert_int_equal(loop_timer_set(loop, &look, clock_mono(), on_look), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_true(fn());
}

/* What the first one knows of the second's vips: so many, all in that state. */
static bool knows(size_t count, enum peer_vip_state state)
{
	for (size_t i = 0; i < CONF_VIPS_MAX; i++) {
		const struct peer_vip *vip = peer_vip(ends[0].peer, id_of(i));

		if (i < count ? vip == NULL || vip->state != state : vip != NULL)
			return false;
	}
	return true;
}

static bool both_have_spoken(void)
{
	return peer_heartbeat(ends[0].peer) != NULL && peer_heartbeat(ends[1].peer) != NULL;
}

static bool all_are_backup(void)
{
	return knows(CONF_VIPS_MAX, PEER_VIP_BACKUP);
}

static bool all_are_active(void)
{
	return knows(CONF_VIPS_MAX, PEER_VIP_ACTIVE);
}

static bool three_are_left(void)
{
	return knows(3, PEER_VIP_ACTIVE);
}

static bool is_silent(void)
{
	return !peer_is_alive(ends[0].peer);
}

static void the_most_vips_are_known_to_the_other(void **state)
{
	(void)state;
	ends[1].vips = CONF_VIPS_MAX;
	await(both_have_spoken);
	await(all_are_backup);
	assert_true(peer_path(ends[0].peer, 0).alive);
	assert_true(ends[0].messages > 1);
	ends[1].is_active = true;
	peer_hurry(ends[1].peer);
	await(all_are_active);
	/* Those that are gone there are forgotten, though their datagrams come no more. */
	ends[1].vips = 3;
	await(three_are_left);
	assert_int_equal(peer_discarded(ends[0].peer), 0);
}

static void nothing_counts_that_was_said_before_a_silence(void **state)
{
	(void)state;
	ends[1].vips = CONF_VIPS_MAX;
	await(all_are_backup);
	peer_free(ends[1].peer);
	ends[1].peer = NULL;
	await(is_silent);
	assert_true(knows(0, PEER_VIP_BACKUP));
	ends[1].vips = 0;
	assert_int_equal(start(1), 0);
	await(both_have_spoken);
	assert_true(knows(0, PEER_VIP_BACKUP));
}

static bool second_goes_unheard(void)
{
	struct peer_path path = peer_path(ends[1].peer, 0);

	return path.unanswered && !path.alive;
}

static bool second_is_heard(void)
{
	return peer_path(ends[1].peer, 0).alive;
}

/* The second sends to where nobody is; what the first sends comes, and is no answer. */
static void who_is_not_heard_by_the_other_knows_it(void **state)
{
	struct node_conf nobody = nodes[0];

	(void)state;
	nobody.address.bytes[3] |= 8;
	peer_free(ends[1].peer);
	assert_int_equal(start_with(1, &nobody), 0);
	await(second_goes_unheard);
	assert_int_equal(peer_path(ends[1].peer, 0).ifindex, 0);
	assert_false(peer_is_alive(ends[1].peer));
	assert_false(peer_path(ends[0].peer, 0).unanswered);
	peer_free(ends[1].peer);
	assert_int_equal(start(1), 0);
	await(second_is_heard);
	assert_false(peer_path(ends[1].peer, 0).unanswered);
	assert_true(peer_is_heard_on(ends[1].peer, peer_path(ends[1].peer, 0).ifindex));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_most_vips_are_known_to_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_not_heard_by_the_other_knows_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_counts_that_was_said_before_a_silence, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/sim/watch.h"

#include "vrrpd/timers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const rule_names[] = {
	[WATCH_DOUBLE] = "two nodes that hear each other hold the vip",
	[WATCH_HELPLESS] = "a node whose vrrpd gets no time holds the vip",
	[WATCH_GUARDED] = "a node holds the vip whose guardian should have taken it",
	[WATCH_NONE] = "nobody holds the vip, and this node could",
	[WATCH_GOODBYE] = "nobody holds the vip, and this node heard the goodbye",
	[WATCH_NEIGHBOUR] = "this neighbour looks for the vip where it is not",
};
static_assert(ARRAY_LEN(rule_names) == WATCH_RULE_COUNT, "a rule has no name");

const char *watch_rule_name(enum watch_rule rule)
{
	return rule_names[rule];
}

void watch_init(struct sim_watch *watch)
{
	*watch = (struct sim_watch){0};
}

static void fail(struct sim_watch *watch, const struct sim *sim, const char *format, ...) PRINTF_LIKE(3, 4);
static void fail(struct sim_watch *watch, const struct sim *sim, const char *format, ...)
{
	va_list args;

	if (watch->failed)
		return;
	watch->failed = true;
	va_start(args, format);
	vsnprintf(watch->text, sizeof watch->text, format, args);
	va_end(args);
	world_note(&sim->world, SIM_NOBODY, "FAILED: %s", watch->text);
}

/* What is known of a run. */

static bool main_runs(const struct sim_node *node)
{
	return node_is_responsive(node, &node->main.process);
}

/* One message, there or back, at the worst. */
static int64_t way_ns(const struct sim *sim)
{
	return sim->world.setup.latency_ns + sim->world.setup.jitter_ns;
}

static int64_t threshold_ns(const struct sim *sim)
{
	return MAX(MIN(2 * sim->world.setup.interval_ns, 300 * NS_PER_MS), 100 * NS_PER_MS);
}

/* The longest Active_Down_Interval: that of priority 1. */
static int64_t down_ns(const struct sim *sim)
{
	return timers_active_down_ns(3, 1, sim->world.setup.interval_ns);
}

static bool lan_is_open(const struct sim *sim, int from, int to)
{
	return world_is_open(&sim->world, SIM_LAN, from, to) && sim->nodes[from].carrier &&
	       (to >= sim->world.setup.node_count || sim->nodes[to].carrier);
}

/* Whether its frames reach the neighbour beside it. */
static bool link_works(const struct sim *sim, int node)
{
	int neighbour = world_neighbour_party(&sim->world, node);

	return lan_is_open(sim, node, neighbour) && world_is_open(&sim->world, SIM_LAN, neighbour, node);
}

/* Nothing is wrong at the moment but what vrrpd has to put right by itself. */
static bool is_healed(const struct sim *sim)
{
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		if (!main_runs(&sim->nodes[i]) || !sim->nodes[i].carrier)
			return false;
	}
	return world_is_whole(&sim->world);
}

/* Rules. */

static bool is_owner(const struct sim_node *node)
{
	return node->main.fsm.conf.priority == VRRP_PRIORITY_OWNER;
}

static bool wins(const struct sim_node *a, const struct sim_node *b)
{
	if (is_owner(a) || is_owner(b))
		return is_owner(a);
	if (a->main.fsm.facts.priority != b->main.fsm.facts.priority)
		return a->main.fsm.facts.priority > b->main.fsm.facts.priority;
	return ip_compare(&a->source, &b->source) > 0;
}

static bool peers_talk(const struct sim *sim, int a, int b)
{
	enum sim_net net = sim->world.setup.side ? SIM_SIDE : SIM_LAN;

	return world_is_open(&sim->world, net, a, b) && world_is_open(&sim->world, net, b, a);
}

/*
 * Whether adverts show their freshness. Where clocks are apart it takes the state port, or their pace, which needs a
 * proof by the port to have grown old first; and what is below the mark may be a recording (replay.h).
 */
static bool is_believable(const struct sim *sim, int from, int to)
{
	return sim_clocks_agree(sim, from, to) || peers_talk(sim, from, to);
}

/* This node should have given way to another that it hears. */
static bool is_double(const struct sim *sim, int index)
{
	const struct sim_node *node = &sim->nodes[index];

	if (!node_holds(node) || !main_runs(node) || !world_is_lossless(&sim->world))
		return false;
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *other = &sim->nodes[i];

		if (i != index && node_holds(other) && main_runs(other) && wins(other, node) &&
			lan_is_open(sim, i, index) && is_believable(sim, i, index))
			return true;
	}
	return false;
}

/* Holds it, in a way that serves somebody, and is in command of it. */
static bool is_held(const struct sim *sim)
{
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (node_holds(node) && main_runs(node) && lan_is_open(sim, i, world_neighbour_party(&sim->world, i)))
			return true;
	}
	return false;
}

/* Could hold it: its link works, and lbd is bound, or was waited for long enough (DESIGN 5.6). */
static bool is_able(const struct sim *sim, int index)
{
	const struct sim_node *node = &sim->nodes[index];
	struct mono patience = mono_add(node->main.fsm.started_at, VRRP_UNBOUND_CLAIM_NS);

	return main_runs(node) && link_works(sim, index) &&
	       (node_forwarder_view(node).bound || mono_reached(patience, sim->world.now)) &&
	       mono_reached(node->main.verdict.hold_back_until, sim->world.now);
}

/* A neighbour of a network that is whole asks a node that does not hold it. */
static bool is_lost(const struct sim_watch *watch, const struct sim *sim, int index)
{
	int at = sim->world.neighbours[index].points_at;
	bool held = false;

	for (int i = 0; i < sim->world.setup.node_count; i++)
		held = held || (node_holds(&sim->nodes[i]) && main_runs(&sim->nodes[i]));
	return at != SIM_NOBODY && held && watch->healed_since.ns != 0 && !node_holds(&sim->nodes[at]);
}

/* On a network so slow that an old answer overtakes the announcement, the burst's next one puts it right. */
static int64_t overtaking_ns(const struct sim *sim)
{
	return sim->world.setup.jitter_ns > NS_PER_MS ? 200 * NS_PER_MS : 0;
}

static struct mono left_at(const struct sim *sim, int node)
{
	return node != SIM_NOBODY ? sim->nodes[node].record.left_at : (struct mono){0};
}

/* How long each may last. */
static int64_t bound_ns(const struct sim_watch *watch, const struct sim *sim, enum watch_rule rule, int index)
{
	const struct sim_setup *setup = &sim->world.setup;

	switch (rule) {
	case WATCH_DOUBLE:
		/* The winner's next advert ends it (RFC 9568 6.4.3), or the third, where its freshness shows by its
		 * pace alone (5.4). */
		return 4 * setup->interval_ns + 2 * way_ns(sim);
	case WATCH_HELPLESS:
		/* Section 7: lease + 0.2 s. */
		return setup->lease_ns + 200 * NS_PER_MS;
	case WATCH_GUARDED:
		/* 5.2: the threshold, looked at every 10 ms; the SIGKILL's effect is immediate here. */
		return threshold_ns(sim) + 25 * NS_PER_MS;
	case WATCH_NONE:
		/* Active_Down_Interval since the last advert, and a backup looks again each interval; three of them
		 * where the peer says over the side network that it has the vip (5.4). */
		return (setup->side ? 3 : 1) * down_ns(sim) + 4 * setup->interval_ns + 4 * way_ns(sim);
	case WATCH_GOODBYE:
		/* RFC 9568 6.4.2: Skew_Time, which is below the interval. */
		return setup->interval_ns + NS_PER_MS;
	case WATCH_NEIGHBOUR:
		/* Section 7: a partition that heals costs the client 50 ms. Where the node that it asks lost the vip
		 * before that, nobody gives way now: the backup's word that it hears adverts again is waited for. */
		if (sim_clocks_agree(sim, 0, sim->world.setup.node_count - 1) &&
			mono_before(watch->healed_since, left_at(sim, sim->world.neighbours[index].points_at)))
			return 50 * NS_PER_MS + 2 * way_ns(sim) + overtaking_ns(sim);
		return 50 * NS_PER_MS + 3 * setup->interval_ns + 4 * way_ns(sim);
	case WATCH_RULE_COUNT:
		break;
	}
	return 0;
}

static void hold_to(struct sim_watch *watch, const struct sim *sim, enum watch_rule rule, int index, struct mono since)
{
	int64_t lasted_ns = mono_diff(sim->world.now, since);

	watch->longest_ns[rule] = MAX(watch->longest_ns[rule], lasted_ns);
	if (lasted_ns > watch->bound_ns[rule][index])
		fail(watch, sim, "lb%d: %s, for %" PRId64 " ms", index + 1, rule_names[rule], lasted_ns / NS_PER_MS);
}

/* The condition has held from then until now; what the step made of it counts from here on. */
static void look_at(struct sim_watch *watch, const struct sim *sim, enum watch_rule rule, int index, bool holds)
{
	struct mono *since = &watch->since[rule][index];

	if (since->ns != 0)
		hold_to(watch, sim, rule, index, *since);
	if (!holds)
		*since = (struct mono){0};
	else if (since->ns == 0) {
		*since = sim->world.now;
		watch->bound_ns[rule][index] = bound_ns(watch, sim, rule, index);
	}
}

/* Nobody holds it since one moment, and this node could since another. */
static void look_at_none(struct sim_watch *watch, const struct sim *sim)
{
	bool held = is_held(sim);

	for (int i = 0; i < sim->world.setup.node_count; i++) {
		struct mono *able = &watch->able_since[i];
		bool still = watch->none_since.ns != 0 && able->ns != 0;

		watch->bound_ns[WATCH_NONE][i] = bound_ns(watch, sim, WATCH_NONE, i);
		if (still)
			hold_to(watch, sim, WATCH_NONE, i,
				mono_before(*able, watch->none_since) ? watch->none_since : *able);
		if (!is_able(sim, i))
			*able = (struct mono){0};
		else if (able->ns == 0)
			*able = sim->world.now;
	}
	if (held)
		watch->none_since = (struct mono){0};
	else if (watch->none_since.ns == 0)
		watch->none_since = sim->world.now;
}

/* Whether another holds it in a network that has been well for long enough to hear it. */
static bool is_taken_away(const struct sim_watch *watch, const struct sim *sim, int index)
{
	struct mono heard = mono_add(watch->healed_since, 2 * down_ns(sim));

	if (watch->healed_since.ns == 0 || !mono_reached(heard, sim->world.now))
		return false;
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *other = &sim->nodes[i];

		if (i != index && node_holds(other) && other->main.fsm.state == VRRP_ACTIVE)
			return sim->world.setup.priority[index] != VRRP_PRIORITY_OWNER;
	}
	return false;
}

/* A claim that was not made by consent comes after the skew at the soonest, and after a resignation later (5.5). */
static void look_at_claims(struct sim_watch *watch, const struct sim *sim, int index)
{
	const struct sim_node *node = &sim->nodes[index];
	const struct sim_record *record = &node->record;
	const struct sim_setup *setup = &sim->world.setup;
	int64_t least_ns = MAX(timers_skew_ns(3, setup->priority[index], setup->interval_ns), record->wait_ns);

	if (record->claims == watch->claims_seen[index])
		return;
	watch->claims_seen[index] = record->claims;
	if (strlen(watch->owners) + 1 < sizeof watch->owners)
		watch->owners[strlen(watch->owners)] = (char)('1' + index);
	if (record->broke_hold)
		fail(watch, sim, "lb%d: claims while it should hold back", index + 1);
	if (!record->may_take && !record->was_ready && is_taken_away(watch, sim, index))
		fail(watch, sim, "lb%d: takes the vip from who holds it, and is not ready", index + 1);
	if (record->may_take || record->left_at.ns == 0 || setup->priority[index] == VRRP_PRIORITY_OWNER)
		return;
	if (mono_diff(record->claimed_at, record->left_at) < least_ns)
		fail(watch, sim, "lb%d: claims again after %" PRId64 " us, which is too soon", index + 1,
			mono_diff(record->claimed_at, record->left_at) / NS_PER_US);
}

/* A node that overslept gives way to who claimed meanwhile, and not the other way round (5.3). */
static void look_at_sleeper(struct sim_watch *watch, const struct sim *sim, int index)
{
	bool other_holds = false;

	if (!sim->nodes[index].record.overslept || !is_healed(sim))
		return;
	for (int i = 0; i < sim->world.setup.node_count; i++)
		other_holds = other_holds || (i != index && node_holds(&sim->nodes[i]));
	if (!other_holds)
		fail(watch, sim, "lb%d overslept, and who claimed meanwhile gave way to it", index + 1);
}

static void measure(const struct sim *sim, bool holds, struct mono *since, int64_t *longest_ns)
{
	if (since->ns != 0)
		*longest_ns = MAX(*longest_ns, mono_diff(sim->world.now, *since));
	if (!holds)
		*since = (struct mono){0};
	else if (since->ns == 0)
		*since = sim->world.now;
}

static void measure_all(struct sim_watch *watch, const struct sim *sim)
{
	int holders = 0;

	for (int i = 0; i < sim->world.setup.node_count; i++)
		holders += node_holds(&sim->nodes[i]) && sim->nodes[i].carrier;
	measure(sim, watch->owners[0] != '\0' && !is_held(sim), &watch->outage_since, &watch->outage_ns);
	measure(sim, holders > 1, &watch->double_since, &watch->double_ns);
}

void watch_look(struct sim_watch *watch, const struct sim *sim)
{
	if (!is_healed(sim))
		watch->healed_since = (struct mono){0};
	else if (watch->healed_since.ns == 0)
		watch->healed_since = sim->world.now;
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *node = &sim->nodes[i];
		bool helpless = node_holds(node) && !main_runs(node);

		look_at(watch, sim, WATCH_DOUBLE, i, is_double(sim, i));
		look_at(watch, sim, WATCH_HELPLESS, i, helpless);
		look_at(watch, sim, WATCH_GUARDED, i, helpless && node_is_responsive(node, &node->guardian.process));
		look_at(watch, sim, WATCH_GOODBYE, i,
			!is_held(sim) && is_able(sim, i) && node->main.fsm.state == VRRP_BACKUP &&
				node->record.goodbye_at.ns != 0);
		look_at(watch, sim, WATCH_NEIGHBOUR, i, is_lost(watch, sim, i));
		look_at_claims(watch, sim, i);
		look_at_sleeper(watch, sim, i);
		if (node->record.brought_back)
			fail(watch, sim, "lb%d: renewed an address that was taken from it", i + 1);
	}
	look_at_none(watch, sim);
	measure_all(watch, sim);
}

/* The end. */

/* Why a node that holds nothing leaves the vip where it is; NULL: it should have it. */
static const char *excuse(const struct sim *sim, const struct sim_node *node, const struct sim_node *holder)
{
	const struct sim_setup *setup = &sim->world.setup;
	uint8_t own = setup->priority[node->index], other = setup->priority[holder->index];

	if (own == VRRP_PRIORITY_OWNER)
		return NULL;
	if (own <= other)
		return "no higher priority";
	if (!setup->preempt)
		return "no preemption";
	if (mono_before(sim->world.now, node->main.verdict.hold_back_until))
		return "it holds back";
	if (node->main.fsm.yielding)
		return node->record.offers > 0 ? "it gave the vip away as planned" : NULL;
	return NULL;
}

static const struct sim_node *find_holder(struct sim_watch *watch, const struct sim *sim)
{
	const struct sim_node *holder = NULL;

	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (node->main.fsm.state != VRRP_ACTIVE && node->main.fsm.state != VRRP_BACKUP)
			fail(watch, sim, "at the end lb%d is in state %s", i + 1,
				vrrp_state_name(node->main.fsm.state));
		if (node_holds(node) != (node->main.fsm.state == VRRP_ACTIVE))
			fail(watch, sim, "at the end lb%d's state and its address disagree", i + 1);
		if (!node_holds(node))
			continue;
		if (holder != NULL)
			fail(watch, sim, "at the end two nodes hold the vip");
		holder = node;
	}
	return holder;
}

void watch_end(struct sim_watch *watch, const struct sim *sim)
{
	const struct sim_node *holder = find_holder(watch, sim);

	if (holder == NULL) {
		fail(watch, sim, "at the end nobody holds the vip");
		return;
	}
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		if (sim->world.neighbours[i].points_at != holder->index)
			fail(watch, sim, "at the end neighbour %d does not know that lb%d has the vip", i + 1,
				holder->index + 1);
		if (&sim->nodes[i] != holder && excuse(sim, &sim->nodes[i], holder) == NULL)
			fail(watch, sim, "at the end lb%d has the vip, and lb%d should", holder->index + 1, i + 1);
	}
	if (sim->planned_to != SIM_NOBODY && sim->planned_to != holder->index)
		fail(watch, sim, "lb%d was given the vip as planned, and does not have it at the end",
			sim->planned_to + 1);
}

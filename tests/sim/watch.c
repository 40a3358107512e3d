/* SPDX-License-Identifier: MIT */
#include "tests/sim/watch.h"

#include "vrrpd/timers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * To and fro of two nodes: a start and a preemption as lbd comes up, a resignation and the way back. Each further node
 * may come in between. What goes on longer has no end.
 */
#define CLAIMS_MAX 4

static const char *const rule_names[] = {
	[WATCH_DOUBLE] = "two nodes that hear each other hold the vip",
	[WATCH_HELPLESS] = "a node whose vrrpd gets no time holds the vip",
	[WATCH_GUARDED] = "a node holds the vip whose guardian should have taken it",
	[WATCH_NONE] = "nobody holds the vip, and this node could",
	[WATCH_GOODBYE] = "nobody holds the vip, and this node heard the goodbye",
	[WATCH_NEIGHBOUR] = "this neighbour looks for the vip where it is not",
	[WATCH_PARTED] = "another vip of its group is active elsewhere",
};
static_assert(ARRAY_LEN(rule_names) == WATCH_RULE_COUNT, "a rule has no name");

const char *watch_rule_name(enum watch_rule rule)
{
	return rule_names[rule];
}

/*
 * The share is some half more than 30,000 seeds have shown: what makes the faults of a run longer, or leaves more of it
 * to an exemption, is to be seen.
 */
static const struct {
	const char *name;
	double limit; /* percent */
} exempts[] = {
	[WATCH_EXEMPT_LOSSY] = {"packets were lost at random, and two might hold it", 1},
	[WATCH_EXEMPT_DOUBTED] = {"clocks differed and nothing told how, and two might hold it", 6},
	[WATCH_EXEMPT_UNABLE] = {"nobody held it, and nobody could", 2},
	[WATCH_EXEMPT_UNHEALED] = {"something was wrong, and a neighbour need not know where it is", 13},
	[WATCH_EXEMPT_UNTOLD] = {"all was well, but nobody had to tell the neighbours", 35},
	[WATCH_EXEMPT_END] = {"of runs whose end was not looked at", 6},
};
static_assert(ARRAY_LEN(exempts) == WATCH_EXEMPT_COUNT, "an exemption is missing");

const char *watch_exempt_name(enum watch_exempt exempt)
{
	return exempts[exempt].name;
}

double watch_exempt_limit(enum watch_exempt exempt)
{
	return exempts[exempt].limit;
}

void watch_init(struct sim_watch *watch)
{
	*watch = (struct sim_watch){0};
}

void watch_disturb(struct sim_watch *watch)
{
	for (size_t i = 0; i < SIM_VIPS_MAX; i++)
		watch->vips[i].claims_since = 0;
}

void watch_fail(struct sim_watch *watch, const struct sim *sim, const char *format, ...)
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

static const struct vrrp_fsm *fsm_of(const struct sim_node *node, int vip)
{
	return &node->main.vips[vip].fsm;
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
	return timers_active_down_ns(sim->world.setup.version, 1, sim->world.setup.interval_ns);
}

static bool lan_is_open(const struct sim *sim, int lan, int from, int to)
{
	return world_is_open(&sim->world, lan, from, to) && sim->nodes[from].places[lan].carrier &&
	       (to >= sim->world.setup.node_count || sim->nodes[to].places[lan].carrier);
}

/* Whether its frames reach the neighbour beside it. */
static bool link_works(const struct sim *sim, int lan, int node)
{
	int neighbour = world_neighbour_party(&sim->world, node);

	return lan_is_open(sim, lan, node, neighbour) && world_is_open(&sim->world, lan, neighbour, node);
}

/* Those of its whole group. */
static bool links_work(const struct sim *sim, int vip, int node)
{
	for (int i = 0; i < sim->world.setup.vip_count; i++) {
		if (sim_goes_with(sim, vip, i) && !link_works(sim, i, node))
			return false;
	}
	return true;
}

/* Nothing is wrong at the moment but what vrrpd has to put right by itself. */
static bool is_healed(const struct sim *sim)
{
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (!main_runs(node) || node->main.maintenance)
			return false;
		for (int k = 0; k < sim->world.setup.vip_count; k++) {
			if (!node->places[k].carrier)
				return false;
		}
	}
	return world_is_whole(&sim->world);
}

/* Rules. */

static bool is_owner(const struct sim_node *node)
{
	return node->sim->world.setup.priority[node->index] == VRRP_PRIORITY_OWNER;
}

static bool wins(const struct sim_node *a, const struct sim_node *b, int vip)
{
	uint8_t of_a = fsm_of(a, vip)->facts.priority, of_b = fsm_of(b, vip)->facts.priority;

	return of_a != of_b ? of_a > of_b : ip_compare(&a->source, &b->source) > 0;
}

static bool peers_talk(const struct sim *sim, int a, int b)
{
	const struct sim_setup *setup = &sim->world.setup;

	if (!node_is_of_pair(&sim->nodes[a]) || !node_is_of_pair(&sim->nodes[b]))
		return false;
	return ((setup->paths & SIM_PATH_LAN) && sim->world.port_closed == 0 && lan_is_open(sim, SIM_LAN, a, b) &&
		       lan_is_open(sim, SIM_LAN, b, a)) ||
	       ((setup->paths & SIM_PATH_SIDE) && world_is_open(&sim->world, SIM_SIDE, a, b) &&
		       world_is_open(&sim->world, SIM_SIDE, b, a));
}

/*
 * Whether adverts show their freshness. Where clocks are apart it takes the state port, or their pace, which needs a
 * proof by the port to have grown old first; and what is below the mark may be a recording (replay.h).
 */
static bool is_believable(const struct sim *sim, int from, int to)
{
	return !sim->world.setup.is_signed || sim_clocks_agree(sim, from, to) || peers_talk(sim, from, to);
}

/* Without the state port, nothing but its clock tells an advert from a recording. */
static bool all_can_believe(const struct sim *sim)
{
	for (int a = 0; a < sim->world.setup.node_count; a++) {
		for (int b = 0; b < sim->world.setup.node_count; b++) {
			if (a != b && !is_believable(sim, a, b))
				return false;
		}
	}
	return true;
}

/* This node should have given way to another that it hears. */
static bool is_double(const struct sim *sim, int vip, int index)
{
	const struct sim_node *node = &sim->nodes[index];

	if (!node_holds(node, vip) || !main_runs(node) || !world_is_lossless(&sim->world))
		return false;
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *other = &sim->nodes[i];

		if (i != index && node_holds(other, vip) && main_runs(other) && wins(other, node, vip) &&
			lan_is_open(sim, vip, i, index) && is_believable(sim, i, index))
			return true;
	}
	return false;
}

/* Holds it, in a way that serves somebody, and is in command of it. */
static bool is_held(const struct sim *sim, int vip)
{
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (node_holds(node, vip) && main_runs(node) &&
			lan_is_open(sim, vip, i, world_neighbour_party(&sim->world, i)))
			return true;
	}
	return false;
}

/* Could hold it: its link works, and lbd is bound, or was waited for long enough (DESIGN 5.6). */
static bool is_able(const struct sim *sim, int vip, int index)
{
	const struct sim_node *node = &sim->nodes[index];
	struct mono started_at = fsm_of(node, vip)->started_at;
	struct mono now = sim->world.now;

	return main_runs(node) && links_work(sim, vip, index) && !node->main.maintenance &&
	       mono_reached(mono_add(started_at, sim->world.setup.start_delay_ns), now) &&
	       (node_forwarder_view(node).bound || mono_reached(mono_add(started_at, VRRP_UNBOUND_CLAIM_NS), now)) &&
	       mono_reached(node->main.vips[vip].verdict.hold_back_until, now);
}

static bool is_anybody_able(const struct sim *sim, int vip)
{
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		if (is_able(sim, vip, i))
			return true;
	}
	return false;
}

/* Without the state port nobody says that it is back, or has lost the vip when nobody heard it. */
static bool is_untold(const struct sim *sim)
{
	return sim->world.setup.paths == 0 || sim->world.setup.node_count > SIM_PAIR;
}

/* A neighbour of a network that is whole asks a node that does not hold it. */
static bool is_lost(const struct sim_watch *watch, const struct sim *sim, int vip, int index)
{
	int at = sim->world.neighbours[vip][index].points_at;
	bool held = false;

	if (is_untold(sim))
		return false;
	for (int i = 0; i < sim->world.setup.node_count; i++)
		held = held || (node_holds(&sim->nodes[i], vip) && main_runs(&sim->nodes[i]));
	return at != SIM_NOBODY && held && watch->healed_since.ns != 0 && !node_holds(&sim->nodes[at], vip);
}

/* When all is well, the vips of a group that this node has are not active elsewhere. */
static bool is_parted(const struct sim_watch *watch, const struct sim *sim, int vip, int index)
{
	if (!sim->world.setup.grouped || watch->healed_since.ns == 0 || !node_holds(&sim->nodes[index], vip))
		return false;
	for (int i = 0; i < sim->world.setup.vip_count; i++) {
		for (int k = 0; k < sim->world.setup.node_count; k++) {
			if (k != index && i != vip && node_holds(&sim->nodes[k], i))
				return true;
		}
	}
	return false;
}

/* On a network so slow that an old answer overtakes the announcement, the burst's next one puts it right. */
static int64_t overtaking_ns(const struct sim *sim)
{
	return sim->world.setup.jitter_ns > NS_PER_MS ? 200 * NS_PER_MS : 0;
}

/*
 * The network was well again before a backup could have missed an advert, or lost a packet here and there: nobody knows
 * that an announcement was lost, and again the burst's next one puts it right.
 */
static int64_t unnoticed_ns(const struct sim_watch *watch, const struct sim *sim, struct mono left)
{
	int64_t since_ns = mono_diff(watch->healed_since, left);

	if (since_ns < 0 || since_ns >= (watch->was_lossy ? 800 * NS_PER_MS : down_ns(sim)))
		return 0;
	return 200 * NS_PER_MS;
}

static struct mono left_at(const struct sim *sim, int vip, int node)
{
	return node != SIM_NOBODY ? sim->nodes[node].records[vip].left_at : (struct mono){0};
}

/*
 * Who offered the vip hears neither the answer nor the adverts of who took it: the offer is waited out, since the giver
 * leaves as soon as it hears of either.
 */
static int64_t unanswered_ns(const struct sim *sim, int vip, int index)
{
	int64_t left_ns = mono_diff(fsm_of(&sim->nodes[index], vip)->grace_until, sim->world.now);

	for (int i = 0; i < SIM_PAIR; i++) {
		if (i != index && node_holds(&sim->nodes[i], vip) && !lan_is_open(sim, vip, index, i))
			return MAX(left_ns, (int64_t)0);
	}
	return 0;
}

static int64_t neighbour_bound_ns(const struct sim_watch *watch, const struct sim *sim, int vip, int index)
{
	struct mono left = left_at(sim, vip, sim->world.neighbours[vip][index].points_at);

	/* Section 7: a partition that heals costs the client 50 ms. Where the node that it asks lost the vip before
	 * that, nobody gives way now: the backup's word that it hears adverts again is waited for. */
	if (sim_clocks_agree(sim, 0, sim->world.setup.node_count - 1) && mono_before(watch->healed_since, left))
		return 50 * NS_PER_MS + 2 * way_ns(sim) + overtaking_ns(sim);
	return 50 * NS_PER_MS + 3 * sim->world.setup.interval_ns + 4 * way_ns(sim) + unnoticed_ns(watch, sim, left);
}

/* How long each may last. */
static int64_t bound_ns(const struct sim_watch *watch, const struct sim *sim, int vip, enum watch_rule rule, int index)
{
	const struct sim_setup *setup = &sim->world.setup;

	switch (rule) {
	case WATCH_DOUBLE:
		/* The winner's next advert ends it (RFC 9568 6.4.3), or the third, where its freshness shows by its
		 * pace alone (5.4). */
		return 4 * setup->interval_ns + 2 * way_ns(sim) + unanswered_ns(sim, vip, index);
	case WATCH_HELPLESS:
		/* Section 7: lease + 0.2 s. */
		return setup->lease_ns + 200 * NS_PER_MS;
	case WATCH_GUARDED:
		/* 5.2: the threshold, looked at every 10 ms; the SIGKILL's effect is immediate here. */
		return threshold_ns(sim) + 25 * NS_PER_MS;
	case WATCH_NONE:
		/* Active_Down_Interval since the last advert, and a backup looks again each interval; three of them
		 * where the peer says over the side network that it has the vip (5.4). */
		return ((setup->paths & SIM_PATH_SIDE) || (setup->paths != 0 && vip > 0) ? 3 : 1) * down_ns(sim) +
		       4 * setup->interval_ns + 4 * way_ns(sim);
	case WATCH_GOODBYE:
		/* RFC 9568 6.4.2: Skew_Time, which is below the interval. */
		return setup->interval_ns + NS_PER_MS;
	case WATCH_NEIGHBOUR:
		return neighbour_bound_ns(watch, sim, vip, index);
	case WATCH_PARTED:
		return INT64_MAX;
	case WATCH_RULE_COUNT:
		break;
	}
	return 0;
}

/* Where somebody stands in one vip. */
struct view {
	struct sim_watch *watch;
	struct watch_vip *of;
	const struct sim *sim;
	int vip;
};

static void hold_to(const struct view *view, enum watch_rule rule, int index, struct mono since)
{
	int64_t lasted_ns = mono_diff(view->sim->world.now, since);

	view->watch->longest_ns[rule] = MAX(view->watch->longest_ns[rule], lasted_ns);
	if (lasted_ns > view->of->bound_ns[rule][index])
		watch_fail(view->watch, view->sim, "vip %d, lb%d: %s, for %" PRId64 " ms", view->vip + 1, index + 1,
			rule_names[rule], lasted_ns / NS_PER_MS);
}

/* The condition has held from then until now; what the step made of it counts from here on. */
static void look_at(const struct view *view, enum watch_rule rule, int index, bool holds)
{
	struct mono *since = &view->of->since[rule][index];

	if (since->ns != 0)
		hold_to(view, rule, index, *since);
	if (!holds)
		*since = (struct mono){0};
	else if (since->ns == 0) {
		*since = view->sim->world.now;
		view->watch->begun[rule]++;
		view->of->bound_ns[rule][index] = bound_ns(view->watch, view->sim, view->vip, rule, index);
	}
}

/* Nobody holds it since one moment, and this node could since another. */
static void look_at_none(const struct view *view)
{
	struct watch_vip *of = view->of;
	bool held = is_held(view->sim, view->vip);

	for (int i = 0; i < view->sim->world.setup.node_count; i++) {
		struct mono *able = &of->able_since[i];
		bool still = of->none_since.ns != 0 && able->ns != 0;

		if (still) {
			of->bound_ns[WATCH_NONE][i] = bound_ns(view->watch, view->sim, view->vip, WATCH_NONE, i);
			hold_to(view, WATCH_NONE, i, mono_before(*able, of->none_since) ? of->none_since : *able);
		}
		if (!is_able(view->sim, view->vip, i))
			*able = (struct mono){0};
		else if (able->ns == 0)
			*able = view->sim->world.now;
	}
	if (held)
		of->none_since = (struct mono){0};
	else if (of->none_since.ns == 0) {
		of->none_since = view->sim->world.now;
		view->watch->begun[WATCH_NONE] += is_anybody_able(view->sim, view->vip);
	}
}

/* Whether another holds it in a network that has been well for long enough to hear it. */
static bool is_taken_away(const struct view *view, int index)
{
	const struct sim *sim = view->sim;
	struct mono heard = mono_add(view->watch->healed_since, 2 * down_ns(sim));

	if (view->watch->healed_since.ns == 0 || !mono_reached(heard, sim->world.now))
		return false;
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *other = &sim->nodes[i];

		if (i != index && is_believable(sim, i, index) && node_holds(other, view->vip) &&
			fsm_of(other, view->vip)->state == VRRP_ACTIVE)
			return !is_owner(&sim->nodes[index]);
	}
	return false;
}

/* A claim that was not made by consent comes after the skew at the soonest, and after a resignation later (5.5). */
static void look_at_claims(const struct view *view, int index)
{
	const struct sim *sim = view->sim;
	const struct sim_setup *setup = &sim->world.setup;
	const struct sim_node *node = &sim->nodes[index];
	const struct sim_record *record = &node->records[view->vip];
	int64_t skew_ns = timers_skew_ns(setup->version, setup->priority[index], setup->interval_ns);
	struct watch_vip *of = view->of;

	if (record->claims == of->claims_seen[index])
		return;
	of->claims_seen[index] = record->claims;
	if (!is_owner(node))
		of->claims_since = world_is_lossless(&sim->world) ? of->claims_since + 1 : 0;
	view->watch->most_claims = MAX(view->watch->most_claims, of->claims_since);
	if (of->claims_since > CLAIMS_MAX + (unsigned)(setup->node_count - SIM_PAIR))
		watch_fail(view->watch, sim, "vip %d was claimed %u times without anything happening", view->vip + 1,
			of->claims_since);
	if (strlen(of->owners) + 1 < sizeof of->owners)
		of->owners[strlen(of->owners)] = (char)('1' + index);
	if (record->broke_hold)
		watch_fail(view->watch, sim, "lb%d: claims while it should hold back", index + 1);
	if (!record->may_take && !record->was_ready && is_taken_away(view, index))
		watch_fail(view->watch, sim, "lb%d: takes the vip from who holds it, and is not ready", index + 1);
	if (record->may_take || record->left_at.ns == 0 || is_owner(node))
		return;
	if (mono_diff(record->claimed_at, record->left_at) < MAX(skew_ns, record->wait_ns))
		watch_fail(view->watch, sim, "lb%d: claims again after %" PRId64 " us, which is too soon", index + 1,
			mono_diff(record->claimed_at, record->left_at) / NS_PER_US);
}

/* A node that overslept gives way to who claimed meanwhile, and not the other way round (5.3). */
static void look_at_sleeper(const struct view *view, int index)
{
	const struct sim *sim = view->sim;
	bool other_holds = false;

	if (!sim->nodes[index].records[view->vip].overslept || !is_healed(sim))
		return;
	for (int i = 0; i < sim->world.setup.node_count; i++)
		other_holds = other_holds || (i != index && node_holds(&sim->nodes[i], view->vip));
	if (!other_holds)
		watch_fail(view->watch, sim, "lb%d overslept, and who claimed meanwhile gave way to it", index + 1);
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

static void measure_all(const struct view *view)
{
	const struct sim *sim = view->sim;
	struct watch_vip *of = view->of;
	int holders = 0;

	for (int i = 0; i < sim->world.setup.node_count; i++)
		holders += node_holds(&sim->nodes[i], view->vip) && sim->nodes[i].places[view->vip].carrier;
	measure(sim, of->owners[0] != '\0' && !is_held(sim, view->vip), &of->outage_since, &of->outage_ns);
	measure(sim, holders > 1, &of->double_since, &of->double_ns);
}

static void look_at_node(const struct view *view, int index)
{
	const struct sim_node *node = &view->sim->nodes[index];
	const struct sim_record *record = &node->records[view->vip];
	bool helpless = node_holds(node, view->vip) && !main_runs(node);

	look_at(view, WATCH_DOUBLE, index, is_double(view->sim, view->vip, index));
	look_at(view, WATCH_HELPLESS, index, helpless);
	look_at(view, WATCH_GUARDED, index, helpless && node_is_responsive(node, &node->guardian.process));
	look_at(view, WATCH_GOODBYE, index,
		record->goodbye_at.ns != 0 && fsm_of(node, view->vip)->state == VRRP_BACKUP &&
			!is_held(view->sim, view->vip) && is_able(view->sim, view->vip, index));
	look_at(view, WATCH_NEIGHBOUR, index, is_lost(view->watch, view->sim, view->vip, index));
	look_at(view, WATCH_PARTED, index, is_parted(view->watch, view->sim, view->vip, index));
	look_at_claims(view, index);
	look_at_sleeper(view, index);
	if (record->brought_back)
		watch_fail(view->watch, view->sim, "lb%d: renewed an address that was taken from it", index + 1);
}

/* What was so at the last look has been so until now. */
static void count_exempt(struct sim_watch *watch, const struct sim *sim)
{
	int64_t passed_ns = watch->looked_at.ns != 0 ? mono_diff(sim->world.now, watch->looked_at) : 0;

	watch->looked_at = sim->world.now;
	for (int vip = 0; vip < sim->world.setup.vip_count; vip++) {
		bool *exempt = watch->exempt[vip];

		watch->lived_ns += passed_ns;
		for (size_t i = 0; i < WATCH_EXEMPT_COUNT; i++)
			watch->exempt_ns[i] += exempt[i] ? passed_ns : 0;
		exempt[WATCH_EXEMPT_LOSSY] = !world_is_lossless(&sim->world);
		exempt[WATCH_EXEMPT_DOUBTED] = !all_can_believe(sim);
		exempt[WATCH_EXEMPT_UNABLE] = !is_held(sim, vip) && !is_anybody_able(sim, vip);
		exempt[WATCH_EXEMPT_UNHEALED] = watch->healed_since.ns == 0;
		exempt[WATCH_EXEMPT_UNTOLD] = watch->healed_since.ns != 0 && is_untold(sim);
	}
}

void watch_look(struct sim_watch *watch, const struct sim *sim)
{
	if (!is_healed(sim)) {
		watch->healed_since = (struct mono){0};
		watch->was_lossy = !world_is_lossless(&sim->world);
	} else if (watch->healed_since.ns == 0) {
		watch->healed_since = sim->world.now;
	}
	count_exempt(watch, sim);
	for (int vip = 0; vip < sim->world.setup.vip_count; vip++) {
		struct view view = {.watch = watch, .of = &watch->vips[vip], .sim = sim, .vip = vip};

		for (int i = 0; i < sim->world.setup.node_count; i++)
			look_at_node(&view, i);
		look_at_none(&view);
		measure_all(&view);
	}
}

/* The end. */

/* Why a node that holds nothing leaves the vip where it is; NULL: it should have it. */
static const char *excuse(const struct sim *sim, int vip, const struct sim_node *node, const struct sim_node *holder)
{
	const struct sim_setup *setup = &sim->world.setup;
	uint8_t own = setup->priority[node->index], other = setup->priority[holder->index];
	const struct sim_vip *of = &node->main.vips[vip];

	if (own == VRRP_PRIORITY_OWNER)
		return NULL;
	/* What each lost of its uplink may be held against it for a while longer. */
	if (of->fsm.facts.priority <= fsm_of(holder, vip)->facts.priority || own <= other)
		return "no higher priority";
	if (!setup->preempt)
		return "no preemption";
	if (mono_before(sim->world.now, of->verdict.hold_back_until))
		return "it holds back";
	if (of->fsm.yielding)
		return node->records[vip].offers > 0 ? "it gave the vip away as planned" : NULL;
	return NULL;
}

static const struct sim_node *find_holder(struct sim_watch *watch, const struct sim *sim, int vip)
{
	const struct sim_node *holder = NULL;

	for (int i = 0; i < sim->world.setup.node_count; i++) {
		const struct sim_node *node = &sim->nodes[i];
		enum vrrp_state state = fsm_of(node, vip)->state;

		if (state != VRRP_ACTIVE && state != VRRP_BACKUP)
			watch_fail(watch, sim, "at the end lb%d is in state %s", i + 1, vrrp_state_name(state));
		if (node_holds(node, vip) != (state == VRRP_ACTIVE))
			watch_fail(watch, sim, "at the end lb%d's state and its address disagree", i + 1);
		if (!node_holds(node, vip))
			continue;
		if (holder != NULL)
			watch_fail(watch, sim, "at the end two nodes hold vip %d", vip + 1);
		holder = node;
	}
	return holder;
}

/* Of a group of which only a part was given away, its first vip says where it comes together again. */
static bool group_was_given(const struct sim *sim, int vip)
{
	for (int i = 0; i < sim->world.setup.vip_count; i++) {
		if (i != vip && sim_goes_with(sim, vip, i) && sim->planned_to[i] != sim->planned_to[vip])
			return false;
	}
	return true;
}

static void end_vip(struct sim_watch *watch, const struct sim *sim, int vip)
{
	const struct sim_node *holder = find_holder(watch, sim, vip);

	if (holder == NULL) {
		watch_fail(watch, sim, "at the end nobody holds vip %d", vip + 1);
		return;
	}
	for (int i = 0; i < sim->world.setup.node_count; i++) {
		if (sim->world.neighbours[vip][i].points_at != holder->index)
			watch_fail(watch, sim, "at the end neighbour %d does not know that lb%d has vip %d", i + 1,
				holder->index + 1, vip + 1);
		if (&sim->nodes[i] != holder && excuse(sim, vip, &sim->nodes[i], holder) == NULL)
			watch_fail(watch, sim, "at the end lb%d has vip %d, and lb%d should", holder->index + 1,
				vip + 1, i + 1);
	}
	/* The others know nothing of plans. */
	if (sim->world.setup.node_count == SIM_PAIR && sim->planned_to[vip] != SIM_NOBODY &&
		sim->planned_to[vip] != holder->index && group_was_given(sim, vip))
		watch_fail(watch, sim, "lb%d was given vip %d as planned, and does not have it at the end",
			sim->planned_to[vip] + 1, vip + 1);
}

void watch_end(struct sim_watch *watch, const struct sim *sim)
{
	if (!all_can_believe(sim)) {
		watch->exempt_ns[WATCH_EXEMPT_END] = watch->lived_ns;
		return;
	}
	for (int vip = 0; vip < sim->world.setup.vip_count; vip++) {
		end_vip(watch, sim, vip);
		if (watch->vips[vip].since[WATCH_PARTED][0].ns != 0)
			watch_fail(watch, sim, "at the end the vips of the group are parted");
	}
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/tracker.h"

#include "common/system/clock.h"
#include "common/system/log.h"
#include "vrrpd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kinds. A new one is its file and its row. */
static const struct watch_kind *const kinds[] = {&watch_interface, &watch_service, &watch_gateway, &watch_script};

/* One thing that one vip tracks. */
struct tracked {
	struct watch *watch;
	const struct track_conf *conf; /* the vip's own */
};

struct tracked_vip {
	struct tracked *list;
	size_t count;
};

struct tracker {
	struct tracker_setup setup;
	struct watch **watches; /* room for as many as all vips track */
	size_t watch_count;
	struct tracker *former;   /* until it is succeeded: some of the watches are its own */
	struct tracked_vip *vips; /* in the order of the configuration */
};

static const struct track_conf *list_of(const struct watch_kind *kind, const struct vip_conf *vip, size_t *ret_count)
{
	*ret_count = *(const size_t *)(const void *)((const char *)vip + kind->count_offset);
	return *(const struct track_conf *const *)(const void *)((const char *)vip + kind->offset);
}

static size_t count_tracks(const struct vip_conf *vip)
{
	size_t total = 0, count;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		(void)list_of(kinds[i], vip, &count);
		total += count;
	}
	return total;
}

/* Results. */

static void on_report(struct watch *watch, bool good, const char *why)
{
	struct tracker *tracker = watch->owner;
	struct track_rule rule = {
		.rise = MAX(watch->conf.rise, 1u),
		.fall = MAX(watch->conf.fall, 1u),
		.interval_ns = watch->conf.interval_ns,
	};

	if (!good)
		snprintf(watch->why, sizeof watch->why, "%s", why);
	if (!track_score_take(&watch->score, &rule, good, clock_mono()))
		return;
	if (watch->score.state != TRACK_DOWN)
		watch->why[0] = '\0';
	tracker->setup.changed(
		tracker->setup.context, watch->kind->name, watch->conf.name, watch->score.state, watch->why);
}

void tracker_look(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->watch_count; i++) {
		if (tracker->watches[i]->kind->look != NULL)
			tracker->watches[i]->kind->look(tracker->watches[i]);
	}
}

/* Reading. */

static const struct tracked_vip *vip_of(const struct tracker *tracker, const struct vip_conf *vip)
{
	return &tracker->vips[vip - tracker->setup.conf->vips];
}

struct track_sum tracker_sum(const struct tracker *tracker, const struct vip_conf *vip)
{
	const struct tracked_vip *tracked = vip_of(tracker, vip);
	struct mono now = clock_mono();
	struct track_sum sum = {0};

	for (size_t i = 0; i < tracked->count; i++) {
		const struct watch *watch = tracked->list[i].watch;
		struct track_item item = {
			.state = watch->score.state,
			.doubtful = track_score_is_doubtful(&watch->score, now),
			.penalty = tracked->list[i].conf->penalty,
		};

		track_sum_add(&sum, &item);
	}
	return sum;
}

size_t tracker_count(const struct tracker *tracker, const struct vip_conf *vip)
{
	return vip_of(tracker, vip)->count;
}

struct tracker_entry tracker_entry(const struct tracker *tracker, const struct vip_conf *vip, size_t i)
{
	const struct tracked *tracked = &vip_of(tracker, vip)->list[i];

	return (struct tracker_entry){
		.kind = tracked->watch->kind->name,
		.name = tracked->conf->name,
		.state = tracked->watch->score.state,
		.penalty = tracked->conf->penalty,
		.why = tracked->watch->why,
	};
}

/* Building. */

/* Two vips that track one thing alike share its watch; the penalties are their own. */
static bool is_alike(const struct track_conf *a, const struct track_conf *b)
{
	return strcmp(a->name, b->name) == 0 && a->interval_ns == b->interval_ns && a->timeout_ns == b->timeout_ns &&
	       a->rise == b->rise && a->fall == b->fall;
}

static struct watch *find_watch(
	const struct tracker *tracker, const struct watch_kind *kind, const struct track_conf *conf)
{
	for (size_t i = 0; i < tracker->watch_count; i++) {
		if (tracker->watches[i]->kind == kind && is_alike(&tracker->watches[i]->conf, conf))
			return tracker->watches[i];
	}
	return NULL;
}

static bool has_watch(const struct tracker *tracker, const struct watch *watch)
{
	for (size_t i = 0; tracker != NULL && i < tracker->watch_count; i++) {
		if (tracker->watches[i] == watch)
			return true;
	}
	return false;
}

static void watch_free(struct watch *watch)
{
	if (watch->kind->stop != NULL)
		watch->kind->stop(watch);
	free((char *)(uintptr_t)watch->conf.name);
	free(watch);
}

/* What is watched in another way now was down, or up, a moment ago: that holds until the new results say otherwise. */
static void take_result_over(struct watch *watch, const struct tracker *former)
{
	for (size_t i = 0; former != NULL && i < former->watch_count; i++) {
		const struct watch *before = former->watches[i];

		if (before->kind != watch->kind || strcmp(before->conf.name, watch->conf.name) != 0)
			continue;
		watch->score = before->score;
		watch->score.against = 0;
		memcpy(watch->why, before->why, sizeof watch->why);
		return;
	}
}

static int watch_new(
	struct tracker *tracker, const struct watch_kind *kind, const struct track_conf *conf, struct watch **ret_watch)
{
	struct watch *watch = calloc(1, sizeof *watch);
	int r = 0;

	if (watch == NULL)
		return -ENOMEM;
	*watch = (struct watch){
		.kind = kind,
		.conf = *conf,
		.loop = tracker->setup.loop,
		.monitor = tracker->setup.monitor,
		.runner = tracker->setup.runner,
		.forwarder = tracker->setup.forwarder,
		.report = on_report,
		.owner = tracker,
	};
	/* It may outlive this configuration. */
	watch->conf.name = strdup(conf->name);
	if (watch->conf.name == NULL)
		r = -ENOMEM;
	else if (kind->start != NULL)
		r = kind->start(watch);
	if (r < 0) {
		log_error("what is tracked cannot be watched", log_str("kind", kind->name), log_str("name", conf->name),
			log_errno(r));
		watch_free(watch);
		return r;
	}
	take_result_over(watch, tracker->former);
	*ret_watch = watch;
	return 0;
}

static int add_watch(
	struct tracker *tracker, const struct watch_kind *kind, const struct track_conf *conf, struct watch **ret_watch)
{
	struct watch *watch = tracker->former != NULL ? find_watch(tracker->former, kind, conf) : NULL;
	int r = 0;

	if (watch == NULL)
		r = watch_new(tracker, kind, conf, &watch);
	if (r < 0)
		return r;
	tracker->watches[tracker->watch_count++] = watch;
	*ret_watch = watch;
	return 0;
}

static int add_kind(
	struct tracker *tracker, const struct watch_kind *kind, const struct vip_conf *conf, struct tracked_vip *vip)
{
	size_t count;
	const struct track_conf *list = list_of(kind, conf, &count);
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		struct watch *watch = find_watch(tracker, kind, &list[i]);

		if (watch == NULL)
			r = add_watch(tracker, kind, &list[i], &watch);
		if (r < 0)
			break;
		vip->list[vip->count++] = (struct tracked){.watch = watch, .conf = &list[i]};
	}
	return r;
}

static int add_vip(struct tracker *tracker, const struct vip_conf *conf, struct tracked_vip *vip)
{
	int r = 0;

	vip->list = calloc(MAX(count_tracks(conf), (size_t)1), sizeof *vip->list);
	if (vip->list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && r == 0; i++)
		r = add_kind(tracker, kinds[i], conf, vip);
	return r;
}

static int build(struct tracker *tracker)
{
	const struct conf *conf = tracker->setup.conf;
	size_t total = 0;
	int r = 0;

	for (size_t i = 0; i < conf->vip_count; i++)
		total += count_tracks(&conf->vips[i]);
	tracker->watches = calloc(MAX(total, (size_t)1), sizeof *tracker->watches);
	tracker->vips = calloc(MAX(conf->vip_count, (size_t)1), sizeof *tracker->vips);
	if (tracker->watches == NULL || tracker->vips == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->vip_count && r == 0; i++)
		r = add_vip(tracker, &conf->vips[i], &tracker->vips[i]);
	return r;
}

static int make(const struct tracker_setup *setup, struct tracker *former, struct tracker **ret_tracker)
{
	struct tracker *tracker = calloc(1, sizeof *tracker);
	int r;

	if (tracker == NULL)
		return -ENOMEM;
	tracker->setup = *setup;
	tracker->former = former;
	r = build(tracker);
	if (r < 0) {
		tracker_free(tracker);
		return r;
	}
	*ret_tracker = tracker;
	return 0;
}

int tracker_new(const struct tracker_setup *setup, struct tracker **ret_tracker)
{
	return make(setup, NULL, ret_tracker);
}

int tracker_next(
	struct tracker *tracker, const struct conf *conf, const struct forwarder *forwarder, struct tracker **ret_next)
{
	struct tracker_setup setup = tracker->setup;

	setup.conf = conf;
	setup.forwarder = forwarder;
	return make(&setup, tracker, ret_next);
}

static void forget(struct tracker *tracker)
{
	for (size_t i = 0; tracker->vips != NULL && i < tracker->setup.conf->vip_count; i++)
		free(tracker->vips[i].list);
	free(tracker->vips);
	free(tracker->watches);
	free(tracker);
}

void tracker_succeed(struct tracker *next)
{
	struct tracker *former = TAKE(next->former);

	for (size_t i = 0; i < former->watch_count; i++) {
		if (!has_watch(next, former->watches[i]))
			watch_free(former->watches[i]);
	}
	forget(former);
	for (size_t i = 0; i < next->watch_count; i++) {
		next->watches[i]->owner = next;
		next->watches[i]->forwarder = next->setup.forwarder;
	}
}

void tracker_free(struct tracker *tracker)
{
	if (tracker == NULL)
		return;
	for (size_t i = 0; i < tracker->watch_count; i++) {
		if (!has_watch(tracker->former, tracker->watches[i]))
			watch_free(tracker->watches[i]);
	}
	forget(tracker);
}

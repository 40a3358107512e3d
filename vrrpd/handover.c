/* SPDX-License-Identifier: MIT */
#include "vrrpd/handover.h"

#include "common/pure/list.h"
#include "common/system/clock.h"
#include "common/system/crypto.h"
#include "vrrpd/consent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPEAT_NS (20 * NS_PER_MS)
#define OFFER_LIMIT_NS (900 * NS_PER_MS)
/* An ask takes the offer's time and its own way there and back. */
#define ASK_LIMIT_NS (2 * NS_PER_S)
/* More than all vips that may be asked for at once. */
#define ANSWERS_KEPT 1024
/* Requests are found by their numbers, which are random. */
#define BUCKETS 1024

/* One request of ours that waits for its answer. */
struct handover {
	struct list link;
	struct list in_bucket;
	struct handovers *all;
	struct vip *vip;
	enum peer_kind kind; /* PEER_OFFER or PEER_ASK */
	uint64_t request;
	bool dry_run;
	struct mono limit;
	struct loop_timer repeat;
	handover_fn *fn;
	void *context;
};

/* An ask of the peer that was answered, for the case that the answer is lost. */
struct answered {
	struct list in_bucket;
	uint64_t request;
	bool accepted;
	char reason[PEER_REASON_MAX];
};

struct handovers {
	struct loop *loop;
	struct peer *peer;
	struct vip *(*find)(void *context, const char *name);
	void *context;
	struct list pending;
	struct list requests[BUCKETS]; /* those that are pending */
	struct answered answered[ANSWERS_KEPT];
	struct list answers[BUCKETS]; /* those that are kept */
	size_t answered_count;        /* of all */
};

static void note(const struct handover *handover, const char *what, const char *reason)
{
	recorder_add(handover->vip->shared->recorder, clock_mono(), clock_real_ns(), handover->vip->conf->name,
		"planned failover%s %s%s%s", handover->dry_run ? " (dry run)" : "", what, reason != NULL ? ": " : "",
		reason != NULL ? reason : "");
	if (reason != NULL)
		log_info("planned failover", log_str("vip", handover->vip->conf->name), log_str("step", what),
			log_str("reason", reason));
	else
		log_info("planned failover", log_str("vip", handover->vip->conf->name), log_str("step", what));
}

static struct list *bucket_of(struct list *buckets, uint64_t request)
{
	return &buckets[request % BUCKETS];
}

/* From then on the vip knows of none. */
static void unlink_handover(struct handover *handover)
{
	list_remove(&handover->link);
	list_remove(&handover->in_bucket);
	handover->vip->handover = NULL;
	loop_timer_clear(handover->all->loop, &handover->repeat);
}

static void finish(struct handover *handover, bool done, const char *reason)
{
	struct handover_result result = {.done = done, .reason = reason};

	unlink_handover(handover);
	if (handover->kind == PEER_OFFER && !handover->dry_run)
		vip_event(handover->vip, done ? VRRP_EVENT_TAKEN : VRRP_EVENT_OFFER_FAILED);
	note(handover, done ? "agreed" : "refused", reason);
	handover->fn(handover->context, handover->vip, &result);
	free(handover);
}

static void send_message(struct handovers *all, enum peer_kind kind, uint64_t request, const char *vip, bool dry_run,
	bool accepted, const char *reason)
{
	struct peer_message *message = calloc(1, sizeof *message);

	if (message == NULL)
		return;
	message->kind = kind;
	message->request = request;
	message->dry_run = dry_run;
	message->accepted = accepted;
	snprintf(message->vip, sizeof message->vip, "%s", vip);
	snprintf(message->reason, sizeof message->reason, "%s", reason != NULL ? reason : "");
	peer_send(all->peer, message);
	free(message);
}

static void on_repeat(struct loop_timer *timer, struct mono now)
{
	struct handover *handover = CONTAINER_OF(timer, struct handover, repeat);

	if (mono_reached(handover->limit, now)) {
		finish(handover, false, "the peer did not answer");
		return;
	}
	send_message(handover->all, handover->kind, handover->request, handover->vip->conf->name, handover->dry_run,
		false, NULL);
	if (loop_timer_set(handover->all->loop, timer, mono_add(now, REPEAT_NS), on_repeat) < 0)
		finish(handover, false, "out of memory");
}

static const char *refuse(const struct handovers *all, const struct vip *vip)
{
	if (all->peer == NULL)
		return "the nodes have no common key, and so no way to agree (pair { key-file })";
	if (!peer_is_alive(all->peer))
		return "the peer is not heard on the state port";
	return consent_refuse_start(&vip->fsm, vip->handover != NULL);
}

void handover_start(struct handovers *handovers, struct vip *vip, bool dry_run, handover_fn *fn, void *context)
{
	struct handover_result refused = {.reason = refuse(handovers, vip)};
	struct handover *handover;
	int64_t limit_ns;

	handover = refused.reason == NULL ? calloc(1, sizeof *handover) : NULL;
	if (handover == NULL || crypto_random(&handover->request, sizeof handover->request) < 0) {
		if (refused.reason == NULL)
			refused.reason = "out of memory";
		free(handover);
		fn(context, vip, &refused);
		return;
	}
	handover->all = handovers;
	handover->vip = vip;
	handover->kind = vip->fsm.state == VRRP_ACTIVE ? PEER_OFFER : PEER_ASK;
	handover->dry_run = dry_run;
	handover->fn = fn;
	handover->context = context;
	limit_ns = handover->kind == PEER_OFFER ? OFFER_LIMIT_NS : ASK_LIMIT_NS;
	handover->limit = mono_add(clock_mono(), limit_ns);
	list_append(&handovers->pending, &handover->link);
	list_append(bucket_of(handovers->requests, handover->request), &handover->in_bucket);
	vip->handover = handover;
	note(handover, handover->kind == PEER_OFFER ? "offered to the peer" : "asked for at the peer", NULL);
	if (handover->kind == PEER_OFFER && !dry_run) {
		word_offer(&vip->word);
		vip_event(vip, VRRP_EVENT_OFFERED);
	}
	on_repeat(&handover->repeat, clock_mono());
}

/* The peer's requests. */

/* Where the result of an ask goes; freed when it has gone. */
struct asked {
	struct handovers *all;
	uint64_t request;
};

static void answer(struct handovers *all, uint64_t request, const char *vip, bool accepted, const char *reason)
{
	struct answered *answered = &all->answered[all->answered_count++ % ANSWERS_KEPT];

	/* The oldest makes room. */
	if (all->answered_count > ANSWERS_KEPT)
		list_remove(&answered->in_bucket);
	list_append(bucket_of(all->answers, request), &answered->in_bucket);
	answered->request = request;
	answered->accepted = accepted;
	snprintf(answered->reason, sizeof answered->reason, "%s", reason != NULL ? reason : "");
	send_message(all, PEER_ANSWER, request, vip, false, accepted, reason);
}

static void on_asked_result(void *context, struct vip *vip, const struct handover_result *result)
{
	struct asked *asked = context;

	answer(asked->all, asked->request, vip->conf->name, result->done, result->reason);
	free(asked);
}

static bool answer_again(struct handovers *all, const struct peer_message *message)
{
	const struct answered *answered;

	LIST_FOR_EACH(answered, bucket_of(all->answers, message->request), in_bucket)
	{
		if (answered->request != message->request)
			continue;
		send_message(
			all, PEER_ANSWER, message->request, message->vip, false, answered->accepted, answered->reason);
		return true;
	}
	return false;
}

/* A dry run is no offer: nothing moves by it. */
static bool is_offered(const struct vip *vip)
{
	return vip->handover != NULL && vip->handover->kind == PEER_OFFER && !vip->handover->dry_run;
}

/* What was refused stays refused: of the copies of an offer one may come when the giver counts on keeping the vip. */
static void take_offer(struct handovers *all, const struct peer_message *message)
{
	struct vip *vip = all->find(all->context, message->vip);
	const char *reason = "it has no vip of that name";
	enum consent consent = CONSENT_REFUSED;

	if (answer_again(all, message))
		return;
	if (vip != NULL)
		consent = consent_to_offer(&vip->fsm, is_offered(vip), &reason);
	if (consent == CONSENT_SILENT)
		return;
	if (consent == CONSENT_REFUSED && !message->dry_run) {
		answer(all, message->request, message->vip, false, reason);
		return;
	}
	if (consent == CONSENT_GIVEN && !message->dry_run) {
		/* Who offers it has it, be it that no heartbeat has said so yet: the next one may say that it has not.
		 */
		vip->word.state = PEER_VIP_ACTIVE;
		vip_event(vip, VRRP_EVENT_TAKE);
	}
	send_message(all, PEER_ANSWER, message->request, message->vip, message->dry_run, consent == CONSENT_GIVEN,
		consent == CONSENT_GIVEN ? NULL : reason);
}

static void take_ask(struct handovers *all, const struct peer_message *message)
{
	struct vip *vip = all->find(all->context, message->vip);
	const char *reason = "it has no vip of that name";
	enum consent consent = CONSENT_REFUSED;
	struct asked *asked;

	if (answer_again(all, message))
		return;
	if (vip != NULL)
		consent = consent_to_ask(&vip->fsm, vip->handover != NULL, &reason);
	if (consent == CONSENT_REFUSED)
		answer(all, message->request, message->vip, false, reason);
	if (consent != CONSENT_GIVEN)
		return;
	asked = calloc(1, sizeof *asked);
	if (asked == NULL)
		return;
	*asked = (struct asked){.all = all, .request = message->request};
	handover_start(all, vip, message->dry_run, on_asked_result, asked);
}

static void take_answer(struct handovers *all, const struct peer_message *message)
{
	struct handover *handover;

	LIST_FOR_EACH(handover, bucket_of(all->requests, message->request), in_bucket)
	{
		char reason[PEER_REASON_MAX + PEER_NAME_MAX + 16];

		if (handover->request != message->request)
			continue;
		snprintf(reason, sizeof reason, "%s refuses: %s", message->from, message->reason);
		finish(handover, message->accepted, message->accepted ? NULL : reason);
		return;
	}
}

void handover_message(struct handovers *handovers, const struct peer_message *message)
{
	switch (message->kind) {
	case PEER_ASK:
		take_ask(handovers, message);
		break;
	case PEER_OFFER:
		take_offer(handovers, message);
		break;
	case PEER_ANSWER:
		take_answer(handovers, message);
		break;
	case PEER_HEARTBEAT:
	case PEER_KIND_COUNT:
		break;
	}
}

int handovers_new(struct loop *loop, struct peer *peer, struct vip *(*find)(void *context, const char *name),
	void *context, struct handovers **ret_handovers)
{
	struct handovers *handovers = calloc(1, sizeof *handovers);

	if (handovers == NULL)
		return -ENOMEM;
	handovers->loop = loop;
	handovers->peer = peer;
	handovers->find = find;
	handovers->context = context;
	list_init(&handovers->pending);
	for (size_t i = 0; i < BUCKETS; i++) {
		list_init(&handovers->requests[i]);
		list_init(&handovers->answers[i]);
	}
	*ret_handovers = handovers;
	return 0;
}

void handovers_stop(struct handovers *handovers)
{
	while (!list_is_empty(&handovers->pending))
		finish(LIST_ENTRY(handovers->pending.next, struct handover, link), false, "vrrpd is stopping");
}

void handovers_set_peer(struct handovers *handovers, struct peer *peer)
{
	struct handover *handover;

	LIST_FOR_EACH(handover, &handovers->pending, link)
	{
		if (peer == NULL)
			finish(handover, false, "a reload has taken away what the nodes agree by");
	}
	handovers->peer = peer;
}

void handovers_forget(const struct vip *vip)
{
	if (vip->handover != NULL)
		finish(vip->handover, false, "a reload has removed the vip");
}

void handovers_free(struct handovers *handovers)
{
	struct handover *handover;

	if (handovers == NULL)
		return;
	LIST_FOR_EACH(handover, &handovers->pending, link)
	{
		unlink_handover(handover);
		free(handover);
	}
	free(handovers);
}

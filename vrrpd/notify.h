/* SPDX-License-Identifier: MIT */
/*
 * Tells operators' programs of each change of a vip's state: `notify = PATH` runs PATH with four arguments, the vip,
 * the former state, the new one and the reason. One program runs at a time, in the order of the changes over all vips,
 * so that what ran last says what is. None of it is waited for by the election (runner.h).
 */
#ifndef LBPAIR_VRRPD_NOTIFY_H
#define LBPAIR_VRRPD_NOTIFY_H

#include "common/model/conf.h"
#include "vrrpd/recorder.h"
#include "vrrpd/runner.h"

/* A program that takes longer is killed, and the next one runs. */
#define NOTIFY_TIMEOUT_NS (10 * NS_PER_S)
/*
 * Changes that wait. Of more than that the oldest is passed over whose vip has changed again since, so that with no
 * more vips than this each one's last change is always told; of none such, the oldest. It is logged.
 */
#define NOTIFY_QUEUE CONF_VIPS_MAX

struct notifier;

/* What happened; the strings are copied, the longest of them cut. */
struct notify_change {
	const char *program;
	const char *vip;
	const char *from;
	const char *to;
	const char *reason;
};

/* `idle` is called, from the runner's loop, when the last program has ended and none waits. -ENOMEM. */
MUST_USE int notifier_new(struct runner *runner, struct recorder *recorder, void (*idle)(void *context), void *context,
	struct notifier **ret_notifier);
/* Kills what runs. Accepts NULL. */
void notifier_free(struct notifier *notifier);

void notifier_add(struct notifier *notifier, const struct notify_change *change);
bool notifier_is_idle(const struct notifier *notifier);

#endif

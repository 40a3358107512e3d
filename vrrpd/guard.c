/* SPDX-License-Identifier: MIT */
/*
 * The order of fencing: the epoch first, so that a main process that lives on never renews what is taken away; then the
 * SIGKILL, and a short wait for its effect; then for each vip its addresses, and only then the advert of priority 0, so
 * that the peer does not install what is still here.
 */
#include "vrrpd/guard.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "vrrpd/address.h"
#include "vrrpd/fsm.h"
#include "vrrpd/announce.h"
#include "vrrpd/place.h"
#include "vrrpd/priority.h"
#include "vrrpd/silence.h"
#include "vrrpd/transmit.h"
#include "vrrpd/vitals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/pidfd.h>

#define TICK_NS (10 * NS_PER_MS)
/* How long the end of a killed main process is waited for before its addresses are taken from it all the same. */
#define END_TIMEOUT_NS (100 * NS_PER_MS)
/* And so often it is looked whether only its threads are left, which have nothing more to say. */
#define END_LOOK_NS (2 * NS_PER_MS)

struct guard {
	struct fence *fence;
	int main_pidfd;
	struct fence_copy *copy;
	struct address_socket *addresses;     /* NULL: could not be had; the leases must do */
	struct rawsock sockets[FAMILY_COUNT]; /* fd -1: likewise */
	int packet_fd;                        /* -1: likewise, of vips with a virtual MAC */
	uint64_t seen;                        /* of the main process's progress */
	int64_t silent_ns;                    /* without progress, in time that the guardian itself has lived through */
	struct vitals vitals;                 /* of the main process */
	int64_t ran_ns;                       /* what it had run when its progress was seen last; -1: not known */
};

/* What keeps the guardian running when the host is short of everything. Without a right it goes on without. */
static void claim_resources(void)
{
	/* Above the main process, which must not be able to starve it. */
	AUTO_FD fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "-1000", 5);
	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	(void)!priority_claim(PRIORITY_GUARDIAN);
}

static int guard_open(struct guard *guard)
{
	int r = fence_copy_new(&guard->copy);

	if (r < 0)
		return r;
	r = address_open(&guard->addresses);
	if (r < 0)
		log_error("the guardian has no netlink socket: it can kill, and the leases end by themselves",
			log_errno(r));
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		r = rawsock_open(family, &guard->sockets[family]);
		/* A host without IPv6 has no vips of it. */
		if (r < 0 && r != -EAFNOSUPPORT)
			log_error("the guardian has no raw socket: it cannot tell the peer of a crash", log_errno(r));
	}
	r = announce_open(&guard->packet_fd);
	if (r < 0)
		log_error("the guardian has no packet socket: it cannot tell the peer of a crash", log_errno(r));
	guard->seen = fence_progress_count(guard->fence);
	/* Of another process, if the parent has died already; then it is not looked at again. */
	vitals_open(getppid(), &guard->vitals);
	guard->ran_ns = vitals_ran_ns(&guard->vitals);
	return 0;
}

static void guard_close(struct guard *guard)
{
	fence_copy_free(guard->copy);
	fence_wipe(guard->fence);
	address_close(guard->addresses);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		rawsock_close(&guard->sockets[family]);
	fd_close(&guard->packet_fd);
	vitals_close(&guard->vitals);
	fd_close(&guard->main_pidfd);
	fence_free(guard->fence);
}

/* Whether the main process has ended; waits for that at most so long. */
static bool main_has_ended(const struct guard *guard, int64_t timeout_ns)
{
	struct pollfd end = {.fd = guard->main_pidfd, .events = POLLIN};
	struct timespec timeout = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};

	return ppoll(&end, 1, &timeout, NULL) == 1;
}

/* Fencing. */

static void remove_addresses(const struct guard *guard, const struct fence_vip *vip)
{
	int r;

	if (guard->addresses == NULL || vip->ifindex == 0)
		return;
	r = place_remove(guard->addresses, vip);
	if (r < 0)
		log_error("the guardian could not remove addresses; their lease ends by itself",
			log_uint("vrid", vip->vrid), log_errno(r));
}

/* RFC 9568 section 6.4.3: priority 0 says that the active router leaves, and costs the peer its skew time alone. */
static void say_goodbye(struct guard *guard, const struct fence_vip *vip)
{
	const struct transmit transmit = {
		.sockets = guard->sockets,
		.fence = guard->fence,
		.key = fence_copy_key(guard->copy),
		.packet_fd = guard->packet_fd,
	};
	uint64_t sent = 0;
	int r = transmit_advert(&transmit, vip, VRRP_PRIORITY_RESIGN, &sent);

	if (r < 0)
		log_warning("the guardian could not send priority 0", log_uint("vrid", vip->vrid), log_errno(r));
}

/* The addresses of every vip, active or not, by what was published last. */
static void remove_all(struct guard *guard)
{
	const struct fence_vip *vips;
	size_t count;

	if (fence_read(guard->fence, guard->copy) < 0)
		return;
	vips = fence_copy_vips(guard->copy, &count);
	for (size_t i = 0; i < count; i++)
		remove_addresses(guard, &vips[i]);
}

/* Returns how many there were. */
static size_t take_active_vips(struct guard *guard)
{
	const struct fence_vip *vips;
	size_t count, taken = 0;

	if (fence_read(guard->fence, guard->copy) < 0) {
		log_error("the guardian finds no whole publication; the leases end by themselves");
		return 0;
	}
	vips = fence_copy_vips(guard->copy, &count);
	for (size_t i = 0; i < count; i++) {
		if (!vips[i].active)
			continue;
		remove_addresses(guard, &vips[i]);
		say_goodbye(guard, &vips[i]);
		taken++;
	}
	return taken;
}

/* What the main process ran, with all that these have started. At once, since their numbers are no longer held. */
static size_t kill_programs(struct guard *guard)
{
	size_t count, killed = 0;
	const _Atomic pid_t *groups = fence_programs(guard->fence, &count);

	for (size_t i = 0; i < count; i++) {
		pid_t group = atomic_load(&groups[i]);

		/* -1 would be every process. */
		if (group > 1 && kill(-group, SIGKILL) == 0)
			killed++;
	}
	return killed;
}

/* Why it is silent, since its progress was seen last. */
static enum silence why_silent(const struct guard *guard)
{
	int64_t ran_ns = vitals_ran_ns(&guard->vitals);

	return silence_of(vitals_state(&guard->vitals), ran_ns < 0 || guard->ran_ns < 0 ? -1 : ran_ns - guard->ran_ns,
		guard->silent_ns);
}

/*
 * The end is that of the last thread, and the others may wait for a processor, or in the kernel. With the first one
 * gone nobody is left who would ask for an address, and what was on its way into the kernel is removed until that end.
 */
static void await_end(const struct guard *guard)
{
	struct mono start = clock_mono();

	while (!main_has_ended(guard, END_LOOK_NS) && why_silent(guard) != SILENCE_ENDED)
		if (mono_diff(clock_mono(), start) >= END_TIMEOUT_NS)
			return;
}

/* What it says of it comes last: a log on a slow disk holds nothing up. */
static void fence_main(struct guard *guard)
{
	int64_t silent_ns = guard->silent_ns;
	enum silence silence = main_has_ended(guard, 0) ? SILENCE_ENDED : why_silent(guard);
	char place[VITALS_PLACE_MAX];
	size_t taken, killed;

	fence_raise_epoch(guard->fence);
	vitals_place(&guard->vitals, place);
	(void)pidfd_send_signal(guard->main_pidfd, SIGKILL, NULL, 0);
	await_end(guard);
	taken = take_active_vips(guard);
	killed = kill_programs(guard);
	if (silence == SILENCE_ENDED)
		log_error("the main process has died");
	else
		log_error("the main process hangs", log_ms("silent", silent_ns), log_str("it", silence_text(silence)),
			log_str("place", place));
	log_warning("the guardian has fenced the main process", log_uint("vips", taken), log_uint("programs", killed));
	while (!main_has_ended(guard, TICK_NS)) {
		fence_guardian_progress(guard->fence);
		remove_all(guard);
	}
	remove_all(guard);
}

/* The watch. */

/* Whether what was published last says that some vip is active here. What cannot be read counts as one. */
static bool holds_something(struct guard *guard)
{
	const struct fence_vip *vips;
	size_t count;

	if (fence_read(guard->fence, guard->copy) < 0)
		return true;
	vips = fence_copy_vips(guard->copy, &count);
	for (size_t i = 0; i < count; i++)
		if (vips[i].active)
			return true;
	return false;
}

/*
 * One look at the progress, `waited_ns` after the last one; true: no more is to be waited for. However long the wait
 * was, it counts as one tick: after a pause of the whole machine the main process has its own look first.
 */
static bool is_lost(struct guard *guard, int64_t waited_ns)
{
	uint64_t progress = fence_progress_count(guard->fence);
	int64_t threshold_ns = fence_threshold_ns(guard->fence);
	enum silence silence;

	if (progress != guard->seen) {
		guard->seen = progress;
		guard->silent_ns = 0;
		guard->ran_ns = vitals_ran_ns(&guard->vitals);
		return false;
	}
	guard->silent_ns += MIN(waited_ns, TICK_NS);
	silence = why_silent(guard);
	if (silence == SILENCE_ENDED)
		return true;
	return threshold_ns > 0 && guard->silent_ns >= threshold_ns &&
	       guard->silent_ns >= silence_patience_ns(silence, holds_something(guard), threshold_ns);
}

static void watch(struct guard *guard)
{
	struct mono last = clock_mono();

	for (;;) {
		bool ended = main_has_ended(guard, TICK_NS);
		struct mono now = clock_mono();
		bool lost = ended || is_lost(guard, mono_diff(now, last));

		fence_guardian_progress(guard->fence);
		/* Last, since a dismissal comes before the end. */
		if (fence_is_dismissed(guard->fence)) {
			remove_all(guard);
			return;
		}
		if (lost) {
			fence_main(guard);
			return;
		}
		last = now;
	}
}

void guard_run(struct fence *fence, int main_pidfd)
{
	struct guard guard = {
		.fence = fence,
		.main_pidfd = main_pidfd,
		.sockets = {{.fd = -1}, {.fd = -1}},
		.packet_fd = -1,
		.vitals = {-1, -1, -1},
	};
	int r;

	claim_resources();
	r = guard_open(&guard);
	if (r < 0)
		log_error("the guardian could not start", log_errno(r));
	else
		watch(&guard);
	guard_close(&guard);
	priority_release();
}

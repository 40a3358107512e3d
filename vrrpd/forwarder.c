/* SPDX-License-Identifier: MIT */
#include "vrrpd/forwarder.h"

#include "common/shell/link.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "vrrpd/hang.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINK_RETRY_NS (100 * NS_PER_MS)
#define PATH_SIZE 4096

struct forwarder {
	struct loop *loop;
	char run_dir[PATH_SIZE];
	struct forwarder_events events;
	void *context;
	struct link *link;

	struct loop_timer sample;
	struct liveness *page; /* NULL: none is open */
	pid_t pid;             /* whoever holds the page's lock; 0: nobody */
	int pid_fd;
	struct loop_io pid_io;
	struct hang hang;
	bool hung;
	struct liveness_state state;
	size_t service_count;
	struct liveness_service services[LIVENESS_SERVICES_MAX];
};

struct forwarder_view forwarder_view(const struct forwarder *forwarder)
{
	struct forwarder_view view = {.pid = forwarder->pid, .health = PEER_HEALTH_DEAD};

	if (forwarder->pid == 0) {
		view.why = "lbd does not run";
		return view;
	}
	if (forwarder->hung) {
		view.why = "lbd hangs";
		return view;
	}
	view.bound = forwarder->state.bound;
	view.checked = forwarder->state.checked;
	view.health = view.bound ? PEER_HEALTH_SERVING : PEER_HEALTH_NOT_BOUND;
	view.services = forwarder->services;
	view.service_count = forwarder->service_count;
	if (!view.bound)
		view.why = "lbd has not bound its listeners";
	return view;
}

/* What of the view matters to others; compared over each look. */
struct digest {
	enum peer_health health;
	bool bound;
	bool checked;
	pid_t pid;
};

static struct digest digest_of(const struct forwarder *forwarder)
{
	struct forwarder_view view = forwarder_view(forwarder);

	return (struct digest){.health = view.health, .bound = view.bound, .checked = view.checked, .pid = view.pid};
}

static void report_change(struct forwarder *forwarder, const struct digest *before, bool services_changed)
{
	struct digest after = digest_of(forwarder);
	struct forwarder_view view = forwarder_view(forwarder);

	if (after.health == before->health && after.bound == before->bound && after.checked == before->checked &&
		after.pid == before->pid && !services_changed)
		return;
	if (after.health != before->health) {
		if (view.why != NULL)
			log_warning("the forwarder's health", log_str("state", view.why));
		else
			log_info("the forwarder's health", log_str("state", "serving"));
	}
	forwarder->events.changed(forwarder->context);
}

static void forget_process(struct forwarder *forwarder)
{
	loop_io_remove(forwarder->loop, &forwarder->pid_io);
	fd_close(&forwarder->pid_fd);
	forwarder->pid = 0;
	forwarder->hung = false;
	hang_reset(&forwarder->hang);
}

static void on_process_end(struct loop_io *io, unsigned events)
{
	struct forwarder *forwarder = CONTAINER_OF(io, struct forwarder, pid_io);
	struct digest before = digest_of(forwarder);

	(void)events;
	forget_process(forwarder);
	report_change(forwarder, &before, false);
}

/* Watches the process that holds the lock; asks again behind the pidfd, since a pid may be reused in between. */
static void watch_process(struct forwarder *forwarder, pid_t pid)
{
	AUTO_FD fd = (int)syscall(SYS_pidfd_open, pid, 0);
	pid_t again;

	if (fd < 0 || liveness_pid(forwarder->page, &again) < 0 || again != pid)
		return;
	if (loop_io_add(forwarder->loop, &forwarder->pid_io, fd, LOOP_READ | LOOP_PRIORITY, on_process_end) < 0)
		return;
	forwarder->pid_fd = fd_take(&fd);
	forwarder->pid = pid;
}

static void find_process(struct forwarder *forwarder)
{
	pid_t pid;

	if (forwarder->page != NULL && !liveness_is_current(forwarder->page, forwarder->run_dir)) {
		liveness_free(forwarder->page);
		forwarder->page = NULL;
	}
	if (forwarder->page == NULL && liveness_open(forwarder->run_dir, &forwarder->page) < 0)
		return;
	if (liveness_pid(forwarder->page, &pid) == 0 && pid != 0)
		watch_process(forwarder, pid);
}

static bool read_services(struct forwarder *forwarder)
{
	static struct liveness_service services[LIVENESS_SERVICES_MAX];
	int r = liveness_read_services(forwarder->page, services, ARRAY_LEN(services));
	size_t size;

	if (r < 0)
		return false;
	size = (size_t)r * sizeof services[0];
	if ((size_t)r == forwarder->service_count && memcmp(services, forwarder->services, size) == 0)
		return false;
	memcpy(forwarder->services, services, size);
	forwarder->service_count = (size_t)r;
	return true;
}

/* Whether a service has changed. */
static bool take_sample(struct forwarder *forwarder)
{
	if (forwarder->pid == 0)
		find_process(forwarder);
	if (forwarder->pid == 0)
		return false;
	liveness_read(forwarder->page, &forwarder->state);
	forwarder->hung = hang_sample(&forwarder->hang, &forwarder->state, clock_mono());
	return read_services(forwarder);
}

static void look(struct forwarder *forwarder)
{
	struct digest before = digest_of(forwarder);

	report_change(forwarder, &before, take_sample(forwarder));
}

void forwarder_look(struct forwarder *forwarder)
{
	(void)take_sample(forwarder);
}

static void on_sample(struct loop_timer *timer, struct mono now)
{
	struct forwarder *forwarder = CONTAINER_OF(timer, struct forwarder, sample);

	look(forwarder);
	if (loop_timer_set(forwarder->loop, timer, mono_add(now, HANG_SAMPLE_NS), on_sample) < 0)
		log_error("no memory for a timer of the forwarder's watch");
}

static void on_link(struct link *link, bool up, void *context)
{
	struct forwarder *forwarder = context;

	(void)link;
	if (up)
		forwarder->events.linked(forwarder->context);
}

void forwarder_tell_role(struct forwarder *forwarder, const struct vip_conf *vip, const char *state)
{
	json_t *addresses = json_array();
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < vip->address_count; i++)
		json_array_append_new(addresses, json_string(ip_text(&vip->addresses[i].ip, text)));
	/* One that is down is told of everything when it is up. */
	(void)!link_send(forwarder->link, "role",
		json_pack("{s:s, s:s, s:o}", "vip", vip->name, "state", state, "addresses", addresses));
}

int forwarder_new(struct loop *loop, const char *run_dir, const struct forwarder_events *events, void *context,
	struct forwarder **ret_forwarder)
{
	struct forwarder *forwarder = calloc(1, sizeof *forwarder);
	char path[PATH_SIZE + 16];
	int r;

	if (forwarder == NULL)
		return -ENOMEM;
	forwarder->loop = loop;
	forwarder->events = *events;
	forwarder->context = context;
	forwarder->pid_fd = -1;
	snprintf(forwarder->run_dir, sizeof forwarder->run_dir, "%s", run_dir);
	snprintf(path, sizeof path, "%s/lbd.sock", run_dir);
	r = link_new(loop, path, LINK_RETRY_NS, on_link, forwarder, &forwarder->link);
	if (r == 0)
		r = loop_timer_set(loop, &forwarder->sample, clock_mono(), on_sample);
	if (r < 0) {
		forwarder_free(forwarder);
		return r;
	}
	*ret_forwarder = forwarder;
	return 0;
}

void forwarder_free(struct forwarder *forwarder)
{
	if (forwarder == NULL)
		return;
	forget_process(forwarder);
	loop_timer_clear(forwarder->loop, &forwarder->sample);
	liveness_free(forwarder->page);
	link_free(forwarder->link);
	free(forwarder);
}

/* SPDX-License-Identifier: MIT */
#include "common/shell/reload.h"

#include "common/model/conf_plan.h"
#include "common/model/schema.h"
#include "common/shell/daemon.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "common/system/thread.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

/* How long it may be too early to apply, and how often that is tried. */
#define EARLY_WAIT_NS (5 * NS_PER_S)
#define EARLY_LOOK_NS (5 * NS_PER_MS)

struct reload {
	struct reload_setup setup;
	char node[SCHEMA_NAME_MAX + 1]; /* the first configuration's does not stay */
	struct loop_io io;
	int done_fd;
	struct loop_timer timer;
	struct mono until;

	/* The one under way. */
	bool busy;
	bool again; /* the signal has come meanwhile */
	bool dry_run;
	reload_fn *fn; /* NULL: nobody asks */
	void *context;
	pthread_t thread;
	bool thread_runs;
	struct conf *before; /* a reference, as the next */
	struct conf *conf;
	void *prepared;
	int error;
	struct text errors;
	struct text plan;
};

/* In the thread. */

static int load(struct reload *reload)
{
	const struct reload_setup *setup = &reload->setup;
	struct plan plan;
	int r = conf_load(setup->config_path, &reload->conf, &reload->errors);

	if (r < 0)
		return r;
	if (conf_find_node(reload->conf, setup->node) == NULL) {
		text_addf(&reload->errors,
			"%s: there is no node '%s', which this host is: restart %s where it is to be another\n",
			setup->config_path, setup->node, setup->daemon);
		return -EINVAL;
	}
	if (setup->prepare != NULL)
		r = setup->prepare(reload->conf, &reload->prepared, &reload->errors);
	if (r == 0)
		r = conf_plan(reload->before, reload->conf, setup->sections, &plan);
	if (r < 0)
		return r;
	plan_print(&plan, &reload->plan);
	plan_free(&plan);
	return reload->plan.failed ? -ENOMEM : 0;
}

static void *thread_main(void *context)
{
	struct reload *reload = context;

	reload->error = load(reload);
	(void)eventfd_write(reload->done_fd, 1);
	return NULL;
}

/* In the loop's thread. */

static void end_thread(struct reload *reload)
{
	if (reload->thread_runs)
		pthread_join(reload->thread, NULL);
	reload->thread_runs = false;
}

static void clear(struct reload *reload)
{
	conf_unref(TAKE(reload->before));
	conf_unref(TAKE(reload->conf));
	if (reload->prepared != NULL)
		reload->setup.discard(TAKE(reload->prepared));
	text_free(&reload->errors);
	text_free(&reload->plan);
	reload->errors = reload->plan = (struct text){0};
	reload->busy = false;
}

static void tell(const struct reload *reload, int error, const char *errors)
{
	AUTO_TEXT lines = {0};

	if (reload->dry_run)
		return;
	text_add(&lines, errors);
	if (error < 0)
		log_error("the configuration has not been reloaded, nothing has changed");
	else
		log_info("reloaded", log_str("config_hash", reload->setup.current(reload->setup.context)->hash));
	daemon_log_lines(&lines);
	daemon_notify_ready(reload->setup.status);
}

static void finish(struct reload *reload, int error, uint64_t generation)
{
	AUTO_TEXT errors = reload->errors;
	AUTO_TEXT plan = reload->plan;
	struct reload_result result = {.error = error, .generation = generation};

	if (error < 0 && errors.length == 0)
		text_addf(&errors, "%s\n", strerrordesc_np(-error));
	result.errors = text_get(&errors);
	result.plan = text_get(&plan);
	reload->errors = reload->plan = (struct text){0};
	clear(reload);
	tell(reload, error, result.errors);
	/* Whoever hears of it may begin another. */
	if (reload->fn != NULL)
		reload->fn(reload->context, &result);
	if (reload->again)
		reload_by_signal(reload);
}

static void commit(struct reload *reload);

static void on_timer(struct loop_timer *timer, struct mono now)
{
	(void)now;
	commit(CONTAINER_OF(timer, struct reload, timer));
}

/* Whether it is worth while to wait. */
static bool waits(struct reload *reload)
{
	struct mono now = loop_now(reload->setup.loop);

	return mono_before(now, reload->until) &&
	       loop_timer_set(reload->setup.loop, &reload->timer, mono_add(now, EARLY_LOOK_NS), on_timer) == 0;
}

static void commit(struct reload *reload)
{
	uint64_t generation = 0;
	int r = reload->setup.apply(
		reload->setup.context, reload->conf, reload->prepared, &generation, &reload->errors);

	if (r == -EAGAIN && waits(reload))
		return;
	if (r == 0)
		log_set_level(reload->conf->log.level);
	finish(reload, r, generation);
}

static void on_done(struct loop_io *io, unsigned events)
{
	struct reload *reload = CONTAINER_OF(io, struct reload, io);
	eventfd_t count;

	(void)events;
	if (eventfd_read(io->fd, &count) < 0)
		return;
	end_thread(reload);
	reload->until = mono_add(loop_now(reload->setup.loop), EARLY_WAIT_NS);
	if (reload->error < 0 || reload->dry_run)
		finish(reload, reload->error, 0);
	else
		commit(reload);
}

int reload_start(struct reload *reload, bool dry_run, reload_fn *fn, void *context)
{
	int r;

	if (reload->busy)
		return -EBUSY;
	reload->busy = true;
	reload->dry_run = dry_run;
	reload->fn = fn;
	reload->context = context;
	reload->before = conf_ref(reload->setup.current(reload->setup.context));
	r = thread_start(&reload->thread, "reload", thread_main, reload);
	reload->thread_runs = r == 0;
	if (r < 0)
		clear(reload);
	else if (!dry_run)
		daemon_notify_reloading();
	return r;
}

void reload_by_signal(struct reload *reload)
{
	int r = reload_start(reload, false, NULL, NULL);

	reload->again = r == -EBUSY;
	if (r < 0 && !reload->again)
		log_error("cannot reload", log_errno(r));
}

int reload_new(const struct reload_setup *setup, struct reload **ret_reload)
{
	struct reload *reload = calloc(1, sizeof *reload);
	int r;

	if (reload == NULL)
		return -ENOMEM;
	reload->setup = *setup;
	snprintf(reload->node, sizeof reload->node, "%s", setup->node);
	reload->setup.node = reload->node;
	reload->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = reload->done_fd < 0 ? -errno : loop_io_add(setup->loop, &reload->io, reload->done_fd, LOOP_READ, on_done);
	if (r < 0)
		reload_free(reload);
	else
		*ret_reload = reload;
	return r;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	end_thread(reload);
	clear(reload);
	loop_timer_clear(reload->setup.loop, &reload->timer);
	loop_io_remove(reload->setup.loop, &reload->io);
	fd_close(&reload->done_fd);
	free(reload);
}

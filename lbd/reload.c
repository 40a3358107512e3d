/* SPDX-License-Identifier: MIT */
#include "lbd/reload.h"

#include "common/model/conf_plan.h"
#include "common/shell/daemon.h"
#include "common/system/fd.h"
#include "common/system/log.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

/* How long the workers may be at the generation before, and how often they are asked. */
#define APPLIED_WAIT_NS (5 * NS_PER_S)
#define APPLIED_LOOK_NS (5 * NS_PER_MS)

struct reload {
	struct reload_setup setup;
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
	int error;
	struct text errors;
	struct text plan;
};

/* What of the configuration is lbd's. */
static const char *const sections[] = {"pair", "admin", "log", "resolver", "forwarder", "service", "pool", NULL};

/* In the thread. */

static int load(struct reload *reload)
{
	struct plan plan;
	int r = conf_load(reload->setup.config_path, &reload->conf, &reload->errors);

	if (r < 0)
		return r;
	if (conf_find_node(reload->conf, reload->setup.node) == NULL) {
		text_addf(&reload->errors,
			"%s: there is no node '%s', which this host is: restart lbd where it is to be another\n",
			reload->setup.config_path, reload->setup.node);
		return -EINVAL;
	}
	r = conf_plan(reload->before, reload->conf, sections, &plan);
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

/* In the control thread. */

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
		log_info("reloaded", log_str("config_hash", director_conf(reload->setup.director)->hash));
	daemon_log_lines(&lines);
	daemon_notify_ready("serving");
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

/* The workers are still at the one before: soon they will not be. */
static bool waits(struct reload *reload)
{
	struct mono now = loop_now(reload->setup.loop);

	return mono_before(now, reload->until) &&
	       loop_timer_set(reload->setup.loop, &reload->timer, mono_add(now, APPLIED_LOOK_NS), on_timer) == 0;
}

static void commit(struct reload *reload)
{
	uint64_t generation = 0;
	int r = director_reload(reload->setup.director, reload->conf, &generation, &reload->errors);

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
	reload->until = mono_add(loop_now(reload->setup.loop), APPLIED_WAIT_NS);
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
	reload->before = conf_ref(director_layout(reload->setup.director)->conf);
	r = -pthread_create(&reload->thread, NULL, thread_main, reload);
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

/* SPDX-License-Identifier: MIT */
#include "vrrpd/runner.h"

#include "common/pure/list.h"
#include "common/system/child.h"
#include "common/system/log.h"
#include "common/system/mailbox.h"
#include "common/system/thread.h"
#include "vrrpd/programs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A run is two orders at most, and one ends the thread. */
#define ORDERS_MAX (4 * RUNNER_RUNS_MAX)
static_assert(ORDERS_MAX > 2 * RUNNER_RUNS_MAX, "a mailbox can be full");

/* What goes over, and comes back when it has been carried out. */
struct order {
	struct run *run;
	void (*carry_out)(struct runner *runner, struct order *order);
};

/* Made and freed by the thread of the adverts, so that the two threads' heaps do not meet. */
struct run {
	struct runner *runner;
	struct list link;
	struct order begin;
	struct order cancel;
	unsigned out; /* orders that are not back */
	run_fn *fn;   /* NULL: nobody wants to know */
	void *context;
	int64_t timeout_ns;

	/* The runner's thread's, while the first order is out. */
	struct child *child; /* NULL: none runs */
	struct run_end end;

	const char *argv[RUNNER_ARGUMENTS_MAX + 1];
	char bytes[];
};

struct runner {
	struct mailbox *in;
	struct mailbox *back;
	struct list runs; /* of the thread of the adverts: those that are not freed */
	size_t run_count;
	struct order farewell;
	pthread_t thread;
	bool thread_runs;

	/* The thread's. */
	struct loop *loop;
	struct children *children;
};

/* No mailbox is ever full: RUNNER_RUNS_MAX. */
static void post(struct mailbox *mailbox, struct order *order)
{
	bool posted = mailbox_post(mailbox, order);

	assert(posted);
	(void)posted;
}

/* In the thread. */

static void on_end(void *context, const struct child_end *end)
{
	struct run *run = context;

	run->child = NULL;
	run->end.good = child_end_is_good(end);
	if (!run->end.good)
		child_end_text(end, run->end.why, sizeof run->end.why);
	post(run->runner->back, &run->begin);
}

static int start(struct runner *runner, struct run *run)
{
	static const char *const environment[] = {CHILD_PATH, NULL};
	const struct child_setup setup = {
		.arguments = run->argv,
		.environment = environment,
		.output_fd = -1,
		.timeout_ns = run->timeout_ns,
		.fn = on_end,
		.context = run,
	};
	char why[RUNNER_WHY_MAX];
	int r;

	if (program_check(run->argv[0], why, sizeof why) < 0) {
		snprintf(run->end.why, sizeof run->end.why, "it is refused: %.*s", RUNNER_WHY_MAX - 32, why);
		return -EACCES;
	}
	r = child_start(runner->children, &setup, &run->child);
	if (r < 0)
		snprintf(run->end.why, sizeof run->end.why, "it could not be started: %s", strerrordesc_np(-r));
	return r;
}

static void carry_out_begin(struct runner *runner, struct order *order)
{
	if (start(runner, order->run) < 0)
		post(runner->back, order);
}

/* It may have ended while this was on its way. */
static void carry_out_cancel(struct runner *runner, struct order *order)
{
	struct run *run = order->run;

	if (run->child != NULL) {
		child_kill(TAKE(run->child));
		post(runner->back, &run->begin);
	}
	post(runner->back, order);
}

static void carry_out_farewell(struct runner *runner, struct order *order)
{
	(void)order;
	loop_stop(runner->loop);
}

static void on_order(void *context, void *message)
{
	struct order *order = message;

	order->carry_out(context, order);
}

static void *runner_main(void *context)
{
	struct runner *runner = context;
	int r = loop_run(runner->loop);

	if (r < 0)
		log_error("programs are no longer run", log_errno(r));
	return NULL;
}

/* In the thread of the adverts. */

static void run_free(struct run *run)
{
	list_remove(&run->link);
	run->runner->run_count--;
	free(run);
}

static void on_back(void *context, void *message)
{
	struct order *order = message;
	struct run *run = order->run;
	run_fn *fn = TAKE(run->fn);

	(void)context;
	run->out--;
	if (fn != NULL)
		fn(run->context, &run->end);
	if (run->out == 0)
		run_free(run);
}

static int copy_arguments(struct run *run, const char *const *argv)
{
	char *next = run->bytes;

	for (size_t i = 0; argv[i] != NULL; i++) {
		if (i == RUNNER_ARGUMENTS_MAX)
			return -E2BIG;
		run->argv[i] = next;
		next = stpcpy(next, argv[i]) + 1;
	}
	return 0;
}

static size_t size_of(const char *const *argv)
{
	size_t size = 0;

	for (size_t i = 0; argv[i] != NULL; i++)
		size += strlen(argv[i]) + 1;
	return size;
}

int runner_run(struct runner *runner, const char *const *argv, int64_t timeout_ns, run_fn *fn, void *context,
	struct run **ret_run)
{
	struct run *run;
	int r;

	if (runner->run_count == RUNNER_RUNS_MAX)
		return -EAGAIN;
	run = calloc(1, sizeof *run + size_of(argv));
	if (run == NULL)
		return -ENOMEM;
	run->runner = runner;
	run->begin = (struct order){.run = run, .carry_out = carry_out_begin};
	run->cancel = (struct order){.run = run, .carry_out = carry_out_cancel};
	run->fn = fn;
	run->context = context;
	run->timeout_ns = timeout_ns;
	r = copy_arguments(run, argv);
	if (r < 0) {
		free(run);
		return r;
	}
	list_append(&runner->runs, &run->link);
	runner->run_count++;
	run->out = 1;
	post(runner->in, &run->begin);
	*ret_run = run;
	return 0;
}

void run_cancel(struct run *run)
{
	run->fn = NULL;
	run->out++;
	post(run->runner->in, &run->cancel);
}

/* Life. */

int runner_new(struct loop *loop, struct runner **ret_runner)
{
	struct runner *runner = calloc(1, sizeof *runner);
	int r;

	if (runner == NULL)
		return -ENOMEM;
	list_init(&runner->runs);
	runner->farewell.carry_out = carry_out_farewell;
	r = loop_new(&runner->loop);
	if (r == 0)
		r = children_new(runner->loop, &runner->children);
	if (r == 0)
		r = mailbox_new(ORDERS_MAX, &runner->in);
	if (r == 0)
		r = mailbox_new(ORDERS_MAX, &runner->back);
	if (r == 0)
		r = mailbox_open(runner->in, runner->loop, on_order, runner);
	if (r == 0)
		r = mailbox_open(runner->back, loop, on_back, runner);
	if (r < 0)
		runner_free(runner);
	else
		*ret_runner = runner;
	return r;
}

void runner_keep_ledger(struct runner *runner, _Atomic pid_t *slots, size_t count)
{
	children_keep_ledger(runner->children, slots, count);
}

int runner_begin(struct runner *runner)
{
	int r = thread_start(&runner->thread, "vrrpd-programs", runner_main, runner);

	runner->thread_runs = r == 0;
	return r;
}

void runner_close(struct runner *runner)
{
	if (runner != NULL)
		mailbox_close(runner->back);
}

void runner_free(struct runner *runner)
{
	struct run *run;

	if (runner == NULL)
		return;
	if (runner->thread_runs) {
		post(runner->in, &runner->farewell);
		pthread_join(runner->thread, NULL);
	}
	children_free(runner->children);
	mailbox_free(runner->in);
	mailbox_free(runner->back);
	loop_free(runner->loop);
	LIST_FOR_EACH(run, &runner->runs, link)
	run_free(run);
	free(runner);
}

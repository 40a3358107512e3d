/* SPDX-License-Identifier: MIT */
#include "common/shell/daemon.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "vrrpd/agent.h"
#include "vrrpd/commands.h"
#include "vrrpd/guardian.h"
#include "vrrpd/pairkey.h"
#include "vrrpd/priority.h"
#include "vrrpd/programs.h"
#include "vrrpd/requests.h"
#include "vrrpd/runner.h"
#include "vrrpd/state.h"

#include <cap-ng.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PURPOSE "elects the active node of the pair and moves the virtual addresses"

/* What the main process and its guardians need when everything is open: addresses, adverts, locked memory. */
static const unsigned capabilities[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK, CAP_SYS_NICE, CAP_SYS_RESOURCE};

struct program {
	struct daemon_options options;
	struct conf *conf;
	const struct node_conf *self;
	struct fence *fence;
	struct guardian *guardian;
	struct loop *loop;
	struct runner *runner;
	struct agent *agent;
	struct desk *desk;
	struct commands *commands;
	struct herald *herald;
	struct requests *requests;
	int lock_fd;
	bool stopping;
};

static int check_privileges(void)
{
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) == 1 &&
		capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) == 1)
		return 0;
	log_error("vrrpd needs root, or the capabilities CAP_NET_ADMIN and CAP_NET_RAW");
	return -EPERM;
}

/* `vrrpd --check`: the file, and what of this host a start would need. */
static int check(struct program *program)
{
	AUTO_TEXT errors = {0};
	AUTO_FREE struct keyring *ring = calloc(1, sizeof *ring);
	int r = daemon_load(&program->options, &program->conf, &program->self);

	if (r < 0)
		return r;
	if (ring == NULL)
		return -ENOMEM;
	r = pairkey_load(program->conf, ring, &errors);
	if (r == 0)
		r = check_privileges();
	if (r == 0)
		r = programs_check(program->conf, &errors);
	fputs(text_get(&errors), stderr);
	if (r < 0)
		return r;
	printf("ok: this host is node %s\n", program->self->name);
	return 0;
}

static void drop_capabilities(void)
{
	bool allowed[ARRAY_LEN(capabilities)];

	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		allowed[i] = capng_have_capability(CAPNG_EFFECTIVE, capabilities[i]) == 1;
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		if (allowed[i])
			(void)!capng_update(
				CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, capabilities[i]);
	}
	if (capng_apply(CAPNG_SELECT_BOTH) < 0)
		log_warning("capabilities could not be dropped; vrrpd goes on with all that it was given");
}

/*
 * A page that has to be read from a disk first, or a processor that others keep busy, is a missed advert. Neither is
 * had everywhere, and vrrpd serves without them.
 */
static void claim_resources(void)
{
	int r;

	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		log_warning("memory could not be locked", log_errno(-errno));
	r = priority_claim(PRIORITY_ADVERTS);
	if (r < 0)
		log_info("no real-time priority is to be had", log_errno(r));
}

static void on_finished(void *context)
{
	struct program *program = context;

	loop_stop(program->loop);
}

static void on_signal(void *context, int signal_number)
{
	struct program *program = context;

	if (signal_number == SIGHUP) {
		agent_reload_by_signal(program->agent);
		return;
	}
	log_info("stopping", log_int("signal", signal_number));
	/* Asked for again, it does not wait. */
	if (program->stopping)
		loop_stop(program->loop);
	else
		agent_finish(program->agent, on_finished, program);
	program->stopping = true;
	/* Behind the goodbyes: it blocks where systemd does not listen. */
	daemon_notify_stopping();
}

/* The socket is bound here, with the capabilities that this takes, and served by a thread that has but the few. */
static int open_desk(struct program *program)
{
	int r = desk_new(&program->desk);

	if (r == 0)
		r = requests_serve(
			program->agent, desk_questions(program->desk), desk_answers(program->desk), &program->requests);
	if (r == 0)
		r = commands_serve(
			program->desk, agent_recorder(program->agent), program->options.run_dir, &program->commands);
	if (r == 0)
		r = herald_new(desk_loop(program->desk), program->fence, agent_news(program->agent), &program->herald);
	return r;
}

/* Should the main process be killed, the guardian kills what it runs. */
static int open_runner(struct program *program)
{
	size_t count;
	_Atomic pid_t *groups = fence_programs(program->fence, &count);
	int r = runner_new(program->loop, &program->runner);

	if (r == 0)
		runner_keep_ledger(program->runner, groups, count);
	return r;
}

static int start(struct program *program)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct agent_setup setup = {
		.run_dir = program->options.run_dir,
		.state_dir = program->options.state_dir,
		.config_path = program->options.config_path,
		.fence = program->fence,
		.guardian = program->guardian,
	};
	int r = daemon_load(&program->options, &program->conf, &program->self);

	if (r == 0)
		r = check_privileges();
	if (r == 0)
		r = daemon_make_dirs(&program->options);
	if (r == 0)
		r = daemon_lock(program->options.run_dir, "vrrpd", &program->lock_fd);
	if (r == 0)
		r = guardian_await_former(program->options.run_dir);
	if (r == 0)
		r = guardian_record(program->guardian, program->options.run_dir);
	if (r == 0)
		r = loop_new(&program->loop);
	if (r == 0)
		r = loop_signals(program->loop, signals, ARRAY_LEN(signals), on_signal, program);
	if (r == 0)
		r = guardian_watch(program->guardian, program->loop);
	if (r < 0)
		return r;
	setup.conf = program->conf;
	setup.self = program->self;
	setup.loop = program->loop;
	claim_resources();
	r = open_runner(program);
	setup.runner = program->runner;
	if (r == 0)
		r = agent_new(&setup, &program->agent);
	if (r == 0)
		r = open_desk(program);
	if (r < 0)
		return r;
	drop_capabilities();
	/* Behind that, since each thread has capabilities of its own. */
	r = log_start();
	if (r == 0)
		r = state_start();
	if (r == 0)
		r = agent_begin(program->agent);
	if (r == 0)
		r = runner_begin(program->runner);
	if (r == 0)
		r = desk_start(program->desk);
	if (r < 0)
		return r;
	log_info("vrrpd runs", log_str("version", PACKAGE_VERSION), log_str("node", program->self->name),
		log_str("config", program->options.config_path), log_str("config_hash", program->conf->hash),
		log_uint("vips", program->conf->vip_count));
	/* From now on it is the agent's, until it takes another. */
	program->self = NULL;
	conf_unref(TAKE(program->conf));
	daemon_notify_ready("running");
	return 0;
}

static void stop(struct program *program)
{
	struct reload *reload;

	desk_stop(program->desk);
	herald_free(program->herald);
	commands_end(program->commands);
	requests_end(program->requests);
	desk_free(program->desk);
	reload = agent_take_reload(program->agent);
	agent_free(program->agent);
	runner_close(program->runner);
	guardian_dismiss(program->guardian);
	priority_release();
	reload_free(reload);
	/* Behind the guardian's back: a slow disk is no hang, nor is a program that takes long to die. */
	runner_free(program->runner);
	state_stop();
	loop_free(program->loop);
	conf_unref(program->conf);
	fence_free(program->fence);
	fd_close(&program->lock_fd);
}

/* Everything behind the fork of the guardian; the exit status. */
static int run(struct program *program)
{
	int r = start(program);

	if (r == 0)
		r = loop_run(program->loop);
	if (r < 0 && program->loop != NULL)
		log_error("vrrpd ends", log_errno(r));
	stop(program);
	log_stop();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	static struct program program = {.lock_fd = -1};
	int r;

	if (argc > 0 && strcmp(argv[0], GUARDIAN_NAME) == 0)
		return guardian_main(argc, argv);
	switch (daemon_options(argc, argv, "vrrpd", PURPOSE, &program.options)) {
	case DAEMON_GO_ON:
		break;
	case DAEMON_DONE:
		return EXIT_SUCCESS;
	case DAEMON_USAGE:
		return 2;
	}
	if (program.options.check) {
		r = check(&program);
		conf_free(program.conf);
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	r = fence_create(&program.fence);
	if (r == 0)
		r = guardian_start(program.fence, &program.guardian);
	if (r < 0) {
		log_error("the guardian could not be started", log_errno(r));
		return EXIT_FAILURE;
	}
	return run(&program);
}

/* SPDX-License-Identifier: MIT */
#include "common/shell/daemon.h"
#include "common/shell/reload.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/admin.h"
#include "lbd/checks.h"
#include "lbd/commands.h"
#include "lbd/director.h"
#include "lbd/http.h"
#include "lbd/layout.h"
#include "lbd/limits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct lbd {
	struct daemon_options options;
	struct conf *conf;
	const struct node_conf *node;
	int lock_fd;
	struct loop *loop;
	struct liveness *live;
	struct director *director;
	struct reload *reload;
	struct commands *commands;
	struct admin *admin; /* NULL: the configuration wants none */
};

/* 0: none runs with this run dir. */
static pid_t running_lbd(const struct lbd *lbd)
{
	struct liveness *live;
	pid_t pid;

	if (liveness_open(lbd->options.run_dir, &live) < 0)
		return 0;
	if (liveness_pid(live, &pid) < 0)
		pid = 0;
	liveness_free(live);
	return pid;
}

static int check_host(const struct lbd *lbd)
{
	AUTO_TEXT errors = {0};
	pid_t pid = running_lbd(lbd);
	const struct admin_conf *admin = lbd->conf->admin;
	int r = 0, probed;

	if (pid > 0)
		fprintf(stderr, "lbd: one runs here already (pid %d), so the ports were not tried\n", (int)pid);
	else
		r = entry_probe(lbd->conf, &errors);
	probed = admin != NULL && pid == 0 ? http_probe(admin->listen, admin->listen_count, &errors) : 0;
	r = r < 0 ? r : probed;
	probed = checks_probe(lbd->conf, &errors);
	r = r < 0 ? r : probed;
	fputs(text_get(&errors), stderr);
	if (r == 0)
		printf("ok\n");
	return r;
}

static void on_signal(void *context, int number)
{
	struct lbd *lbd = context;

	switch (number) {
	case SIGQUIT:
		daemon_notify_stopping();
		if (lbd->director != NULL)
			director_finish(lbd->director);
		return;
	case SIGHUP:
		if (lbd->reload != NULL)
			reload_by_signal(lbd->reload);
		return;
	default: /* SIGTERM, SIGINT */
		log_info("stopping");
		daemon_notify_stopping();
		loop_stop(lbd->loop);
	}
}

static int take_signals(struct lbd *lbd)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};

	/* splice(2) has no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	return loop_signals(lbd->loop, numbers, ARRAY_LEN(numbers), on_signal, lbd);
}

static int open_liveness(struct lbd *lbd, unsigned threads)
{
	int r = liveness_create(lbd->options.run_dir, threads + 1, &lbd->live);

	if (r == -EBUSY)
		log_error("another lbd runs with this run dir: stop it first, or name another with --run-dir DIR",
			log_str("run_dir", lbd->options.run_dir));
	else if (r < 0)
		log_error("cannot create the liveness page lbd.live: see to the run dir's owner, mode and free space",
			log_str("run_dir", lbd->options.run_dir), log_errno(r));
	return r;
}

static int open_director(struct lbd *lbd, unsigned threads)
{
	AUTO_TEXT errors = {0};
	struct director_setup setup = {
		.loop = lbd->loop, .conf = lbd->conf, .node = lbd->node->name, .live = lbd->live, .threads = threads};
	int r = director_new(&setup, &lbd->director, &errors);

	daemon_log_lines(&errors);
	if (r < 0)
		log_error("cannot start", log_errno(r));
	return r;
}

static struct conf *current(void *context)
{
	const struct lbd *lbd = context;

	return director_layout(lbd->director)->conf;
}

static int apply(void *context, struct conf *conf, void *prepared, uint64_t *ret_generation, struct text *errors)
{
	const struct lbd *lbd = context;

	(void)prepared;
	return director_reload(lbd->director, conf, ret_generation, errors);
}

static int open_reload(struct lbd *lbd)
{
	/* The pair is vrrpd's to tell of. */
	static const char *const sections[] = {"admin", "log", "resolver", "forwarder", "service", "pool", NULL};
	const struct reload_setup setup = {
		.loop = lbd->loop,
		.daemon = "lbd",
		.config_path = lbd->options.config_path,
		.node = lbd->node->name,
		.status = "serving",
		.sections = sections,
		.context = lbd,
		.current = current,
		.apply = apply,
	};
	int r = reload_new(&setup, &lbd->reload);

	if (r < 0)
		log_error("cannot prepare for reloads", log_errno(r));
	return r;
}

static int open_commands(struct lbd *lbd)
{
	struct commands_setup setup = {
		.loop = lbd->loop,
		.run_dir = lbd->options.run_dir,
		.identity = {.node = lbd->node->name, .config_path = lbd->options.config_path},
		.director = lbd->director,
		.reload = lbd->reload,
	};
	int r = commands_new(&setup, &lbd->commands);

	if (r < 0)
		log_error("cannot open the control socket lbd.sock", log_str("run_dir", lbd->options.run_dir),
			log_errno(r));
	return r;
}

static int open_admin(struct lbd *lbd)
{
	AUTO_TEXT errors = {0};
	struct admin_setup setup = {
		.loop = lbd->loop,
		.conf = lbd->conf->admin,
		.director = lbd->director,
		.node = lbd->node->name,
	};
	int r;

	if (setup.conf == NULL)
		return 0;
	r = admin_new(&setup, &lbd->admin, &errors);
	daemon_log_lines(&errors);
	if (r < 0)
		log_error("cannot open the admin pages", log_errno(r));
	return r;
}

static int start(struct lbd *lbd)
{
	unsigned threads = workers_wanted(lbd->conf);
	int r = daemon_make_dirs(&lbd->options);

	if (r == 0)
		r = daemon_lock(lbd->options.run_dir, "lbd", &lbd->lock_fd);
	if (r < 0)
		return r;
	limits_raise(lbd->conf, threads);
	r = loop_new(&lbd->loop);
	if (r == 0)
		r = take_signals(lbd);
	if (r == 0)
		r = log_start();
	if (r == 0)
		r = open_liveness(lbd, threads);
	if (r == 0)
		r = open_director(lbd, threads);
	if (r == 0)
		r = open_reload(lbd);
	if (r == 0)
		r = open_commands(lbd);
	if (r == 0)
		r = open_admin(lbd);
	if (r < 0)
		return r;
	log_info("serving", log_str("node", lbd->node->name), log_uint("services", lbd->conf->service_count),
		log_uint("workers", threads), log_str("config_hash", lbd->conf->hash));
	daemon_notify_ready("serving");
	return 0;
}

static void stop(struct lbd *lbd)
{
	admin_free(lbd->admin);
	reload_free(lbd->reload);
	commands_free(lbd->commands);
	director_free(lbd->director);
	liveness_free(lbd->live);
	loop_free(lbd->loop);
	fd_close(&lbd->lock_fd);
	conf_free(lbd->conf);
	log_stop();
}

int main(int argc, char *argv[])
{
	struct lbd lbd = {.lock_fd = -1};
	int r;

	switch (daemon_options(argc, argv, "lbd", "forwards TCP and UDP to healthy servers", &lbd.options)) {
	case DAEMON_GO_ON:
		break;
	case DAEMON_DONE:
		return EXIT_SUCCESS;
	case DAEMON_USAGE:
		return 2;
	}
	r = daemon_load(&lbd.options, &lbd.conf, &lbd.node);
	if (r == 0)
		r = lbd.options.check ? check_host(&lbd) : start(&lbd);
	if (r == 0 && !lbd.options.check)
		r = loop_run(lbd.loop);
	stop(&lbd);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

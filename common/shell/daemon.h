/* SPDX-License-Identifier: MIT */
/*
 * What lbd and vrrpd have in common as daemons: the command line, the choice of the node, run and state dir, one
 * instance a run dir, words to systemd.
 *
 * Functions that fail say why on stderr, one line that tells what to do, and return a negative errno.
 */
#ifndef LBPAIR_COMMON_SHELL_DAEMON_H
#define LBPAIR_COMMON_SHELL_DAEMON_H

#include "common/model/conf.h"
#include "common/pure/base.h"

#define DAEMON_GROUP "lbpair"
#define DAEMON_RUN_DIR "/run/lbpair"
#define DAEMON_STATE_DIR "/var/lib/lbpair"
#define DAEMON_CONFIG "/etc/lbpair/lbpair.conf"

struct daemon_options {
	const char *config_path;
	const char *node; /* NULL: to be found by the host's name or address */
	const char *run_dir;
	const char *state_dir;
	bool check;
};

enum daemon_verdict {
	DAEMON_GO_ON,
	DAEMON_DONE,  /* --help, --version: exit 0 */
	DAEMON_USAGE, /* exit 2 */
};

/* Reads the command line; prints help, version and usage errors itself. `purpose` is one line for --help. */
MUST_USE enum daemon_verdict daemon_options(
	int argc, char *argv[], const char *name, const char *purpose, struct daemon_options *ret_options);

/*
 * Loads the configuration, sets the log's level by it and finds which node this host is: options->node, else the one
 * with the host's name, else the one whose address is on this host (node.h decides). Errors of conf_load; none or two
 * nodes: -ENOENT or -ENOTUNIQ.
 */
MUST_USE int daemon_load(
	const struct daemon_options *options, struct conf **ret_conf, const struct node_conf **ret_node);

/*
 * Creates the directories where they are missing (not what is above them): group lbpair where it exists, mode 0770
 * (run) and 0750 (state), and sees that this process may write into them.
 */
MUST_USE int daemon_make_dirs(const struct daemon_options *options);

/*
 * Locks `NAME.lock` of the run dir for as long as the descriptor is open, and writes the pid into it. -EBUSY: another
 * instance holds it. The lock is flock(2)'s, on a descriptor that is closed on exec: a child that is forked without an
 * exec and may outlive this process closes it.
 */
MUST_USE int daemon_lock(const char *run_dir, const char *name, int *ret_fd);

/* Logs each line of `text`, which is cut up, as an error of its own. */
void daemon_log_lines(struct text *text);

/* sd_notify(3), where systemd asked for it; else nothing. */
void daemon_notify_ready(const char *status); /* NULL: the status stays */
/* A reload has begun; daemon_notify_ready says that it is over, however it went. */
void daemon_notify_reloading(void);
void daemon_notify_stopping(void);
void daemon_notify_status(const char *format, ...) PRINTF_LIKE(1, 2);
/* The watchdog's interval in nanoseconds, 0 without one: call daemon_notify_watchdog at least twice as often. */
int64_t daemon_watchdog_ns(void);
void daemon_notify_watchdog(void);

#endif

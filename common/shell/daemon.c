/* SPDX-License-Identifier: MIT */
#include "common/shell/daemon.h"

#include "common/pure/mono.h"
#include "common/shell/node.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

/* The command line. */

enum option_id {
	OPTION_CONFIG,
	OPTION_NODE,
	OPTION_RUN_DIR,
	OPTION_STATE_DIR,
	OPTION_CHECK,
	OPTION_VERSION,
	OPTION_HELP,
	OPTION_COUNT,
};

static const struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *argument; /* NULL: none */
	const char *help;
} option_table[] = {
	[OPTION_CONFIG] = {'c', "config", "FILE", "the configuration (" DAEMON_CONFIG ")"},
	[OPTION_NODE] = {'n', "node", "NODE", "the node that this host is (found by host name or address)"},
	[OPTION_RUN_DIR] = {0, "run-dir", "DIR", "sockets and locks (" DAEMON_RUN_DIR ")"},
	[OPTION_STATE_DIR] = {0, "state-dir", "DIR", "what outlives a restart (" DAEMON_STATE_DIR ")"},
	[OPTION_CHECK] = {0, "check", NULL, "check the configuration and this host, and exit"},
	[OPTION_VERSION] = {0, "version", NULL, "print the version and exit"},
	[OPTION_HELP] = {'h', "help", NULL, "print this and exit"},
};
static_assert(ARRAY_LEN(option_table) == OPTION_COUNT, "a row is missing");

static void print_help(const char *name, const char *purpose)
{
	printf("%s: %s\n\nUsage: %s [OPTION]...\n\n", name, purpose, name);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_table[i];
		char letter[] = {'-', row->letter, ',', '\0'};
		char option[32];

		snprintf(option, sizeof option, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
			row->argument != NULL ? row->argument : "");
		printf("  %3s %-17s  %s\n", row->letter != 0 ? letter : "", option, row->help);
	}
	printf("\nIt runs in the foreground and logs to stderr. SIGTERM stops it.\n");
}

/* getopt_long(3) wants the table in two other forms; `val` is the row's number from 1 on, which is no letter. */
static void fill_getopt(struct option options[static OPTION_COUNT + 1], char letters[static 2 * OPTION_COUNT + 1])
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_table[i];

		options[i] = (struct option){.name = row->name,
			.has_arg = row->argument != NULL ? required_argument : no_argument,
			.val = i + 1};
		if (row->letter != 0) {
			*letters++ = row->letter;
			if (row->argument != NULL)
				*letters++ = ':';
		}
	}
	options[OPTION_COUNT] = (struct option){0};
	*letters = '\0';
}

/* OPTION_COUNT: there is no such option. */
static enum option_id option_of(int value)
{
	if (value >= 1 && value <= OPTION_COUNT)
		return (enum option_id)(value - 1);
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (option_table[i].letter == value)
			return (enum option_id)i;
	}
	return OPTION_COUNT;
}

static enum daemon_verdict usage(const char *name)
{
	fprintf(stderr, "%s: try '%s --help'\n", name, name);
	return DAEMON_USAGE;
}

enum daemon_verdict daemon_options(
	int argc, char *argv[], const char *name, const char *purpose, struct daemon_options *ret_options)
{
	struct option options[OPTION_COUNT + 1];
	char letters[2 * OPTION_COUNT + 1];
	struct daemon_options read = {
		.config_path = DAEMON_CONFIG,
		.run_dir = DAEMON_RUN_DIR,
		.state_dir = DAEMON_STATE_DIR,
	};
	int value;

	fill_getopt(options, letters);
	optind = 0; /* getopt(3): a new scan */
	while ((value = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		switch (option_of(value)) {
		case OPTION_CONFIG:
			read.config_path = optarg;
			break;
		case OPTION_NODE:
			read.node = optarg;
			break;
		case OPTION_RUN_DIR:
			read.run_dir = optarg;
			break;
		case OPTION_STATE_DIR:
			read.state_dir = optarg;
			break;
		case OPTION_CHECK:
			read.check = true;
			break;
		case OPTION_VERSION:
			printf("%s %s\n", name, PACKAGE_VERSION);
			return DAEMON_DONE;
		case OPTION_HELP:
			print_help(name, purpose);
			return DAEMON_DONE;
		case OPTION_COUNT:
			return usage(name);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument '%s'\n", name, argv[optind]);
		return usage(name);
	}
	*ret_options = read;
	return DAEMON_GO_ON;
}

/* The node. */

/* The addresses of this host, at most `capacity`. */
static int host_addresses(struct ip *addresses, size_t capacity, size_t *ret_count)
{
	struct ifaddrs *list;
	size_t count = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (const struct ifaddrs *at = list; at != NULL && count < capacity; at = at->ifa_next) {
		struct sockaddr_storage address = {0};
		struct endpoint endpoint;

		if (at->ifa_addr == NULL)
			continue;
		if (at->ifa_addr->sa_family == AF_INET)
			memcpy(&address, at->ifa_addr, sizeof(struct sockaddr_in));
		else if (at->ifa_addr->sa_family == AF_INET6)
			memcpy(&address, at->ifa_addr, sizeof(struct sockaddr_in6));
		if (endpoint_from_sockaddr(&address, &endpoint) == 0)
			addresses[count++] = endpoint.ip;
	}
	freeifaddrs(list);
	*ret_count = count;
	return 0;
}

static int find_node(const struct conf *conf, const char *wanted, const struct node_conf **ret_node)
{
	struct ip addresses[1024];
	char host_name[HOST_NAME_MAX + 1] = "";
	struct node_clues clues = {.wanted = wanted, .host_name = host_name, .addresses = addresses};
	AUTO_TEXT why = {0};
	int r = host_addresses(addresses, ARRAY_LEN(addresses), &clues.address_count);

	if (r < 0) {
		log_error("cannot list the addresses of this host: choose the node with -n NODE", log_errno(r));
		return r;
	}
	(void)gethostname(host_name, sizeof host_name - 1);
	r = node_choose(conf, &clues, ret_node, &why);
	if (r < 0)
		log_error(text_get(&why));
	return r;
}

int daemon_load(const struct daemon_options *options, struct conf **ret_conf, const struct node_conf **ret_node)
{
	AUTO_TEXT errors = {0};
	struct conf *conf;
	int r = conf_load(options->config_path, &conf, &errors);

	if (r < 0) {
		/* FILE:LINE first, as compilers do, so without the log's keys. */
		fputs(text_get(&errors), stderr);
		return r;
	}
	log_set_level(conf->log.level);
	r = find_node(conf, options->node, ret_node);
	if (r < 0)
		conf_free(conf);
	else
		*ret_conf = conf;
	return r;
}

/* Directories and the lock. */

static int create_dir(const char *path, mode_t mode)
{
	const struct group *group;

	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	group = getgrnam(DAEMON_GROUP);
	if (group != NULL && geteuid() == 0 && chown(path, (uid_t)-1, group->gr_gid) < 0)
		return -errno;
	/* What the umask took away. */
	return chmod(path, mode) < 0 ? -errno : 0;
}

static int make_dir(const char *what, const char *path, mode_t mode, const char *option)
{
	AUTO_TEXT message = {0};
	struct stat st;
	int r = create_dir(path, mode);

	if (r == 0 && stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	if (r == 0 && faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	text_addf(&message,
		"cannot use the %s dir: create it for this user, start as root, or name another with %s DIR", what,
		option);
	log_error(text_get(&message), log_str("path", path), log_errno(r));
	return r;
}

int daemon_make_dirs(const struct daemon_options *options)
{
	int r = make_dir("run", options->run_dir, 0770, "--run-dir");

	return r < 0 ? r : make_dir("state", options->state_dir, 0750, "--state-dir");
}

/* What the holder of the lock wrote; "?" where that cannot be read. */
static void read_pid(int fd, char pid[static 16])
{
	ssize_t length = pread(fd, pid, 15, 0);

	pid[MAX(length, (ssize_t)0)] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	if (*pid == '\0')
		strcpy(pid, "?");
}

static int write_pid(int fd)
{
	char pid[16];
	int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)length, 0) != length)
		return -errno;
	return 0;
}

int daemon_lock(const char *run_dir, const char *name, int *ret_fd)
{
	AUTO_TEXT path = {0};
	AUTO_FD fd = -1;
	char pid[16];
	int r;

	text_addf(&path, "%s/%s.lock", run_dir, name);
	fd = open(text_get(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		r = -errno;
		log_error(
			"cannot open the lock file: see to its owner and mode, or name another dir with --run-dir DIR",
			log_str("path", text_get(&path)), log_errno(r));
		return r;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		AUTO_TEXT message = {0};

		read_pid(fd, pid);
		text_addf(&message,
			"another %s runs with this run dir: stop it first, or name another with --run-dir DIR", name);
		log_error(text_get(&message), log_str("run_dir", run_dir), log_str("pid", pid));
		return -EBUSY;
	}
	r = write_pid(fd);
	if (r < 0) {
		log_error("cannot write the lock file", log_str("path", text_get(&path)), log_errno(r));
		return r;
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

void daemon_log_lines(struct text *text)
{
	char *rest = NULL;

	if (text->length == 0)
		return;
	for (char *line = strtok_r(text->data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		log_error(line);
}

/* Words to systemd. What they return is of no use: without systemd nobody listens. */

void daemon_notify_ready(const char *status)
{
	if (status == NULL)
		(void)sd_notify(0, "READY=1");
	else
		(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void daemon_notify_reloading(void)
{
	/* sd_notify(3): with Type=notify-reload the time has to come with it. */
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_mono().ns / NS_PER_US));
}

void daemon_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void daemon_notify_status(const char *format, ...)
{
	AUTO_TEXT status = {0};
	va_list arguments;

	va_start(arguments, format);
	text_addv(&status, format, arguments);
	va_end(arguments);
	(void)sd_notifyf(0, "STATUS=%s", text_get(&status));
}

int64_t daemon_watchdog_ns(void)
{
	uint64_t interval_us;

	if (sd_watchdog_enabled(0, &interval_us) <= 0 || interval_us > INT64_MAX / (uint64_t)NS_PER_US)
		return 0;
	return (int64_t)interval_us * NS_PER_US;
}

void daemon_notify_watchdog(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

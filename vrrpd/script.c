/* SPDX-License-Identifier: MIT */
#include "vrrpd/script.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATH_SIZE 4096
/* Statuses of a child that did not get as far as the program, as a shell has them. */
#define STATUS_REFUSED 126
#define STATUS_NOT_STARTED 127
/* How long script_kill waits for the end of what it killed. */
#define KILL_WAIT_MS 100

/* The check. */

/* In a directory with the sticky bit only a file's owner replaces it, and that is root. */
static const char *fault_of(const struct stat *st, bool is_program)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;

	if (is_program && !S_ISREG(st->st_mode))
		return "is no file";
	if (is_program && (st->st_mode & S_IXUSR) == 0)
		return "is not executable";
	if (st->st_uid != 0)
		return "does not belong to root";
	if ((st->st_mode & S_IWOTH) != 0 && !sticky)
		return "can be written by others";
	if ((st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 && !sticky)
		return "can be written by its group";
	return NULL;
}

static int refuse(const char *path, const char *fault, char *why, size_t size)
{
	snprintf(why, size, "%s %s", path, fault);
	return -EACCES;
}

/* The path with its symbolic links resolved, so that each directory that counts is looked at. */
static int check_resolved(char *path, char *why, size_t size)
{
	for (bool is_program = true; *path != '\0'; is_program = false) {
		char *slash = strrchr(path, '/');
		struct stat st;
		const char *fault;

		if (lstat(path, &st) < 0)
			return refuse(path, strerrordesc_np(errno), why, size);
		fault = fault_of(&st, is_program);
		if (fault != NULL)
			return refuse(path, fault, why, size);
		if (slash == NULL || strcmp(path, "/") == 0)
			break;
		slash[slash == path ? 1 : 0] = '\0';
	}
	return 0;
}

int script_check(const char *path, char *why, size_t size)
{
	char resolved[PATH_SIZE];

	if (path[0] != '/')
		return refuse(path, "is no absolute path", why, size);
	if (realpath(path, resolved) == NULL)
		return refuse(path, strerrordesc_np(errno), why, size);
	return check_resolved(resolved, why, size);
}

/* The child. */

static void reset_signals(void)
{
	const struct sigaction preset = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &preset, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Memory locks end with fork(2) and execve(2) by themselves; the scheduling is reset by SCHED_RESET_ON_FORK, and here
 * where that was not to be had. */
static void reset_scheduling(void)
{
	const struct sched_param param = {0};

	(void)sched_setscheduler(0, SCHED_OTHER, &param);
	(void)setpriority(PRIO_PROCESS, 0, 0);
}

static void reset_descriptors(void)
{
	int null_fd = open("/dev/null", O_RDWR);

	for (int fd = 0; null_fd >= 0 && fd <= 2; fd++)
		(void)dup2(null_fd, fd);
	(void)close_range(3, ~0u, 0);
}

_Noreturn static void run_child(char *const argv[])
{
	char *const environment[] = {(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	char why[PATH_SIZE];

	(void)setpgid(0, 0);
	reset_signals();
	reset_scheduling();
	reset_descriptors();
	umask(022);
	if (chdir("/") < 0 || script_check(argv[0], why, sizeof why) < 0)
		_exit(STATUS_REFUSED);
	execve(argv[0], argv, environment);
	_exit(STATUS_NOT_STARTED);
}

/* The parent. */

static void forget(struct script *script)
{
	loop_io_remove(script->loop, &script->end);
	loop_timer_clear(script->loop, &script->timeout);
	fd_close(&script->pidfd);
	script->pid = 0;
	script->overdue = false;
}

/* The leader, dead or not, holds its group's number until it has been waited for. */
static void kill_group(const struct script *script)
{
	(void)kill(-script->pid, SIGKILL);
}

static void on_end(struct loop_io *io, unsigned events)
{
	struct script *script = CONTAINER_OF(io, struct script, end);
	struct script_end end = {.timed_out = script->overdue};
	siginfo_t info = {0};

	(void)events;
	if (waitid(P_PIDFD, (id_t)script->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
		return;
	kill_group(script);
	(void)waitid(P_PIDFD, (id_t)script->pidfd, &info, WEXITED | WNOHANG);
	if (info.si_code == CLD_EXITED)
		end.status = info.si_status;
	else
		end.signal = info.si_status;
	forget(script);
	script->fn(script, &end);
}

static void on_timeout(struct loop_timer *timer, struct mono now)
{
	struct script *script = CONTAINER_OF(timer, struct script, timeout);

	(void)now;
	script->overdue = true;
	kill_group(script);
}

static int watch(struct script *script, int64_t timeout_ns)
{
	int r;

	script->pidfd = pidfd_open(script->pid, 0);
	if (script->pidfd < 0)
		return -errno;
	r = loop_io_add(script->loop, &script->end, script->pidfd, LOOP_READ, on_end);
	if (r == 0)
		r = loop_timer_set(script->loop, &script->timeout, mono_add(clock_mono(), timeout_ns), on_timeout);
	return r;
}

int script_start(struct script *script, struct loop *loop, char *const argv[], int64_t timeout_ns, script_fn *fn)
{
	pid_t pid;
	int r;

	assert(!script_is_running(script));
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(argv);
	/* In both processes, so that the group is there whichever of them goes first. */
	(void)setpgid(pid, pid);
	*script = (struct script){.loop = loop, .pid = pid, .pidfd = -1, .fn = fn};
	r = watch(script, timeout_ns);
	if (r < 0)
		script_kill(script);
	return r;
}

void script_kill(struct script *script)
{
	siginfo_t info;

	if (!script_is_running(script))
		return;
	kill_group(script);
	for (int waited_ms = 0; waited_ms < KILL_WAIT_MS; waited_ms++) {
		if (waitid(P_PID, (id_t)script->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
			break;
		(void)poll(NULL, 0, 1);
	}
	kill_group(script);
	(void)waitid(P_PID, (id_t)script->pid, &info, WEXITED | WNOHANG);
	forget(script);
}

bool script_end_is_good(const struct script_end *end)
{
	return !end->timed_out && end->signal == 0 && end->status == 0;
}

void script_end_text(const struct script_end *end, char *buffer, size_t size)
{
	if (end->timed_out)
		snprintf(buffer, size, "it took too long and was killed");
	else if (end->signal != 0)
		snprintf(buffer, size, "it was ended by signal %d", end->signal);
	else if (end->status == STATUS_REFUSED)
		snprintf(buffer, size, "it is refused: others than root can write to it, or it is not executable");
	else if (end->status == STATUS_NOT_STARTED)
		snprintf(buffer, size, "it could not be executed");
	else
		snprintf(buffer, size, "it ended with status %d", end->status);
}

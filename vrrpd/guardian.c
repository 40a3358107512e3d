/* SPDX-License-Identifier: MIT */
#include "vrrpd/guardian.h"

#include "common/pure/text.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "vrrpd/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define RECORD_NAME "vrrpd.guardian"
#define PATH_MAX_LENGTH 4096

/* The guardian's progress is looked at this often, and it is replaced after so many looks without any. */
#define LOOK_NS (200 * NS_PER_MS)
#define LOOKS_MAX 5
/* Replacements come at least this far apart, so that one that dies at once is not started all the time. */
#define RESPAWN_DELAY_NS NS_PER_S
/* How long the former guardian is waited for, before the SIGKILL and after it. */
#define FORMER_TIMEOUT_MS 1000

struct guardian {
	struct fence *fence;
	int main_pidfd;
	pid_t pid; /* 0: there is none at the moment */
	int pidfd;
	struct mono respawned_at; /* zero: never */
	char *run_dir;            /* NULL: not recorded */

	struct loop *loop; /* NULL: not watched */
	struct loop_io end;
	struct loop_timer look;
	struct loop_timer respawn;
	uint64_t seen;
	unsigned looks; /* without progress */
};

/* Starting one. */

/* What a guardian is started with; written before the fork. */
struct guardian_arguments {
	char name[sizeof GUARDIAN_NAME];
	char fence[16];
	char main_pidfd[16];
	char *argv[4];
};

static void write_arguments(const struct guardian *guardian, struct guardian_arguments *ret_arguments)
{
	*ret_arguments = (struct guardian_arguments){.name = GUARDIAN_NAME};
	snprintf(ret_arguments->fence, sizeof ret_arguments->fence, "%d", fence_fd(guardian->fence));
	snprintf(ret_arguments->main_pidfd, sizeof ret_arguments->main_pidfd, "%d", guardian->main_pidfd);
	ret_arguments->argv[0] = ret_arguments->name;
	ret_arguments->argv[1] = ret_arguments->fence;
	ret_arguments->argv[2] = ret_arguments->main_pidfd;
}

/* In the child: nothing but system calls, since the process may have other threads. */
static void exec_guardian(const struct guardian *guardian, const struct guardian_arguments *arguments)
{
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	if (fcntl(fence_fd(guardian->fence), F_SETFD, 0) == 0 && fcntl(guardian->main_pidfd, F_SETFD, 0) == 0)
		execv("/proc/self/exe", arguments->argv);
	_exit(127);
}

/* The signals that end a process are blocked over the fork, so that there is no moment in which one ends the child. */
static pid_t fork_guardian(const struct guardian *guardian)
{
	struct guardian_arguments arguments;
	sigset_t all, before;
	pid_t pid;

	write_arguments(guardian, &arguments);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		exec_guardian(guardian, &arguments);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -errno : pid;
}

/* Kills and reaps a child that cannot be watched. */
static void abandon(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static int spawn(struct guardian *guardian)
{
	pid_t pid = fork_guardian(guardian);
	int pidfd;

	if (pid < 0)
		return pid;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		int r = -errno;

		abandon(pid);
		return r;
	}
	guardian->pid = pid;
	guardian->pidfd = pidfd;
	guardian->looks = 0;
	return 0;
}

/* Gives one up that was started but cannot be watched. */
static void forget(struct guardian *guardian)
{
	abandon(guardian->pid);
	fd_close(&guardian->pidfd);
	guardian->pid = 0;
}

int guardian_start(struct fence *fence, struct guardian **ret_guardian)
{
	struct guardian *guardian = calloc(1, sizeof *guardian);
	int r;

	if (guardian == NULL)
		return -ENOMEM;
	guardian->fence = fence;
	guardian->pidfd = -1;
	guardian->main_pidfd = pidfd_open(getpid(), 0);
	r = guardian->main_pidfd < 0 ? -errno : spawn(guardian);
	if (r < 0) {
		fd_close(&guardian->main_pidfd);
		free(guardian);
		return r;
	}
	*ret_guardian = guardian;
	return 0;
}

pid_t guardian_pid(const struct guardian *guardian)
{
	return guardian->pid;
}

/* The record in the run dir: a line `PID STARTED`, the latter as proc(5) gives it, so that a pid used again is told. */

static int record_path(const char *run_dir, const char *suffix, char path[static PATH_MAX_LENGTH])
{
	int length = snprintf(path, PATH_MAX_LENGTH, "%s/" RECORD_NAME "%s", run_dir, suffix);

	return length < 0 || length >= PATH_MAX_LENGTH ? -ENAMETOOLONG : 0;
}

/* Reads a small file whole, as text. */
static int read_text(const char *path, char *text, size_t size)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return 0;
}

/* When the process was started (proc(5): field 22 of stat). -ENOENT: no such process. */
static int read_start(pid_t pid, unsigned long long *ret_started)
{
	char path[64], stat[1024];
	const char *name_end;
	int r;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	r = read_text(path, stat, sizeof stat);
	if (r < 0)
		return r;
	/* The second field is a name in brackets, and may hold anything. */
	name_end = strrchr(stat, ')');
	if (name_end == NULL ||
		sscanf(name_end + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			ret_started) != 1)
		return -EINVAL;
	return 0;
}

static int write_text(const char *path, const char *text)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -EIO;
	return 0;
}

static int write_record(const struct guardian *guardian)
{
	char path[PATH_MAX_LENGTH], new_path[PATH_MAX_LENGTH], text[64];
	unsigned long long started;
	int r = read_start(guardian->pid, &started);

	if (r == 0)
		r = record_path(guardian->run_dir, "", path);
	if (r == 0)
		r = record_path(guardian->run_dir, ".new", new_path);
	if (r < 0)
		return r;
	snprintf(text, sizeof text, "%d %llu\n", (int)guardian->pid, started);
	r = write_text(new_path, text);
	if (r == 0 && rename(new_path, path) < 0)
		r = -errno;
	return r;
}

int guardian_record(struct guardian *guardian, const char *run_dir)
{
	free(guardian->run_dir);
	guardian->run_dir = strdup(run_dir);
	return guardian->run_dir == NULL ? -ENOMEM : write_record(guardian);
}

/* A pidfd of the recorded process, if that is still the guardian that was recorded. -ESRCH: it is not. */
static int open_former(const char *run_dir, int *ret_pidfd)
{
	char path[PATH_MAX_LENGTH], text[64];
	unsigned long long recorded, started;
	AUTO_FD pidfd = -1;
	int pid, r;

	r = record_path(run_dir, "", path);
	if (r < 0)
		return r;
	if (read_text(path, text, sizeof text) < 0 || sscanf(text, "%d %llu", &pid, &recorded) != 2 || pid <= 1)
		return -ESRCH;
	pidfd = pidfd_open(pid, 0);
	/* Looked at behind the pidfd, which holds on to the process that is looked at. */
	if (pidfd < 0 || read_start(pid, &started) < 0 || started != recorded)
		return -ESRCH;
	*ret_pidfd = fd_take(&pidfd);
	return 0;
}

static bool has_ended(int pidfd, int timeout_ms)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	return poll(&end, 1, timeout_ms) == 1;
}

int guardian_await_former(const char *run_dir)
{
	AUTO_FD pidfd = -1;
	int r = open_former(run_dir, &pidfd);

	if (r < 0)
		return r == -ESRCH ? 0 : r;
	if (has_ended(pidfd, FORMER_TIMEOUT_MS))
		return 0;
	log_warning("the guardian of the vrrpd before this one does not go, and is killed");
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	return has_ended(pidfd, FORMER_TIMEOUT_MS) ? 0 : -ETIMEDOUT;
}

/* The watch over it. */

static void on_end(struct loop_io *io, unsigned events);

static void on_look(struct loop_timer *timer, struct mono now)
{
	struct guardian *guardian = CONTAINER_OF(timer, struct guardian, look);
	uint64_t progress = fence_guardian_progress_count(guardian->fence);

	guardian->looks = progress == guardian->seen ? guardian->looks + 1 : 0;
	guardian->seen = progress;
	if (guardian->looks >= LOOKS_MAX && guardian->pid != 0) {
		log_error("the guardian hangs, and is replaced", log_int("pid", guardian->pid));
		(void)pidfd_send_signal(guardian->pidfd, SIGKILL, NULL, 0);
		guardian->looks = 0;
	}
	if (loop_timer_set(guardian->loop, timer, mono_add(now, LOOK_NS), on_look) < 0)
		log_error("the guardian is no longer watched: no memory");
}

/* Watches for the end of the one that was just started. */
static int watch_end(struct guardian *guardian)
{
	return loop_io_add(guardian->loop, &guardian->end, guardian->pidfd, LOOP_READ, on_end);
}

static void on_respawn(struct loop_timer *timer, struct mono now)
{
	struct guardian *guardian = CONTAINER_OF(timer, struct guardian, respawn);
	int r = spawn(guardian);

	guardian->respawned_at = now;
	if (r == 0) {
		r = watch_end(guardian);
		if (r < 0)
			forget(guardian);
	}
	if (r < 0) {
		log_error("a guardian could not be started", log_errno(r));
		if (loop_timer_set(guardian->loop, timer, mono_add(now, RESPAWN_DELAY_NS), on_respawn) < 0)
			log_error("there is no guardian: no memory");
		return;
	}
	log_info("a new guardian watches", log_int("pid", guardian->pid));
	r = guardian->run_dir != NULL ? write_record(guardian) : 0;
	if (r < 0)
		log_warning("the guardian could not be recorded in the run dir", log_errno(r));
}

/* Reaps the guardian, which has ended. */
static void reap(struct guardian *guardian)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)guardian->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0)
		log_error("the guardian has died", log_int("pid", info.si_pid),
			log_str("by", info.si_code == CLD_EXITED ? "exit" : "signal"),
			log_int("status", info.si_status));
	fd_close(&guardian->pidfd);
	guardian->pid = 0;
}

static void on_end(struct loop_io *io, unsigned events)
{
	struct guardian *guardian = CONTAINER_OF(io, struct guardian, end);
	struct mono now = clock_mono();
	struct mono at = mono_add(guardian->respawned_at, RESPAWN_DELAY_NS);

	(void)events;
	loop_io_remove(guardian->loop, io);
	reap(guardian);
	if (loop_timer_set(guardian->loop, &guardian->respawn,
		    guardian->respawned_at.ns == 0 || mono_before(at, now) ? now : at, on_respawn) < 0)
		log_error("there is no guardian: no memory");
}

int guardian_watch(struct guardian *guardian, struct loop *loop)
{
	int r;

	guardian->loop = loop;
	guardian->seen = fence_guardian_progress_count(guardian->fence);
	r = watch_end(guardian);
	if (r < 0)
		return r;
	return loop_timer_set(loop, &guardian->look, mono_add(clock_mono(), LOOK_NS), on_look);
}

void guardian_dismiss(struct guardian *guardian)
{
	if (guardian == NULL)
		return;
	fence_dismiss(guardian->fence);
	if (guardian->loop != NULL) {
		loop_io_remove(guardian->loop, &guardian->end);
		loop_timer_clear(guardian->loop, &guardian->look);
		loop_timer_clear(guardian->loop, &guardian->respawn);
	}
	fd_close(&guardian->pidfd);
	fd_close(&guardian->main_pidfd);
	free(guardian->run_dir);
	free(guardian);
}

/* The other side. */

/* A descriptor by its number, which no process after this one is to inherit. */
static int fd_argument(const char *text, int *ret_fd)
{
	uint64_t fd;
	int r = text_to_u64(text, 0, INT32_MAX, &fd);

	if (r < 0)
		return r;
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

int guardian_main(int argc, char *argv[])
{
	struct fence *fence;
	sigset_t all;
	int page_fd, main_pidfd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_NAME, GUARDIAN_NAME);
	if (argc != 3 || fd_argument(argv[1], &page_fd) < 0 || fd_argument(argv[2], &main_pidfd) < 0 ||
		fence_map(page_fd, &fence) < 0) {
		fputs(GUARDIAN_NAME " is started by vrrpd alone\n", stderr);
		return 2;
	}
	guard_run(fence, main_pidfd);
	return EXIT_SUCCESS;
}

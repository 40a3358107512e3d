/* SPDX-License-Identifier: MIT */
#include "common/system/child.h"

#include "common/pure/list.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Processes that were killed end at once, but for those that wait for a device; so long for all of them. */
#define LAST_WAIT_NS (100 * NS_PER_MS)
/* As a shell has it. */
#define STATUS_NOT_EXECUTED 127

struct children {
	struct loop *loop;
	struct list list;
	_Atomic pid_t *slots;
	size_t slot_count;
};

struct child {
	struct children *children;
	struct list link;
	pid_t pid; /* and its group's */
	int pid_fd;
	_Atomic pid_t *slot; /* NULL: it has none */
	struct loop_io io;
	struct loop_timer timeout;
	bool overdue;
	child_fn *fn; /* NULL: nobody wants to know */
	void *context;
};

int children_new(struct loop *loop, struct children **ret_children)
{
	struct children *children = calloc(1, sizeof *children);

	if (children == NULL)
		return -ENOMEM;
	children->loop = loop;
	list_init(&children->list);
	*ret_children = children;
	return 0;
}

/* The ledger. */

void children_keep_ledger(struct children *children, _Atomic pid_t *slots, size_t count)
{
	children->slots = slots;
	children->slot_count = count;
}

static void write_down(struct child *child)
{
	struct children *children = child->children;

	for (size_t i = 0; i < children->slot_count; i++) {
		if (atomic_load(&children->slots[i]) != 0)
			continue;
		child->slot = &children->slots[i];
		atomic_store(child->slot, child->pid);
		return;
	}
}

/* Before it is waited for: what stands there is never a number that somebody else may have by now. */
static void strike_out(struct child *child)
{
	if (child->slot != NULL)
		atomic_store(child->slot, 0);
	child->slot = NULL;
}

/* The end. */

static void forget(struct child *child)
{
	strike_out(child);
	loop_io_remove(child->children->loop, &child->io);
	loop_timer_clear(child->children->loop, &child->timeout);
	fd_close(&child->pid_fd);
	list_remove(&child->link);
	free(child);
}

/* The leader, dead or not, holds its group's number until it has been waited for. */
static void kill_group(const struct child *child)
{
	(void)kill(-child->pid, SIGKILL);
}

static int time_left_ms(struct mono limit)
{
	int64_t left_ns = mono_diff(limit, clock_mono());

	return left_ns > 0 ? (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

void children_free(struct children *children)
{
	struct mono limit = mono_add(clock_mono(), LAST_WAIT_NS);
	struct child *child;

	if (children == NULL)
		return;
	LIST_FOR_EACH(child, &children->list, link)
	{
		kill_group(child);
	}
	LIST_FOR_EACH(child, &children->list, link)
	{
		struct pollfd ended = {.fd = child->pid_fd, .events = POLLIN};

		(void)poll(&ended, 1, time_left_ms(limit));
		kill_group(child);
		strike_out(child);
		(void)waitpid(child->pid, NULL, WNOHANG);
		forget(child);
	}
	free(children);
}

static void on_end(struct loop_io *io, unsigned events)
{
	struct child *child = CONTAINER_OF(io, struct child, io);
	struct child_end end = {.timed_out = child->overdue};
	child_fn *fn = child->fn;
	void *context = child->context;
	siginfo_t info = {0};

	(void)events;
	if (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
		return;
	kill_group(child);
	strike_out(child);
	(void)waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG);
	if (info.si_code == CLD_EXITED)
		end.status = info.si_status;
	else
		end.signal = info.si_status;
	forget(child);
	if (fn != NULL)
		fn(context, &end);
}

static void on_timeout(struct loop_timer *timer, struct mono now)
{
	struct child *child = CONTAINER_OF(timer, struct child, timeout);

	(void)now;
	child->overdue = true;
	kill_group(child);
}

/* The beginning. */

struct launch {
	const struct child_setup *setup;
	pid_t parent;
	/* Written by the child of vfork(2), behind the back of a compiler that sees this function alone. */
	volatile int error;
};

static void reset_signals(void)
{
	const struct sigaction preset = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &preset, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int reset_descriptors(int output_fd)
{
	int null_fd = open("/dev/null", O_RDWR);

	if (output_fd < 0)
		output_fd = null_fd;
	if (null_fd < 0 || dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0 ||
		dup2(null_fd, STDIN_FILENO) < 0)
		return -errno;
	return close_range(STDERR_FILENO + 1, ~0U, 0) < 0 ? -errno : 0;
}

static int reset_process(const struct launch *launch)
{
	const struct sched_param param = {0};

	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	/* It may have died just before. */
	if (getppid() != launch->parent)
		return -ESRCH;
	(void)sched_setscheduler(0, SCHED_OTHER, &param);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)umask(022);
	return chdir("/") < 0 ? -errno : 0;
}

/*
 * In the child, on memory that is the parent's, whose thread waits: system calls alone. The signals come last, so that
 * no handler of ours runs in here.
 */
_Noreturn static void become_program(struct launch *launch)
{
	const struct child_setup *setup = launch->setup;
	int r = reset_process(launch);

	if (r == 0)
		r = reset_descriptors(setup->output_fd);
	if (r == 0) {
		reset_signals();
		(void)execve(setup->arguments[0], (char **)(uintptr_t)setup->arguments,
			(char **)(uintptr_t)setup->environment);
		r = -errno;
	}
	launch->error = r;
	_exit(STATUS_NOT_EXECUTED);
}

/* posix_spawn(3) would do, but for the signal of the parent's death. */
static pid_t launch(struct launch *launch)
{
	pid_t pid = vfork();

	if (pid == 0)
		become_program(launch);
	if (pid < 0)
		return -errno;
	/* The child has done so, but where vfork(2) does not wait, as under ThreadSanitizer: it may be killed at once.
	 */
	(void)setpgid(pid, pid);
	return pid;
}

static int launch_program(const struct child_setup *setup, pid_t *ret_pid)
{
	struct launch begun = {.setup = setup, .parent = getpid()};
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = launch(&begun);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return pid;
	if (begun.error < 0) {
		(void)waitpid(pid, NULL, 0);
		return begun.error;
	}
	*ret_pid = pid;
	return 0;
}

static int watch(struct child *child, int64_t timeout_ns)
{
	struct loop *loop = child->children->loop;
	int r;

	child->pid_fd = pidfd_open(child->pid, 0);
	if (child->pid_fd < 0)
		return -errno;
	r = loop_io_add(loop, &child->io, child->pid_fd, LOOP_READ, on_end);
	if (r == 0 && timeout_ns > 0)
		r = loop_timer_set(loop, &child->timeout, mono_add(clock_mono(), timeout_ns), on_timeout);
	return r;
}

int child_start(struct children *children, const struct child_setup *setup, struct child **ret_child)
{
	struct child *child = calloc(1, sizeof *child);
	int r;

	if (child == NULL)
		return -ENOMEM;
	*child = (struct child){.children = children, .pid_fd = -1, .fn = setup->fn, .context = setup->context};
	list_init(&child->link);
	r = launch_program(setup, &child->pid);
	if (r < 0) {
		free(child);
		return r;
	}
	write_down(child);
	r = watch(child, setup->timeout_ns);
	if (r < 0) {
		/* There is no descriptor left to see its end by. It has only begun, so this does not take long. */
		kill_group(child);
		strike_out(child);
		(void)waitpid(child->pid, NULL, 0);
		forget(child);
		return r;
	}
	list_append(&children->list, &child->link);
	*ret_child = child;
	return 0;
}

void child_kill(struct child *child)
{
	kill_group(child);
	child->fn = NULL;
}

/* Words. */

bool child_end_is_good(const struct child_end *end)
{
	return !end->timed_out && end->signal == 0 && end->status == 0;
}

void child_end_text(const struct child_end *end, char *buffer, size_t size)
{
	if (end->timed_out)
		snprintf(buffer, size, "it took too long and was killed");
	else if (end->signal != 0)
		snprintf(buffer, size, "it was ended by signal %d", end->signal);
	else
		snprintf(buffer, size, "it ended with status %d", end->status);
}

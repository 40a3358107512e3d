/* SPDX-License-Identifier: MIT */
#include "common/system/child.h"

#include "common/pure/list.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

/* A process that was killed ends at once, but for one that waits for a device. */
#define LAST_WAIT_MS 100

struct children {
	struct loop *loop;
	struct list list;
};

struct child {
	struct children *children;
	struct list link;
	pid_t pid; /* and its group's */
	int pid_fd;
	struct loop_io io;
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

static void forget(struct child *child)
{
	loop_io_remove(child->children->loop, &child->io);
	fd_close(&child->pid_fd);
	list_remove(&child->link);
	free(child);
}

void children_free(struct children *children)
{
	struct child *child;

	if (children == NULL)
		return;
	LIST_FOR_EACH(child, &children->list, link)
	{
		(void)kill(-child->pid, SIGKILL);
	}
	LIST_FOR_EACH(child, &children->list, link)
	{
		struct pollfd ended = {.fd = child->pid_fd, .events = POLLIN};

		(void)poll(&ended, 1, LAST_WAIT_MS);
		(void)waitpid(child->pid, NULL, WNOHANG);
		forget(child);
	}
	free(children);
}

static void on_end(struct loop_io *io, unsigned events)
{
	struct child *child = CONTAINER_OF(io, struct child, io);
	child_fn *fn = child->fn;
	void *context = child->context;
	int status = 0;

	(void)events;
	/* As long as it is not waited for, the group's number is not given away. */
	(void)kill(-child->pid, SIGKILL);
	if (waitpid(child->pid, &status, WNOHANG) == 0)
		return;
	forget(child);
	if (fn != NULL)
		fn(context, status);
}

/* posix_spawn(3) takes no memory in the child and stops only the calling thread, until the program begins. */
static int spawn(const struct child_setup *setup, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
	pid_t *ret_pid)
{
	char **arguments = (char **)(uintptr_t)setup->arguments;
	char **environment = (char **)(uintptr_t)setup->environment;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	if (posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) != 0 ||
		posix_spawn_file_actions_adddup2(actions, setup->output_fd, STDOUT_FILENO) != 0 ||
		posix_spawn_file_actions_adddup2(actions, setup->output_fd, STDERR_FILENO) != 0 ||
		posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1) != 0)
		return -ENOMEM;
	return -posix_spawn(ret_pid, arguments[0], actions, attributes, arguments, environment);
}

static int spawn_program(const struct child_setup *setup, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	r = spawn(setup, &actions, &attributes, ret_pid);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int watch(struct child *child)
{
	child->pid_fd = pidfd_open(child->pid, 0);
	if (child->pid_fd < 0)
		return -errno;
	return loop_io_add(child->children->loop, &child->io, child->pid_fd, LOOP_READ, on_end);
}

int child_start(struct children *children, const struct child_setup *setup, struct child **ret_child)
{
	struct child *child = calloc(1, sizeof *child);
	int r;

	if (child == NULL)
		return -ENOMEM;
	*child = (struct child){
		.children = children, .pid_fd = -1, .fn = setup->fn, .context = setup->context, .pid = 0};
	list_init(&child->link);
	r = spawn_program(setup, &child->pid);
	if (r < 0) {
		free(child);
		return r;
	}
	r = watch(child);
	if (r < 0) {
		/* There is no descriptor left to see its end by. It has only begun, so this does not take long. */
		(void)kill(-child->pid, SIGKILL);
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
	(void)kill(-child->pid, SIGKILL);
	child->fn = NULL;
}

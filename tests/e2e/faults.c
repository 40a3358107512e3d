/* SPDX-License-Identifier: MIT */
#include "tests/e2e/faults.h"

#include "tests/e2e/daemon.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What can be made to fail. */
static const int watched[] = {
	SYS_socket, SYS_connect, SYS_accept4, SYS_epoll_ctl, SYS_pipe2, SYS_splice, SYS_sendto, SYS_sendmmsg};

/* The listening end's number here; negative errno. */
static int install_filter(void)
{
	struct sock_filter code[2 * ARRAY_LEN(watched) + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {.filter = code};
	unsigned short length = 1;
	long fd;

	for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)watched[i], 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd < 0 ? -errno : (int)fd;
}

static struct faults *armed;

struct hello {
	pid_t pid;
	int fd;
};

/* Between fork(2) and execve(2). The parent fetches the descriptor before it is closed by the latter. */
static void in_child(void)
{
	struct hello hello = {.pid = getpid(), .fd = install_filter()};
	char byte;

	if (hello.fd < 0 || write(armed->from_child[1], &hello, sizeof hello) != sizeof hello ||
		read(armed->to_child[0], &byte, 1) != 1)
		_exit(126);
}

static bool fails(struct faults *faults, const struct seccomp_notif *call, int *ret_error)
{
	const struct fault *fault = atomic_load(&faults->current);

	if (fault == NULL || call->data.nr != fault->call || ((pid_t)call->pid == faults->pid) != fault->control)
		return false;
	if (atomic_fetch_add(&faults->calls, 1) % fault->one_in != 0)
		return false;
	atomic_fetch_add(&faults->failed, 1);
	*ret_error = fault->error;
	return true;
}

static void answer_one(struct faults *faults)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp answer = {0};
	int error;

	/* Who called may have gone. */
	if (ioctl(faults->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return;
	answer.id = call.id;
	if (fails(faults, &call, &error))
		answer.error = -error;
	else
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(faults->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static bool fetch_listener(struct faults *faults)
{
	struct hello hello;
	long pidfd;

	if (read(faults->from_child[0], &hello, sizeof hello) != sizeof hello)
		return false;
	faults->pid = hello.pid;
	pidfd = syscall(SYS_pidfd_open, hello.pid, 0);
	faults->listener = (int)syscall(SYS_pidfd_getfd, pidfd, hello.fd, 0);
	close((int)pidfd);
	return faults->listener >= 0 && write(faults->to_child[1], "", 1) == 1;
}

static void *watch(void *context)
{
	struct faults *faults = context;
	struct pollfd poll_fd = {.events = POLLIN};

	if (!fetch_listener(faults))
		return NULL;
	poll_fd.fd = faults->listener;
	while (poll(&poll_fd, 1, -1) >= 0 && !(poll_fd.revents & (POLLHUP | POLLERR)))
		answer_one(faults);
	return NULL;
}

/* Tries it with a child that does nothing. */
static bool is_allowed(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(install_filter() < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool faults_begin(struct faults *faults)
{
	*faults = (struct faults){.listener = -1};
	if (!is_allowed())
		return false;
	assert_int_equal(pipe2(faults->to_child, O_CLOEXEC), 0);
	assert_int_equal(pipe2(faults->from_child, O_CLOEXEC), 0);
	armed = faults;
	lbd_before_exec = in_child;
	assert_int_equal(pthread_create(&faults->thread, NULL, watch, faults), 0);
	return true;
}

unsigned faults_set(struct faults *faults, const struct fault *fault)
{
	lbd_before_exec = NULL;
	atomic_store(&faults->current, fault);
	atomic_store(&faults->calls, 0);
	return atomic_exchange(&faults->failed, 0);
}

void faults_end(struct faults *faults)
{
	pthread_join(faults->thread, NULL);
	close(faults->listener);
	for (size_t i = 0; i < 2; i++) {
		close(faults->to_child[i]);
		close(faults->from_child[i]);
	}
}

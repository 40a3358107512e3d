/* SPDX-License-Identifier: MIT */
#include "common/system/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>

/* TASK_COMM_LEN of the kernel. */
#define NAME_SIZE 16

static int set_attributes(pthread_attr_t *attributes)
{
	const struct sched_param param = {0};
	int r = pthread_attr_setstacksize(attributes, THREAD_STACK_SIZE);

	if (r == 0)
		r = pthread_attr_setinheritsched(attributes, PTHREAD_EXPLICIT_SCHED);
	if (r == 0)
		r = pthread_attr_setschedpolicy(attributes, SCHED_OTHER);
	if (r == 0)
		r = pthread_attr_setschedparam(attributes, &param);
	return r;
}

int thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *context), void *context)
{
	char short_name[NAME_SIZE];
	pthread_attr_t attributes;
	sigset_t all, before;
	int r = pthread_attr_init(&attributes);

	if (r != 0)
		return -r;
	r = set_attributes(&attributes);
	/* A thread starts with its maker's mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r == 0)
		r = pthread_create(ret_thread, &attributes, fn, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (r != 0)
		return -r;
	snprintf(short_name, sizeof short_name, "%s", name);
	(void)pthread_setname_np(*ret_thread, short_name);
	return 0;
}

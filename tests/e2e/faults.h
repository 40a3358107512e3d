/* SPDX-License-Identifier: MIT */
/*
 * System calls of an lbd under test that fail, told from outside: seccomp(2) hands them to the test, which lets them go
 * on or gives an errno in their place. lbd itself is the one that is shipped.
 */
#ifndef LBPAIR_TESTS_E2E_FAULTS_H
#define LBPAIR_TESTS_E2E_FAULTS_H

#include "common/pure/base.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

struct fault {
	const char *name;
	int call; /* SYS_... */
	int error;
	unsigned one_in; /* of so many calls one fails */
	bool control;    /* in the control thread, else in the others */
};

struct faults {
	int to_child[2];
	int from_child[2];
	int listener;
	pid_t pid;
	pthread_t thread;
	_Atomic(const struct fault *) current; /* NULL: all goes well */
	_Atomic unsigned calls;
	_Atomic unsigned failed;
};

/* The next lbd_start is watched. False: this kernel or this container does not let us. */
bool faults_begin(struct faults *faults);
/* From now on this fails; NULL: nothing. How many calls the one before has failed. */
unsigned faults_set(struct faults *faults, const struct fault *fault);
/* After lbd's end. */
void faults_end(struct faults *faults);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Servers that answer each byte with their letter, and clients that ask without a pause: connections of a few requests
 * each, in threads. Whatever is not answered is a failure.
 */
#ifndef LBPAIR_TESTS_E2E_LOAD_H
#define LBPAIR_TESTS_E2E_LOAD_H

#include "common/pure/addr.h"

#include <pthread.h>
#include <stdatomic.h>

struct load_server {
	struct endpoint at;
	char letter;
	int listener;
	pthread_t thread;
	_Atomic bool stopping;
};

void load_server_start(struct load_server *server, const struct endpoint *at, char letter);
/* Closes it and what is open to it, as a process that is killed would. */
void load_server_kill(struct load_server *server);

#define LOAD_CLIENTS 4

struct load {
	struct endpoint to;
	pthread_t threads[LOAD_CLIENTS];
	_Atomic bool stopping;
	_Atomic uint64_t answers[128]; /* by letter */
	_Atomic uint64_t connections[128];
	_Atomic uint64_t failures;
	char error[128]; /* of the first */
};

void load_start(struct load *load, const struct endpoint *to);
/* Waits for the clients' ends; the counts stay. */
void load_stop(struct load *load);

#endif

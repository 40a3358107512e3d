/* SPDX-License-Identifier: MIT */
/* An lbd with two pools to change between, the operator's command, and connections through the one by the other. */
#ifndef LBPAIR_TESTS_E2E_DEPLOY_H
#define LBPAIR_TESTS_E2E_DEPLOY_H

#include "tests/e2e/daemon.h"

#define DEPLOY_SERVERS 4

extern struct deploy {
	struct endpoint back[DEPLOY_SERVERS];
	int fds[DEPLOY_SERVERS];
	struct endpoint nobody;
} deploy;

/* Opens the servers; for cmocka, once for a group of tests. */
int deploy_setup(void **state);
/* A service `web` with `service`; the pools blue of a and b, green of c and d, gone of nobody, each with `pool`. */
struct lbd_process deploy_start(const struct endpoint *front, const char *service, const char *pool);
void deploy_end(struct lbd_process *lbd);
/* For wait_until, with the lbd: the pool gone has been found down. */
bool gone_is_down(void *lbd);

/* As text; the next calls leave it alone for a while. */
const char *at(const struct endpoint *endpoint);

/* The operator's command, a line of words behind `lbctl`. */
struct command {
	pid_t pid;
	int out;
	char text[4096]; /* stdout and stderr */
	size_t length;
};

struct command command_start(const struct lbd_process *lbd, const char *line);
/* False: it has closed its output. */
bool command_read(struct command *command);
/* Returns its exit status. */
int command_end(struct command *command);
/* Runs it; it must end with `status` and say `says`. */
void lbctl_run(const struct lbd_process *lbd, const char *line, int status, const char *says);

struct pair {
	int client;
	int server;
	size_t which; /* of the servers */
};

/* `from` NULL: any address. */
struct pair pair_open_from(const struct endpoint *from, const struct endpoint *front);
struct pair pair_open(const struct endpoint *front);
void pair_close(const struct pair *pair);
/* 'F' for a FIN, 'R' for a RST, '-' while it is open still. */
char ending_of(int fd, int timeout_ms);
/* Which servers so many connections meet, as letters in order: "aabb". */
const char *servers_met(const struct endpoint *front, unsigned connections);

#endif

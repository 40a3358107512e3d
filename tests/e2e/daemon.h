/* SPDX-License-Identifier: MIT */
/* An lbd under test: its configuration, its process, its control socket; and sockets around it on 127.0.0.0/8. */
#ifndef LBPAIR_TESTS_E2E_DAEMON_H
#define LBPAIR_TESTS_E2E_DAEMON_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"
#include "common/pure/text.h"

#include <jansson.h>
#include <sys/types.h>

struct lbd_process {
	pid_t pid;
	char dir[64];
};

/*
 * Writes `sections` (services and pools, before them a forwarder where it is not to be the usual one with two threads)
 * behind a pair section into a new directory and starts ./lbd/lbd on it, with at
 * most `open_files` descriptors (0: as many as it likes). Returns when its control socket answers; asserts on failure.
 */
struct lbd_process lbd_start(const char *sections, unsigned open_files);
/* Called in the child before it becomes lbd; only what is safe after a fork. NULL: nothing. */
extern void (*lbd_before_exec)(void);
/* Another configuration for it, which it has to be told to read. */
void lbd_configure(const struct lbd_process *lbd, const char *sections);
/* Sends the signal, waits for the end, bounded, and returns the wait status; removes the directory. */
int lbd_end(struct lbd_process *lbd, int signal_number);
/* Runs lbd to its end, which must come soon; its stderr in `ret_errors`. Returns the exit status. */
int lbd_run_briefly(const char *sections, struct text *ret_errors);

/* Calls a method; NULL: refused. Owned by the caller. */
json_t *lbd_call(const struct lbd_process *lbd, const char *method, json_t *params);
/* A number or a text out of `status`: of a service, or of a server, "POOL/SERVER". */
json_int_t lbd_service_number(const struct lbd_process *lbd, const char *service, const char *field);
json_int_t lbd_server_number(const struct lbd_process *lbd, const char *server, const char *field);
void lbd_server_text(const struct lbd_process *lbd, const char *server, const char *field, char text[static 200]);
/* Descriptors of the process that are sockets, or of any other kind ("pipe:", "anon_inode:"); its processor time. */
unsigned lbd_count_fds(const struct lbd_process *lbd, const char *kind);
unsigned lbd_count_sockets(const struct lbd_process *lbd);
int64_t lbd_cpu_ms(const struct lbd_process *lbd);

/* Calls `condition` until it is true; asserts that it becomes so within `limit_ms`. */
void wait_until(bool (*condition)(void *context), void *context, int limit_ms);

/* An address of 127.0.0.0/8 that this test run has for itself, with a port that was free a moment ago. */
struct endpoint free_endpoint(uint8_t host);
/* The same on ::1, where the port alone is its own. */
struct endpoint free_endpoint6(void);
/* Blocking sockets with a limit of 5 s on each call. */
int listen_on(const struct endpoint *endpoint, int backlog);
int connect_to(const struct endpoint *endpoint);
int connect_from(const struct endpoint *from, const struct endpoint *endpoint);
int accept_from(int listener);

#endif

/* SPDX-License-Identifier: MIT */
/* An lbd whose servers have names, the name server that it asks, and the servers that the names are of. */
#ifndef LBPAIR_TESTS_E2E_NAMED_H
#define LBPAIR_TESTS_E2E_NAMED_H

#include "tests/e2e/daemon.h"
#include "tests/e2e/name_server.h"

#define NAMED_BACKS 2

extern struct named {
	struct endpoint dns, front, checked_front;
	struct endpoint back[NAMED_BACKS]; /* of different addresses and one port */
	int servers[NAMED_BACKS];
	bool one_thread; /* connections go to the servers by turns; set before the start */
	struct name_server *names;
	struct lbd_process lbd;
} named;

/* For cmocka, around each test. */
int named_setup(void **state);
int named_teardown(void **state);

/* Services `web` of the pool `plain` and `sure` of the pool `checked`, whose servers `app` have a name each. */
void named_start(void);
/* With `more` servers in `plain`, by SIGHUP. */
void named_reload(const char *more);

struct name_record named_record(const char *name, size_t back, uint32_t ttl_s);
/* From now on the name server says that the name is that server's. */
void named_say(const char *name, size_t back, uint32_t ttl_s);

/* Until that field of the server's status begins with `text`, or the server has that address. */
void named_wait_for(const char *server, const char *field, const char *text);
void named_wait_for_back(const char *server, size_t back);
/* Until the name server has been asked so many times more. */
void wait_for_questions(const char *name, unsigned more);

/* A connection that reaches that server; it stays open. Returns the client's side. */
int named_reaches(const struct endpoint *front, size_t back, int *ret_server);
/* The same, and closes both sides. */
void named_reaches_and_closes(const struct endpoint *front, size_t back);
void named_is_refused(const struct endpoint *front);
/* Bytes go from the one to the other. */
void named_speaks(int from, int to);

#endif

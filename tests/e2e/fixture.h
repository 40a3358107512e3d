/* SPDX-License-Identifier: MIT */
/* One lbd with servers around it, for most of the end to end tests, and the words that these are written in. */
#ifndef LBPAIR_TESTS_E2E_FIXTURE_H
#define LBPAIR_TESTS_E2E_FIXTURE_H

#include "tests/e2e/daemon.h"
#include "tests/unit/unit.h"

#define SERVERS 3

/* The services. */
enum front {
	PLAIN,    /* to all three */
	PAIR,     /* to the first two */
	RETRYING, /* to nobody, mostly, and to the first */
	REFUSING, /* to nobody */
	HASTY,    /* short timeouts, to the first */
	CHECKED,  /* to two servers that are checked */
	EMPTY,    /* a pool without servers */
};

/* The tests' servers, and where the services listen. */
extern struct fixture {
	struct lbd_process lbd;
	struct endpoint front[7]; /* where the services listen */
	struct endpoint back[SERVERS];
	int servers[SERVERS];   /* listening */
	struct endpoint nobody; /* where nothing listens */
	/* The checks fill their queues; so these two stand for themselves. */
	struct endpoint checked;
	int checked_fd;
	struct endpoint spare;
	int spare_fd;
	unsigned sockets; /* of lbd, at rest */
} fixture;

/* For cmocka: around a group of tests; and after each test, that nothing of it is left in lbd. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
int fixture_rest(void **state);
/* For wait_until. */
bool fixture_is_at_rest(void *context);

/* The endpoint's text, until sixteen calls later. */
const char *at(const struct endpoint *endpoint);

void send_all(int fd, const char *text);
/* They assert that it is this what comes next. */
void expect_text(int fd, const char *text);
void expect_end(int fd);
void expect_reset(int fd);
bool is_readable(int fd, int timeout_ms);
/* Closes with a RST. */
void reset_close(int fd);
void set_blocking(int fd, bool blocking);
/* Waits for a connection to any of the servers and accepts it; which of them it was. */
size_t accept_any(int *ret_fd);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A name server for tests, in a thread: UDP, and TCP behind a truncated answer. What it says can be changed while it
 * runs.
 */
#ifndef LBPAIR_TESTS_E2E_NAME_SERVER_H
#define LBPAIR_TESTS_E2E_NAME_SERVER_H

#include "common/pure/addr.h"

enum name_mood {
	NAME_ANSWERS,
	NAME_SERVFAIL,
	NAME_REFUSED,
	NAME_SILENT,
	NAME_TRUNCATED, /* over UDP; whole over TCP */
	NAME_GARBAGE,   /* a datagram of nonsense */
	NAME_WRONG_ID,  /* as somebody else would who guesses */
	NAME_ENDLESS,   /* an alias of itself */
};

#define NAME_ADDRESSES_MAX 200

/* What it says about one name; others do not exist. */
struct name_record {
	const char *name;
	const char *alias_of; /* NULL: none; several in a row make a chain */
	struct ip addresses[NAME_ADDRESSES_MAX];
	size_t address_count;
	uint32_t ttl_s;
	enum name_mood mood;
};

struct name_server;

struct name_server *name_server_start(const struct endpoint *endpoint);
void name_server_stop(struct name_server *server);
/* A copy is kept; replaces what was said about that name. */
void name_server_say(struct name_server *server, const struct name_record *record);
/* The name does not exist any more. */
void name_server_forget(struct name_server *server, const char *name);
/* Questions that came about the name, of either type. */
unsigned name_server_questions(struct name_server *server, const char *name);

#endif

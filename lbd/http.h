/* SPDX-License-Identifier: MIT */
/*
 * A few pages over HTTP, to be read only, without TLS. What is said to clients happens in a thread of its own, which
 * stands back behind the others; what the answer is, the loop's thread says.
 */
#ifndef LBPAIR_LBD_HTTP_H
#define LBPAIR_LBD_HTTP_H

#include "common/pure/addr.h"
#include "common/pure/list.h"
#include "common/pure/text.h"
#include "common/system/loop.h"

#define HTTP_LISTEN_MAX 8

struct http_server;

/* A question that waits for its answer, which is due once. */
struct http_call {
	struct list link; /* for whoever is going to answer */
};

struct http_page {
	const char *path; /* NULL ends a table */
	/* In the loop's thread. */
	void (*fn)(struct http_call *call, void *context);
};

struct http_setup {
	struct loop *loop;
	const struct endpoint *listen; /* HTTP_LISTEN_MAX at most */
	size_t listen_count;
	const struct http_page *pages;
	void *context;
};

/* Serves until http_free. Negative errno, and a line for each mistake. */
MUST_USE int http_new(const struct http_setup *setup, struct http_server **ret_server, struct text *errors);
/* Whoever keeps calls has to have answered them. Accepts NULL. */
void http_free(struct http_server *server);
/* Tries whether the addresses can be listened on here. Negative errno, and a line for each mistake. */
MUST_USE int http_probe(const struct endpoint *listen, size_t count, struct text *errors);

/* `status` is HTTP's. */
void http_answer(struct http_call *call, unsigned status, const char *text);

/* An answer that is made while it is sent; these run in the server's thread. */
struct http_stream {
	const char *content_type;
	/* Adds about `size` bytes more. False: that was the end. */
	bool (*go_on)(void *context, size_t size, struct text *out);
	void (*free)(void *context);
	void *context;
};

void http_answer_stream(struct http_call *call, const struct http_stream *stream);

#endif

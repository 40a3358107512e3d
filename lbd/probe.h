/* SPDX-License-Identifier: MIT */
/* One check of one server under way: a row for each carrier, which does the I/O that check.h only judges. */
#ifndef LBPAIR_LBD_PROBE_H
#define LBPAIR_LBD_PROBE_H

#include "common/system/child.h"
#include "common/system/loop.h"
#include "common/system/tls_client.h"
#include "lbd/check.h"

/* What is checked. */
struct probe_target {
	const struct check_conf *conf;
	const char *pool;
	const char *name;
	struct endpoint server; /* where the check goes to */
	const char *path;       /* the same, a Unix socket; NULL: none */
	enum send_proxy send_proxy;
	struct tls_trust *trust; /* NULL: no TLS is wanted */
};

/* Called once; the probe may be freed in it. */
typedef void probe_fn(void *context, const struct check_result *result);

struct probe_setup {
	struct loop *loop;
	struct children *children; /* outlives the probe */
	const struct probe_target *target;
	probe_fn *fn;
	void *context;
};

/* Embedded in each carrier's own. */
struct probe {
	const struct probe_ops *ops;
	struct probe_setup setup;
};

struct probe_ops {
	unsigned at_once_max; /* so many on this host; 0: without limit */
	/* The callback does not come before it has returned. Negative errno. */
	int (*start)(const struct probe_setup *setup, struct probe **ret_probe);
	/* Ends what is under way. */
	void (*free)(struct probe *probe);
	/* The timeout has come: the result, if that is no failure. NULL: it is one. */
	void (*silence)(const struct probe *probe, struct check_result *result);
};

extern const struct probe_ops *const probe_table[CHECK_CARRIER_COUNT];

extern const struct probe_ops probe_stream;
extern const struct probe_ops probe_datagram;
extern const struct probe_ops probe_script;

/* Whether an error of starting says nothing about the server, but that this host is short of something. */
bool probe_is_exhaustion(int error);

#endif

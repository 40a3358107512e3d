/* SPDX-License-Identifier: MIT */
/* A forwarder by sockets, as it is opened for the process: one for each worker on each endpoint of its services. */
#ifndef LBPAIR_LBD_ENTRY_H
#define LBPAIR_LBD_ENTRY_H

#include "lbd/forward.h"

struct entry_listener {
	uint32_t service;
	struct ip address; /* the unspecified one: all of this host's */
	int *fds;          /* by worker; -1 where a worker has taken it */
};

struct forward_entry {
	struct entry_listener *listeners;
	size_t count;
	unsigned workers;
};

/* For the row's `open`: goes on after a mistake, so that all are told. */
MUST_USE int entry_open(const struct forward_ops *ops, const struct conf *conf, unsigned workers,
	struct forward_entry **ret_entry, struct text *errors);
/* Accepts NULL. */
void entry_close(struct forward_entry *entry);

#endif

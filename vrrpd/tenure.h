/* SPDX-License-Identifier: MIT */
/*
 * The time for which a vip's addresses are ours, from the claim to their removal: what is asked of the scribe's thread
 * for them, and what follows from its answers. One write at a time is out; what is wanted meanwhile is the next one.
 * Pure.
 */
#ifndef LBPAIR_VRRPD_TENURE_H
#define LBPAIR_VRRPD_TENURE_H

#include "vrrpd/backlog.h"
#include "vrrpd/lease.h"

/* What goes with a write. */
enum {
	TENURE_RAISE = 1 << 0,    /* the virtual MAC's interfaces are brought up first */
	TENURE_ANNOUNCE = 1 << 1, /* the addresses are announced when they are there */
};

struct tenure {
	struct lease lease;
	uint64_t number;  /* no two have the same one, of whatever vips */
	bool installed;   /* what can be installed of the addresses is, as far as we know */
	bool out;         /* a write is */
	unsigned with;    /* what goes with that */
	bool again;       /* another is wanted, */
	unsigned then;    /* and that goes with it */
	bool mended;      /* the interface was made anew, and nothing has been written since */
	unsigned leaving; /* removals that are out, of earlier tenures, too */
};

/* The addresses are ours from `lease` on. */
void tenure_begin(struct tenure *tenure, uint64_t number, const struct lease *lease);
/* They are to be written, and `with` goes with it. True: now, by tenure_next_kind, with tenure->with. */
MUST_USE bool tenure_want(struct tenure *tenure, unsigned with);
enum write_kind tenure_next_kind(const struct tenure *tenure);
/* The write could not be handed over. */
void tenure_unsent(struct tenure *tenure);
/* They are to go. */
void tenure_end(struct tenure *tenure);
/* They are gone, or it could not be done. */
void tenure_left(struct tenure *tenure);

/* How a write ended. */
struct tenure_written {
	uint64_t number;
	int result;      /* -ESTALE: the lease was not whole, and nothing of ours is left; -ECANCELED: it was dropped */
	int64_t boot_ns; /* CLOCK_BOOTTIME before it */
	int64_t lease_ns; /* how long the addresses have been written for */
};

/* What follows, to be done in this order. */
enum {
	TENURE_FENCED = 1 << 0, /* the vip is no longer ours; nothing else follows */
	TENURE_MEND =
		1 << 1, /* the interface is gone: where it is one of ours it is made anew, and that is a TENURE_WRITE */
	TENURE_RETRY = 1 << 2, /* soon */
	TENURE_TELL = 1 << 3,  /* announce */
	TENURE_WRITE = 1 << 4, /* ask for what is wanted by tenure_want(tenure, 0) */
};
unsigned tenure_written(struct tenure *tenure, const struct tenure_written *written);

#endif

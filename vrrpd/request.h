/* SPDX-License-Identifier: MIT */
/*
 * What the control thread asks of the thread of the adverts, with room for the answer in it: a request is made and
 * freed by the control thread, goes over to the other by a mailbox, is filled in there, and comes back by another.
 */
#ifndef LBPAIR_VRRPD_REQUEST_H
#define LBPAIR_VRRPD_REQUEST_H

#include "common/model/schema.h"
#include "vrrpd/view.h"

/* Outstanding ones; more than the clients can have under way, so that a mailbox is never full. */
#define REQUESTS_MAX 128
/* A report has a line for each vip. */
#define REQUEST_TEXT_MAX ((size_t)64 * 1024)

struct request {
	enum request_kind {
		REQUEST_VIEW,
		REQUEST_EVENTS,
		REQUEST_FAILOVER,
		REQUEST_MAINTENANCE,
		REQUEST_RELOAD,
	} kind;
	/* Called in the control thread when it is back. */
	void (*done)(struct request *request);
};

struct view_request {
	struct request request;
	struct view view;
	int error; /* of view_copy */
};

struct events_request {
	struct request request;
	struct recorder_page page; /* page.first says from where on */
};

struct errand;

/* Something to be done; answered when it has been, or not. */
struct order {
	struct request request;
	struct errand *errand;         /* the control thread's */
	char vip[SCHEMA_NAME_MAX + 1]; /* "": all */
	char to[SCHEMA_NAME_MAX + 1];  /* "": each to the other node */
	bool dry_run;
	bool on;

	bool refused;
	bool failed;                 /* REQUEST_RELOAD: the text says what is wrong with the configuration */
	char text[REQUEST_TEXT_MAX]; /* the reason, or what has been done */
};

#endif

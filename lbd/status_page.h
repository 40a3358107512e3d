/* SPDX-License-Identifier: MIT */
/*
 * lbd's half of `lbctl status --json`, as text. With ten thousand servers it takes longer than the control thread may
 * be away from its heartbeat, so it is written piece by piece.
 */
#ifndef LBPAIR_LBD_STATUS_PAGE_H
#define LBPAIR_LBD_STATUS_PAGE_H

#include "common/pure/text.h"
#include "lbd/status.h"

struct status_page;

/* Both are borrowed. -ENOMEM. */
MUST_USE int status_page_new(
	const struct director *director, const struct status_identity *identity, struct status_page **ret_page);
/* Accepts NULL. */
void status_page_free(struct status_page *page);

/* So many things more. 1: there are others; 0: it is whole. -EAGAIN: reloaded meanwhile, so that it is to be begun
 * anew. */
MUST_USE int status_page_go_on(struct status_page *page, unsigned most);
/* As far as it has come; failed: there was no memory for it. */
const struct text *status_page_text(const struct status_page *page);

#endif

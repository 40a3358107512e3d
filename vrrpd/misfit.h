/* SPDX-License-Identifier: MIT */
/*
 * Adverts of a vip's own virtual router that are refused because the two nodes are configured otherwise: what is kept
 * of the last of them, and in words for an operator what is to be mended. Pure.
 */
#ifndef LBPAIR_VRRPD_MISFIT_H
#define LBPAIR_VRRPD_MISFIT_H

#include "common/pure/mono.h"
#include "vrrpd/judge.h"

struct misfit {
	enum advert_discard verdict; /* ADVERT_TAKEN: since the last advert that was taken none was refused */
	struct mono at;
	struct ip source;
	uint8_t version;
	int64_t interval_ns;
	uint8_t auth; /* of version 2 */
	bool is_signed;
	uint8_t key_id;
	bool key_known;
	struct mono told_at[ADVERT_DISCARD_COUNT]; /* {0}: not told; a forger makes no more noise than that */
};

/*
 * Takes one down. True: it is to be told of; that is said once for each verdict until misfit_clear has come, a minute
 * or more after it. Verdicts that are nobody's configuration (replays, reflections) are passed over. `ring` may be
 * NULL.
 */
bool misfit_note(struct misfit *misfit, enum advert_discard verdict, const struct advert_received *received,
	const struct ip *source, const struct keyring *ring, struct mono now);
/* An advert was taken. */
void misfit_clear(struct misfit *misfit, struct mono now);
/* Whether adverts are being refused, and none is taken. */
bool misfit_is_current(const struct misfit *misfit, const struct vip_conf *conf, struct mono now);

/* What version 3 bears (RFC 9568 section 7.1): a list or an interval that is not this node's. */
struct misfit_difference {
	bool now; /* of the last advert that was taken */
	struct mono seen_at;
};
/* True: it is to be told of. Once, until it was not seen for a minute: of several senders only one may differ. */
MUST_USE bool misfit_differs(struct misfit_difference *difference, bool differs, struct mono now);

#define MISFIT_TEXT_MAX 192
/* "adverts of 192.0.2.12 are refused: they come every 2000 ms, …"; `buffer`, filled. */
const char *misfit_text(const struct misfit *misfit, const struct vip_conf *conf, char buffer[static MISFIT_TEXT_MAX]);

#endif

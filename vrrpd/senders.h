/* SPDX-License-Identifier: MIT */
/*
 * Whose signed adverts a vip hears: a replay record for each sender, and what the state port has proven of the peer's
 * clock for those that are heard later. Pure.
 */
#ifndef LBPAIR_VRRPD_SENDERS_H
#define LBPAIR_VRRPD_SENDERS_H

#include "common/pure/addr.h"
#include "vrrpd/replay.h"

#define SENDERS_MAX 4

struct sender {
	struct ip source; /* family 0: the place is free */
	struct replay replay;
	struct mono heard_at;
	int64_t offset_ns;        /* of its clock to ours, by its last authentic advert */
	enum replay_verdict last; /* on that advert */
};

struct senders {
	uint64_t kept_sequence; /* the highest that an earlier run accepted of the peer; 0: none */
	struct sender list[SENDERS_MAX];
	/* What the peer's last fresh datagram proved of its clock; {0}: there was none yet. */
	uint64_t peer_session;
	struct mono proven_at;
	uint64_t proven_sequence;
	int64_t proven_real_ns;
};

/* One advert that is authentic. */
struct senders_advert {
	struct ip source;
	uint64_t sequence;
	int64_t interval_ns;
	struct mono at;  /* when it came */
	int64_t real_ns; /* our time of day then */
};

/* Whether it is to be taken. `ret_sender` is its sender's record, with the verdict; `ret_news`: another than before. */
MUST_USE bool senders_check(
	struct senders *senders, const struct senders_advert *advert, const struct sender **ret_sender, bool *ret_news);
/* Whether the sender's last advert was new as far as is known, but outside the window: it may yet prove fresh. */
bool senders_last_is_stale(const struct senders *senders, const struct ip *source);
/* A fresh datagram of the peer: of that session, the last sequence that it had signed, and its time of day. */
void senders_prove(struct senders *senders, uint64_t session, uint64_t sequence, int64_t peer_real_ns, struct mono now);
/* The highest sequence that was accepted or proven; 0: none. */
uint64_t senders_highest(const struct senders *senders);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Whether a node still reaches its LAN (DESIGN section 5.4): what a heartbeat says of it, and when an active node gives
 * up. Pure; lanwatch.c listens and asks.
 *
 * Whoever is heard on the LAN, the pair's own addresses apart, is remembered as a host that can be asked; gateways are
 * asked in any case. Nobody is asked as long as adverts arrive. When they do not, the backup asks the hosts that it
 * knows, and tells the active node which of them answers; the active node asks its own, and that one. So a switch port
 * that is dead, its carrier up, is told from adverts that are lost on the way:
 *
 *  - heard: somebody spoke within three intervals. The adverts are lost, and the vip stays where it is.
 *  - silent: those asked were asked three times, and nobody spoke. The backup need not wait for this node.
 *  - dead: what answers the peer has not answered here three times in a row, nor has anybody else; where it is a
 *    gateway, nor has another gateway. An active node gives up.
 *  - mute: those asked were asked three times, and nobody answered. Who has given up for the silence stays away for as
 *    long, since a word to others shows only that frames come in.
 *  - otherwise neither node can tell.
 *
 * A LAN that has come apart into two halves, each with hosts of its own, is dead for nobody: each node would find that
 * what answers the other does not answer here, and the vip would go to and fro. The half with a gateway is the better
 * one.
 */
#ifndef LBPAIR_VRRPD_LAN_H
#define LBPAIR_VRRPD_LAN_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"

#define LAN_HOSTS 6
#define LAN_GATEWAYS 6
#define LAN_PROBES 3
/* Whom a round asks at most. */
#define LAN_ASKED_MAX (LAN_HOSTS + LAN_GATEWAYS + 1)

struct lan_host {
	struct ip ip; /* family 0: a free place */
	struct mono heard_at;
	struct mono answered_at; /* a question of ours; {0}: none yet */
};

struct lan {
	struct lan_host hosts[LAN_HOSTS];
	struct ip gateways[LAN_GATEWAYS];
	size_t gateway_count;
	struct mono heard_at; /* anybody; {0}: nobody yet */
	unsigned rounds;      /* of questions, since they began */
	struct ip target;     /* answers the peer; family 0: none is known */
	/* Since the target is asked: of it, of any gateway, of anybody. */
	struct lan_silence {
		bool answered;   /* in this round */
		unsigned missed; /* rounds in a row without an answer */
	} from_target, from_gateways, from_all;
	bool dead; /* from then on until one answers whose answer would have prevented it */
};

/* A frame of `ip`, which is none of the pair's; `answer`: to a question of ours. */
void lan_hear(struct lan *lan, const struct ip *ip, bool answer, struct mono now);
/* It is one of the pair's after all. */
void lan_forget(struct lan *lan, const struct ip *ip);
/*
 * Who is asked before he was ever heard, LAN_GATEWAYS at most. That such a one does not answer says nothing: it may be
 * down, or not be there.
 */
void lan_set_gateways(struct lan *lan, const struct ip *ips, size_t count);
/* What the peer says that answers it; NULL: nothing. */
void lan_set_target(struct lan *lan, const struct ip *target);
/*
 * A round of questions begins: writes the addresses to be asked and returns how many; none may be known. Rounds come
 * an interval apart, and lan_rest ends them.
 */
size_t lan_ask(struct lan *lan, struct ip ret_ips[static LAN_ASKED_MAX]);
void lan_rest(struct lan *lan);

bool lan_is_heard(const struct lan *lan, int64_t interval_ns, struct mono now);
bool lan_is_silent(const struct lan *lan, int64_t interval_ns, struct mono now);
/* Those asked were asked three times, and nobody answered, whatever was heard: nothing that we send arrives. */
bool lan_is_mute(const struct lan *lan, int64_t interval_ns, struct mono now);
bool lan_is_dead(const struct lan *lan);
/* Somebody has answered a question since then. */
bool lan_was_answered(const struct lan *lan, struct mono since);
/* A host that answered one of the last two questions, a gateway rather than another; false: none did. */
bool lan_answering(const struct lan *lan, int64_t interval_ns, struct mono now, struct ip *ret_ip);

#endif

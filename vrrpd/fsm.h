/* SPDX-License-Identifier: MIT */
/*
 * The VRRP state machine of one vip: RFC 9568 section 6.4 and the rules that DESIGN section 5 adds. Pure: it is told
 * events and the time, and says what is to be done; vip.c does it.
 *
 * Beyond the RFC:
 * - a claim made because adverts fell silent is held back while the peer says over the state port that it is active
 *   (5.4); one after priority 0, a resignation or a consent never is;
 * - a preemption wants this node ready (5.6); a vip that nobody holds is claimed once the forwarder is bound;
 * - a node that gave a vip away as planned yields to the new owner until that fails, resigns or is sick (5.6);
 * - a node that lost its addresses to its guardian or to the lease goes to Backup for a full Active_Down_Interval
 * (5.1);
 * - both families of a vip are one state: an advert of either restarts the one timer, and so a claim is due when both
 * are silent; at equal priority the IPv4 source alone breaks the tie (5.4);
 * - a node that overslept gives up to whoever claimed meanwhile, whatever the priorities (5.3);
 * - a backup whose sockets lost adverts while its timer ran gives it one more run: what was lost may have been the
 * active node's, and a flood that goes on puts a claim off but once.
 */
#ifndef LBPAIR_VRRPD_FSM_H
#define LBPAIR_VRRPD_FSM_H

#include "vrrpd/fsm_types.h"

/* "initialize", "backup", … as `status` prints them. */
const char *vrrp_state_name(enum vrrp_state state);
void vrrp_init(struct vrrp_fsm *fsm, const struct vrrp_conf *conf, bool yielding);
void vrrp_step(struct vrrp_fsm *fsm, const struct vrrp_event *event, struct mono now, struct vrrp_actions *out);
/*
 * Another configuration, but for the version: the state stays, and what is known with it. What an active node says from
 * now on is due at once; where it says it less often, so are a few adverts more at the former pace, since a backup goes
 * by the former interval until it has heard one of them.
 */
void vrrp_change(struct vrrp_fsm *fsm, const struct vrrp_conf *conf, struct mono now);
/* When VRRP_EVENT_TICK is due; MONO_NEVER: nothing is waited for. */
struct mono vrrp_deadline(const struct vrrp_fsm *fsm);
/* Whether a rival is heard while this node is active. */
bool vrrp_in_conflict(const struct vrrp_fsm *fsm);
/* Whether an active node sent no advert for so long that a backup may have claimed (5.3). */
bool vrrp_has_overslept(const struct vrrp_fsm *fsm, struct mono now);
/* Whether nothing is claimed at present, whoever is gone: it resigned lately, or start-delay runs. */
bool vrrp_holds_back(const struct vrrp_fsm *fsm, struct mono now);
/* Whether it is a backup that has not heard an advert for two intervals: the active node may have lost its LAN. */
bool vrrp_hears_late(const struct vrrp_fsm *fsm, struct mono now);
/*
 * Whether this node is a backup that hears no adverts, be it for a while or as yet; or has given up its LAN, so that
 * whoever is active goes on looking whether the LAN is any better there.
 */
bool vrrp_misses_adverts(const struct vrrp_fsm *fsm);
/*
 * Whether an active node goes on asking on a LAN on which nobody answers it, though no backup reports missed adverts
 * any longer: the peer is active as well, and goes by its word of the silence.
 */
bool vrrp_doubts_lan(const struct vrrp_fsm *fsm, bool mute);
/* Whether the hosts of the vip's LAN are to be asked; `mute`: none of them answers. */
bool vrrp_asks_lan(const struct vrrp_fsm *fsm, bool mute, struct mono now);
/* What was given away as planned may be preempted again as configured. */
void vrrp_end_yield(struct vrrp_fsm *fsm);
/* Whether the peer has it, and our addresses are about to go. */
bool vrrp_is_leaving(const struct vrrp_fsm *fsm);
/*
 * Whether another host's claim of the addresses is a rival's, which this node answers: it is active, and has not
 * offered the vip to the peer.
 */
bool vrrp_minds_rivals(const struct vrrp_fsm *fsm);
/* Why this node would not take the vip over as planned now. */
enum vrrp_refusal {
	VRRP_REFUSAL_NONE, /* it would */
	VRRP_REFUSAL_STARTING,
	VRRP_REFUSAL_MAINTENANCE,
	VRRP_REFUSAL_LAN_DEAD,
	VRRP_REFUSAL_GROUP_FAULT,
	VRRP_REFUSAL_INTERFACE,
	VRRP_REFUSAL_TRACK,
	VRRP_REFUSAL_UNBOUND, /* lbd */
	VRRP_REFUSAL_UNREADY, /* not all servers are checked, or a service is down that the peer has up */
	VRRP_REFUSAL_GROUP_UNREADY,
	VRRP_REFUSAL_COUNT,
};
enum vrrp_refusal vrrp_refusal(const struct vrrp_fsm *fsm);
/* The same for the other node's operator: "its LAN is dead"; NULL: it would take it. */
const char *vrrp_refuse_take(const struct vrrp_fsm *fsm);

#endif

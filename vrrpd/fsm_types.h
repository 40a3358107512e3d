/* SPDX-License-Identifier: MIT */
/* What the state machine of fsm.h is told, what it says, and what it remembers. */
#ifndef LBPAIR_VRRPD_FSM_TYPES_H
#define LBPAIR_VRRPD_FSM_TYPES_H

#include "common/pure/addr.h"
#include "common/pure/mono.h"

enum vrrp_state {
	VRRP_INITIALIZE,
	VRRP_BACKUP,
	VRRP_ACTIVE,
	VRRP_FAULT,
	VRRP_STATE_COUNT,
};

#define VRRP_PRIORITY_OWNER 255
#define VRRP_PRIORITY_RESIGN 0
/* The effective priority of a node whose forwarder is in the worst health (DESIGN section 5.5). */
#define VRRP_PRIORITY_SICK 1

/* How long a vip that nobody holds waits for the forwarder to bind before it is claimed regardless (5.6). */
#define VRRP_UNBOUND_CLAIM_NS (10 * NS_PER_S)

struct vrrp_conf {
	uint8_t version;  /* 2 or 3 */
	uint8_t priority; /* configured */
	int64_t interval_ns;
	bool preempt;
	int64_t preempt_delay_ns;
	int64_t start_delay_ns; /* after the start nothing is claimed for so long */
};

/* What the node knows; the whole of it comes with VRRP_EVENT_FACTS whenever some of it changes. */
struct vrrp_facts {
	bool link_ok;                /* the interface is there, up, has carrier and an address to send from */
	bool link_carries;           /* it has all of that but the address: adverts can go out still */
	struct ip source;            /* that address: it breaks ties; the IPv4 one where the vip has both */
	uint8_t priority;            /* effective */
	bool bound;                  /* the forwarder's listeners are bound (true where none is wanted) */
	bool ready;                  /* and each server has been checked, and no service is down that the peer has up */
	struct mono hold_back_until; /* after a resignation; {0}: none */
	bool peer_holds;             /* the peer says that it is active and has carrier */
	bool peer_active;            /* it says so, wherever */
	bool peer_on_lan;            /* and says it over the vip's own LAN */
	bool peer_sicker;            /* the peer's forwarder is known to be in strictly worse health than ours */
	bool peer_well;              /* or known to be alive: its priority is then the configured one, be it 1 */
	bool tracked_fault;          /* something tracked has failed that the vip cannot do without */
	bool tracked_unsure;         /* something tracked has no verdict, or is about to fail: no time to preempt */
	int64_t weigh_ns;            /* for so long a weaker node is watched before it is preempted */
	bool peer_penalised;         /* what it tracks costs the peer more priority than it costs us */
	bool self_penalised;         /* and the other way round */
	bool maintenance;            /* this node is to hold no vip */
	bool group_fault;            /* another vip of its group cannot be held here */
	bool group_unready;          /* another one is not ready here, and a group moves as one */
	bool group_elsewhere;        /* one that comes before it by name is active on the peer, and not here */
	bool lan_dead;               /* what answers the peer on the vip's LAN does not answer this node */
};

enum vrrp_event_kind {
	VRRP_EVENT_START,
	VRRP_EVENT_STOP,
	VRRP_EVENT_FACTS,
	VRRP_EVENT_TICK,      /* the deadline was reached */
	VRRP_EVENT_ADVERT,    /* one that is authentic, fresh and for this vip */
	VRRP_EVENT_STALE,     /* an authentic advert for this vip that cannot be told from an old one (yet) */
	VRRP_EVENT_PEER_GONE, /* the peer said over the state port that it no longer holds the vip: as priority 0 */
	VRRP_EVENT_PEER_BACK, /* the peer is heard again, on the state port or by its word that it hears our adverts:
				 before that it may have claimed, and the LAN may have gone without us */
	VRRP_EVENT_RESIGN,    /* give the vip away and hold back */
	VRRP_EVENT_PARTED,    /* another vip of its group is active on the other node: give this one away, too */
	VRRP_EVENT_FENCED,    /* the addresses were taken away, or the lease has lapsed */
	VRRP_EVENT_OVERSLEPT, /* the process slept past the peers' down interval */
	VRRP_EVENT_TAKE,      /* the active node offered the vip and we consented */
	VRRP_EVENT_OFFERED,   /* we, active, offered the vip to the peer: adverts of its claim are expected */
	VRRP_EVENT_TAKEN,     /* the peer confirmed that it has the vip */
	VRRP_EVENT_OFFER_FAILED,
};

struct vrrp_event {
	enum vrrp_event_kind kind;
	struct vrrp_facts facts; /* VRRP_EVENT_FACTS */
	/* VRRP_EVENT_ADVERT */
	struct ip source;
	uint8_t priority;
	int64_t interval_ns;
	/* VRRP_EVENT_TICK: when adverts were last lost on their way to this process; {0}: never. */
	struct mono lost_at;
	/* VRRP_EVENT_OVERSLEPT: nobody who could have claimed can be asked. */
	bool blind;
};

enum {
	VRRP_DO_INSTALL = 1 << 0,  /* the addresses; nobody waits for it */
	VRRP_DO_REMOVE = 1 << 1,   /* the addresses; before any advert says that we resign */
	VRRP_DO_ADVERT = 1 << 2,   /* at advert_priority */
	VRRP_DO_ANNOUNCE = 1 << 3, /* gratuitous ARP, a whole burst */
	VRRP_DO_RELEASE =
		1 << 4, /* lbd ends the vip's connections; the addresses go a moment later, with a step of their own */
	VRRP_DO_KEEP = 1 << 5, /* what outlives a restart has changed, though the state has not */
};

struct vrrp_actions {
	unsigned todo; /* to be done in the order of the bits, the addresses when no advert is due */
	uint8_t advert_priority;
	bool moved; /* the state changed, from `from`; fsm->state has the new one and fsm->reason says why */
	enum vrrp_state from;
};

struct vrrp_fsm {
	struct vrrp_conf conf;
	struct vrrp_facts facts;
	enum vrrp_state state;
	const char *reason;       /* of the last change of state, or why a claim is held back now; a literal */
	const char *moved_reason; /* of the last change of state in any case */
	struct mono started_at;

	/* Backup */
	struct mono down_at;        /* Active_Down_Timer */
	struct mono silent_at;      /* when the timer first expired in the present silence; {0}: it has not */
	int64_t active_interval_ns; /* Active_Adver_Interval, learned */
	uint8_t active_priority;    /* of the last accepted or passed-over advert; 0: nobody heard */
	bool loss_awaited;          /* the timer was started anew once, since adverts were lost while it ran */
	bool resigned_heard;        /* priority 0 or PEER_GONE: a claim needs no more consent */
	struct mono heard_at;       /* the last advert but priority 0; {0}: none was heard in this state */
	struct mono weaker_since;   /* since when only adverts that we could preempt are heard; {0}: not so */
	bool yielding;              /* gave the vip away as planned; kept across restarts by vip.c */

	/* Active */
	struct mono advert_at;     /* Adver_Timer */
	struct mono rival_until;   /* a rival was heard: when it counts as gone; {0}: none */
	struct mono offered_until; /* we offered the vip; {0}: not */
	struct mono leave_at;      /* the peer has it: when our addresses go; {0}: not */
	bool wanted_back;          /* and it is to come back as configured */
	struct mono parted_at;     /* its group has been parted until then: it follows; {0}: it is not parted */
	struct mono grace_until;   /* we took the vip by consent: the former owner's adverts do not count until then */
	bool overslept;
	unsigned hurried; /* so many adverts more at `hurry_ns`, a former interval */
	int64_t hurry_ns;
};

#endif

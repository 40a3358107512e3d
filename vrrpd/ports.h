/* SPDX-License-Identifier: MIT */
/*
 * The interfaces that vips are on, and which vip it is that a packet concerns: by its interface and VRID, by an
 * address, and by its name. Made for a configuration, so that finding does not take longer where there are many vips.
 * No I/O.
 */
#ifndef LBPAIR_VRRPD_PORTS_H
#define LBPAIR_VRRPD_PORTS_H

#include "common/model/conf.h"
#include "vrrpd/advert.h"
#include "vrrpd/family.h"

struct vip;
struct ports;

struct port {
	const char *interface;                    /* the configuration's */
	int ifindex;                              /* 0: there is none of that name */
	bool wants[FAMILY_COUNT];                 /* some vip on it has addresses of the family */
	bool joined[FAMILY_COUNT];                /* the group of the adverts is received there */
	uint64_t discarded[ADVERT_DISCARD_COUNT]; /* packets that belong to no vip: they count for each on it */
};

/* For all vips of that configuration, which outlives it. -ENOMEM. */
MUST_USE int ports_new(const struct conf *conf, struct ports **ret_ports);
/* Accepts NULL. */
void ports_free(struct ports *ports);
/*
 * Those are the vips, in the order of the configuration: each is given its port. What is known of the ports that they
 * had goes on; whoever had none counts what its port discards from now on.
 */
void ports_settle(struct ports *ports, struct vip *const *vips);

/* Where the interface is now. */
void ports_move(struct ports *ports, struct port *port, int ifindex);
/* The family's group is received nowhere any more. */
void ports_forget_group(struct ports *ports, enum family family);
/* NULL: no vip is on that interface. */
struct port *ports_find(const struct ports *ports, int ifindex);
/* NULL: no vip on the port has that VRID. */
struct vip *ports_find_vip(const struct ports *ports, const struct port *port, uint8_t vrid);
/* The first vip that has the address, on whatever port, and with it as `before` the next one; NULL: there is none. */
struct vip *ports_find_address(const struct ports *ports, const struct ip *ip, const struct vip *before);
/* NULL: there is none of that name. */
struct vip *ports_find_name(const struct ports *ports, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
#include "vrrpd/ports.h"

#include "common/pure/hash.h"
#include "vrrpd/vip.h"

#include <errno.h>
#include <string.h>

#define VRIDS 256

struct place {
	struct port port;
	uint16_t vips[VRIDS]; /* by their VRID: the vip's number + 1; 0: none */
};

struct address {
	struct ip ip;
	uint16_t vip;
};

struct name {
	const char *name; /* the configuration's */
	uint16_t vip;
};

struct ports {
	struct place *places;
	size_t count;
	uint16_t *slots;           /* by the hash of the ifindex: the place's number + 1; 0: none */
	size_t slot_count;         /* a power of two, and over half of them are free */
	struct address *addresses; /* in order */
	size_t address_count;
	struct name *names;  /* in order, one for each vip */
	uint16_t *places_of; /* of each vip */
	struct vip **vips;
	size_t vip_count;
};
static_assert(CONF_VIPS_MAX < UINT16_MAX, "a vip's number does not fit");

static uint16_t place_named(struct ports *ports, const char *interface)
{
	size_t i = 0;

	while (i < ports->count && strcmp(ports->places[i].port.interface, interface) != 0)
		i++;
	if (i == ports->count)
		ports->places[ports->count++].port.interface = interface;
	return (uint16_t)i;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct address *first = a, *second = b;
	int order = ip_compare(&first->ip, &second->ip);

	return order != 0 ? order : (int)first->vip - (int)second->vip;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *first = a, *second = b;

	return strcmp(first->name, second->name);
}

static void add_vip(struct ports *ports, uint16_t number, const struct vip_conf *conf)
{
	uint16_t at = place_named(ports, conf->interface);
	struct place *place = &ports->places[at];

	ports->places_of[number] = at;
	ports->names[number] = (struct name){conf->name, number};
	place->vips[conf->vrid] = (uint16_t)(number + 1);
	place->port.wants[FAMILY_IPV4] |= conf->has_ipv4;
	place->port.wants[FAMILY_IPV6] |= conf->has_ipv6;
	for (size_t i = 0; i < conf->address_count; i++)
		ports->addresses[ports->address_count++] = (struct address){conf->addresses[i].ip, number};
}

static int allocate(struct ports *ports, const struct conf *conf)
{
	size_t vips = MAX(conf->vip_count, (size_t)1), addresses = 1;

	for (size_t i = 0; i < conf->vip_count; i++)
		addresses += conf->vips[i].address_count;
	ports->slot_count = 4;
	while (ports->slot_count < 2 * vips)
		ports->slot_count *= 2;
	ports->places = calloc(vips, sizeof *ports->places);
	ports->slots = calloc(ports->slot_count, sizeof *ports->slots);
	ports->addresses = calloc(addresses, sizeof *ports->addresses);
	ports->names = calloc(vips, sizeof *ports->names);
	ports->places_of = calloc(vips, sizeof *ports->places_of);
	ports->vips = calloc(vips, sizeof(struct vip *));
	return ports->places != NULL && ports->slots != NULL && ports->addresses != NULL && ports->names != NULL &&
			       ports->places_of != NULL && ports->vips != NULL
		       ? 0
		       : -ENOMEM;
}

int ports_new(const struct conf *conf, struct ports **ret_ports)
{
	struct ports *ports = calloc(1, sizeof *ports);

	if (ports == NULL || allocate(ports, conf) < 0) {
		ports_free(ports);
		return -ENOMEM;
	}
	ports->vip_count = conf->vip_count;
	for (uint16_t i = 0; i < conf->vip_count; i++)
		add_vip(ports, i, &conf->vips[i]);
	qsort(ports->addresses, ports->address_count, sizeof *ports->addresses, compare_addresses);
	qsort(ports->names, ports->vip_count, sizeof *ports->names, compare_names);
	*ret_ports = ports;
	return 0;
}

void ports_free(struct ports *ports)
{
	if (ports == NULL)
		return;
	free(ports->places);
	free(ports->slots);
	free(ports->addresses);
	free(ports->names);
	free(ports->places_of);
	free(ports->vips);
	free(ports);
}

/* By the interface's index. */

static size_t slot_of(const struct ports *ports, int ifindex)
{
	size_t slot = hash_mix((uint64_t)ifindex) & (ports->slot_count - 1);

	while (ports->slots[slot] != 0 && ports->places[ports->slots[slot] - 1].port.ifindex != ifindex)
		slot = (slot + 1) & (ports->slot_count - 1);
	return slot;
}

static void fill_slots(struct ports *ports)
{
	memset(ports->slots, 0, ports->slot_count * sizeof *ports->slots);
	for (size_t i = 0; i < ports->count; i++) {
		if (ports->places[i].port.ifindex != 0)
			ports->slots[slot_of(ports, ports->places[i].port.ifindex)] = (uint16_t)(i + 1);
	}
}

void ports_move(struct ports *ports, struct port *port, int ifindex)
{
	if (port->ifindex == ifindex)
		return;
	port->ifindex = ifindex;
	memset(port->joined, 0, sizeof port->joined);
	fill_slots(ports);
}

void ports_forget_group(struct ports *ports, enum family family)
{
	for (size_t i = 0; i < ports->count; i++)
		ports->places[i].port.joined[family] = false;
}

struct port *ports_find(const struct ports *ports, int ifindex)
{
	uint16_t place = ports->slots[slot_of(ports, ifindex)];

	return place != 0 ? &ports->places[place - 1].port : NULL;
}

/* Vips. */

static void take_over(struct port *port, const struct port *former)
{
	port->ifindex = former->ifindex;
	memcpy(port->joined, former->joined, sizeof port->joined);
	memcpy(port->discarded, former->discarded, sizeof port->discarded);
}

void ports_settle(struct ports *ports, struct vip *const *vips)
{
	for (size_t i = 0; i < ports->vip_count; i++) {
		ports->vips[i] = vips[i];
		if (vips[i]->port != NULL)
			take_over(&ports->places[ports->places_of[i]].port, vips[i]->port);
	}
	for (size_t i = 0; i < ports->vip_count; i++) {
		struct port *port = &ports->places[ports->places_of[i]].port;

		/* Modulo 2^64: with what the port counts it comes to 0. */
		for (size_t k = 0; vips[i]->port == NULL && k < ADVERT_DISCARD_COUNT; k++)
			vips[i]->counters.discarded[k] -= port->discarded[k];
		vips[i]->port = port;
	}
	fill_slots(ports);
}

struct vip *ports_find_vip(const struct ports *ports, const struct port *port, uint8_t vrid)
{
	uint16_t number = ports->places[CONTAINER_OF(port, struct place, port) - ports->places].vips[vrid];

	return number != 0 ? ports->vips[number - 1] : NULL;
}

/* Where the first one stands, or would. */
static size_t first_address(const struct ports *ports, const struct ip *ip)
{
	size_t low = 0, high = ports->address_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ip_compare(&ports->addresses[middle].ip, ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vip *ports_find_address(const struct ports *ports, const struct ip *ip, const struct vip *before)
{
	bool is_next = before == NULL;

	for (size_t i = first_address(ports, ip); i < ports->address_count && ip_equal(&ports->addresses[i].ip, ip);
		i++) {
		struct vip *vip = ports->vips[ports->addresses[i].vip];

		if (is_next)
			return vip;
		is_next = vip == before;
	}
	return NULL;
}

struct vip *ports_find_name(const struct ports *ports, const char *name)
{
	const struct name wanted = {.name = name};
	const struct name *found =
		bsearch(&wanted, ports->names, ports->vip_count, sizeof *ports->names, compare_names);

	return found != NULL ? ports->vips[found->vip] : NULL;
}

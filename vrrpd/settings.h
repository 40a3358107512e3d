/* SPDX-License-Identifier: MIT */
/*
 * Settings of interfaces that are not ours (net.ipv4.conf.NAME), which a virtual MAC above them wants to be stricter
 * for its time. What was there is recorded in the run dir first, and put back when the last virtual MAC above it has
 * gone, or at the end; after a crash the next start does that. What somebody else has changed meanwhile is left as it
 * is.
 */
#ifndef LBPAIR_VRRPD_SETTINGS_H
#define LBPAIR_VRRPD_SETTINGS_H

#include "common/pure/base.h"

enum settings_name {
	SETTINGS_ARP_IGNORE,
	SETTINGS_ARP_ANNOUNCE,
	SETTINGS_COUNT,
};
/* "arp_ignore" */
const char *settings_text(enum settings_name name);

struct settings_entry {
	int ifindex;
	enum settings_name name;
	int before;
	int ours;
};
/* A line of the record, as text without its end, and back. No I/O. */
#define SETTINGS_LINE_MAX 96
const char *settings_line(const struct settings_entry *entry, char buffer[static SETTINGS_LINE_MAX]);
MUST_USE bool settings_parse(const char *line, struct settings_entry *ret_entry);

struct settings;

/* Puts back what an earlier run has left. -ENOMEM. */
MUST_USE int settings_open(const char *run_dir, struct settings **ret_settings);
/* Puts everything back. Accepts NULL. */
void settings_close(struct settings *settings);

/* Nothing is done where the setting is as strict already. -ENODEV; errors of the files. */
MUST_USE int settings_raise(struct settings *settings, int ifindex, enum settings_name name, int value);
/* Puts those of one interface back. */
void settings_release(struct settings *settings, int ifindex);

#endif

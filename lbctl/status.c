/* SPDX-License-Identifier: MIT */
#include "lbctl/status.h"

#include <string.h>

/* What both daemons say of themselves, and should say alike. */
static const char *const common_fields[] = {"node", "version", "config_hash"};

/* A new reference to a field of it; null where it is missing. */
static json_t *field(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value != NULL ? json_incref(value) : json_null();
}

static json_t *either(const json_t *first, const json_t *second, const char *key)
{
	return field(json_object_get(first, key) != NULL ? first : second, key);
}

static json_t *describe(const json_t *daemon)
{
	json_t *description;

	if (!json_is_object(daemon))
		return json_null();
	description = json_object();
	for (size_t i = 0; i < ARRAY_LEN(common_fields); i++)
		(void)json_object_set_new(description, common_fields[i], field(daemon, common_fields[i]));
	return description;
}

static json_t *mismatches(const json_t *lbd, const json_t *vrrpd)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(common_fields); i++) {
		const json_t *ours = json_object_get(lbd, common_fields[i]);
		const json_t *theirs = json_object_get(vrrpd, common_fields[i]);

		if (ours != NULL && theirs != NULL && !json_equal(ours, theirs))
			(void)json_array_append_new(list, json_string(common_fields[i]));
	}
	return list;
}

/* vrrpd's word on the peer; the state link is lbd's, which has none yet. */
static json_t *peer_of(const json_t *vrrpd)
{
	json_t *theirs = json_object_get(vrrpd, "peer");
	json_t *peer;

	if (!json_is_object(theirs))
		return json_null();
	peer = json_pack("{so ss so so si}", "node", field(theirs, "node"), "link", "down", "config_hash",
		field(theirs, "config_hash"), "drift", field(theirs, "drift"), "generation", 0);
	if (json_object_update_missing(peer, theirs) < 0) {
		json_decref(peer);
		return NULL;
	}
	return peer;
}

static json_t *generation_of(const json_t *lbd)
{
	json_t *generation = json_object_get(lbd, "generation");

	return generation != NULL ? json_incref(generation) : json_integer(0);
}

json_t *status_merge(const json_t *lbd, const json_t *vrrpd)
{
	/* The peer's drift is measured against vrrpd's configuration. */
	json_t *config_hash = either(vrrpd, lbd, "config_hash");
	const json_t *vrrpd_pids = json_object_get(vrrpd, "pids");

	return json_pack("{so so so so so so so so so s{so so so} s{so so} so}", "node", either(lbd, vrrpd, "node"),
		"version", either(lbd, vrrpd, "version"), "config_hash", config_hash, "generation", generation_of(lbd),
		"maintenance", field(vrrpd, "maintenance"), "peer", peer_of(vrrpd), "vips", field(vrrpd, "vips"),
		"services", field(lbd, "services"), "pools", field(lbd, "pools"), "pids", "lbd", field(lbd, "pid"),
		"vrrpd", field(vrrpd_pids, "vrrpd"), "guardian", field(vrrpd_pids, "guardian"), "daemons", "lbd",
		describe(lbd), "vrrpd", describe(vrrpd), "mismatch", mismatches(lbd, vrrpd));
}

/* SPDX-License-Identifier: MIT */
#include "lbd/admission.h"

int admission_init(struct admission *admission, struct sources *sources)
{
	*admission = (struct admission){.sources = sources};
	return sources_hash_new(sources, &admission->hash);
}

void admission_free(struct admission *admission)
{
	crypto_hash_free(admission->hash);
}

static bool is_shared(const struct snapshot_service *service)
{
	return service->per_source.connections > 0 || service->per_source.rate > 0;
}

void admission_count_late(const struct admission *admission, const struct snapshot *snapshot, uint32_t service,
	const struct ip *from, struct mono now, sources_key *key)
{
	const struct per_source_conf any = {0};

	if (*key != SOURCES_NONE || !is_shared(&snapshot->services[service]))
		return;
	if (!sources_enter(admission->sources, sources_key_of(admission->hash, service, from), &any, now, key))
		assert(false);
}

enum end_cause admission_ask(const struct admission *admission, const struct snapshot *snapshot, uint32_t service,
	const struct ip *from, struct mono now, sources_key *ret_key)
{
	const struct snapshot_service *at = &snapshot->services[service];
	sources_key key;

	*ret_key = SOURCES_NONE;
	if (!access_allows(at->access, from))
		return END_DENIED;
	if (!is_shared(at))
		return END_OPEN;
	key = sources_key_of(admission->hash, service, from);
	return sources_enter(admission->sources, key, &at->per_source, now, ret_key) ? END_OPEN : END_SOURCE_LIMIT;
}

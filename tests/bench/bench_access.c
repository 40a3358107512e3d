/* SPDX-License-Identifier: MIT */
/*
 * Lists of prefixes: how long the set of addresses takes to build, how much memory it has, and a look-up of addresses
 * that are all different and so find little in the processor's caches. The prefixes' lengths are those of a full table
 * of routes: half of them /24, the others shorter, and /48, /32 and /64 for IPv6.
 * Then what a connection to a service with per-source costs more.
 */
#include "common/pure/access.h"
#include "common/pure/hash.h"
#include "common/system/clock.h"
#include "lbd/sources.h"

#include <stdio.h>

#define LOOKUPS 4000000U

static struct mono clock_cpu(void)
{
	return (struct mono){clock_read_ns(CLOCK_THREAD_CPUTIME_ID)};
}

static struct ip random_ip(uint64_t *random, bool v6)
{
	struct ip ip = {.family = v6 ? AF_INET6 : AF_INET};

	for (size_t i = 0; i < ip_size(&ip); i++)
		ip.bytes[i] = (uint8_t)hash_next(random);
	if (v6)
		ip.bytes[0] = 0x20; /* 2000::/3 is what is given out, a part of it */
	return ip;
}

static uint8_t random_length(uint64_t *random, bool v6)
{
	static const uint8_t v4_lengths[] = {24, 24, 24, 24, 22, 23, 20, 16}, v6_lengths[] = {48, 48, 32, 64};
	uint64_t value = hash_next(random);

	return v6 ? v6_lengths[value % ARRAY_LEN(v6_lengths)] : v4_lengths[value % ARRAY_LEN(v4_lengths)];
}

static void measure(size_t count, bool v6)
{
	struct prefix *prefixes = calloc(MAX(count, (size_t)1), sizeof *prefixes);
	struct access_list none = {0}, list = {prefixes, count};
	struct access *access;
	uint64_t random = 7;
	struct mono start, built, done;
	unsigned denied = 0;

	if (prefixes == NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		prefixes[i] = (struct prefix){random_ip(&random, v6), random_length(&random, v6)};
	start = clock_cpu();
	if (access_new(none, list, &access) < 0)
		abort();
	built = clock_cpu();
	for (unsigned i = 0; i < LOOKUPS; i++) {
		/* Every other address is one of those that are denied. */
		struct ip ip =
			i % 2 == 0 && count > 0 ? prefixes[hash_next(&random) % count].ip : random_ip(&random, v6);

		denied += !access_allows(access, &ip);
	}
	done = clock_cpu();
	printf("%s %8zu prefixes: built in %7.2f ms, %8.1f KiB, %5.1f ns a look-up with its random address (%u%% "
	       "denied)\n",
		v6 ? "IPv6" : "IPv4", count, (double)mono_diff(built, start) / NS_PER_MS,
		(double)access_size(access) / 1024, (double)mono_diff(done, built) / LOOKUPS, denied / (LOOKUPS / 100));
	access_unref(access);
	free(prefixes);
}

/* In and out again, with its hash. */
static void measure_sources(size_t count)
{
	const struct per_source_conf limits = {.connections = 100, .rate = 1000000};
	struct sources *sources;
	struct crypto_hash *hash;
	uint64_t random = 9;
	struct mono start;
	unsigned refused = 0;

	if (sources_new(&sources) < 0 || sources_hash_new(sources, &hash) < 0)
		abort();
	start = clock_cpu();
	for (unsigned i = 0; i < LOOKUPS; i++) {
		struct ip ip = ip_from_v4((struct in_addr){(uint32_t)(hash_next(&random) % count)});
		sources_key counted;

		if (sources_enter(sources, sources_key_of(hash, 0, &ip), &limits, (struct mono){i * NS_PER_MS / 1000},
			    &counted))
			sources_leave(sources, counted);
		else
			refused++;
	}
	printf("%8zu sources: %5.1f ns each that comes and goes (%u refused)\n", count,
		(double)mono_diff(clock_cpu(), start) / LOOKUPS, refused);
	crypto_hash_free(hash);
	sources_free(sources);
}

int main(void)
{
	static const size_t source_counts[] = {1, 1000, 100000, 10000000};

	static const size_t counts[] = {0, 10, 1000, 100000, 1000000};

	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < ARRAY_LEN(counts); i++)
			measure(counts[i], v6 != 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(source_counts); i++)
		measure_sources(source_counts[i]);
	return 0;
}

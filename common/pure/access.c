/* SPDX-License-Identifier: MIT */
#include "common/pure/access.h"

#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define STRIDE 6
#define BRANCHES (1u << STRIDE)

/* An address with its first bit on top. IPv4 has its 32 there, and zeros below. */
typedef unsigned __int128 bits;
#define BITS 128

struct node {
	uint64_t inner; /* the branches that go on */
	uint64_t in;    /* of the others: those whose addresses are in the set */
	uint32_t first; /* where the children stand, by branch */
};

struct access {
	_Atomic unsigned references;
	uint32_t count;
	struct node nodes[]; /* the roots first: IPv4, IPv6 */
};

enum {
	ROOT_V4,
	ROOT_V6,
	ROOTS,
};

static bits bits_of(const struct ip *ip)
{
	uint64_t high, low;

	memcpy(&high, ip->bytes, sizeof high);
	memcpy(&low, ip->bytes + sizeof high, sizeof low);
	return (bits)be64toh(high) << 64 | be64toh(low);
}

/* The six bits from `depth` on, zeros behind the last. */
static unsigned branch_at(bits value, unsigned depth)
{
	return (unsigned)((value << depth) >> (BITS - STRIDE));
}

/* Building. */

struct rule {
	bits value;
	uint8_t length;
	bool allowed;
	bool v6;
};

struct build {
	struct access *access;
	const struct rule *rules;
	uint32_t room;
};

/* A prefix comes before those that it covers; where the same is in both lists, deny is the last word. */
static int compare_rules(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->v6 != y->v6)
		return x->v6 ? 1 : -1;
	if (x->value != y->value)
		return x->value > y->value ? 1 : -1;
	return x->length - y->length;
}

static size_t add_rules(struct rule *rules, struct access_list list, bool allowed)
{
	for (size_t i = 0; i < list.count; i++) {
		const struct prefix *prefix = &list.prefixes[i];
		bits mask = prefix->length == 0 ? 0 : ~(bits)0 << (BITS - prefix->length);

		rules[i] = (struct rule){
			.value = bits_of(&prefix->ip) & mask,
			.length = prefix->length,
			.allowed = allowed,
			.v6 = prefix->ip.family == AF_INET6,
		};
	}
	return list.count;
}

/* False: out of memory. */
static bool make_room(struct build *build, uint32_t count)
{
	struct access *access = build->access;
	uint32_t used = access != NULL ? access->count : 0;
	uint32_t room = MAX(build->room, (uint32_t)ROOTS);

	while (room < used + count)
		room *= 2;
	if (access != NULL && room == build->room)
		return true;
	access = realloc(access, sizeof *access + room * sizeof *access->nodes);
	if (access == NULL)
		return false;
	build->access = access;
	build->room = room;
	return true;
}

/* A node's branches while its rules are read. */
struct draft {
	uint64_t inner;
	uint64_t in;
	uint64_t denied; /* for good */
	uint32_t starts[BRANCHES];
	uint32_t ends[BRANCHES];
};

static void draft_paint(struct draft *draft, const struct rule *rule, unsigned depth)
{
	unsigned first = branch_at(rule->value, depth), many = 1u << (depth + STRIDE - rule->length);
	uint64_t branches = (many == BRANCHES ? ~UINT64_C(0) : (UINT64_C(1) << many) - 1) << first;

	if (rule->allowed) {
		draft->in |= branches & ~draft->denied;
	} else {
		draft->denied |= branches;
		draft->in &= ~branches;
	}
}

static void draft_make(struct draft *draft, const struct rule *rules, uint32_t from, uint32_t to, unsigned depth)
{
	for (uint32_t i = from; i < to; i++) {
		unsigned branch = branch_at(rules[i].value, depth);
		uint64_t bit = UINT64_C(1) << branch;

		if (rules[i].length <= depth + STRIDE) {
			draft_paint(draft, &rules[i], depth);
		} else if ((draft->denied & bit) == 0) {
			if ((draft->inner & bit) == 0)
				draft->starts[branch] = i;
			draft->inner |= bit;
			draft->ends[branch] = i + 1;
		}
	}
}

/* The node at `place` from the rules that lie below it, all of which are longer than `depth`. */
static bool build_node(struct build *build, uint32_t place, uint32_t from, uint32_t to, unsigned depth, bool in)
{
	struct draft draft = {.in = in ? ~UINT64_C(0) : 0};
	uint32_t first, count;

	draft_make(&draft, build->rules, from, to, depth);
	count = (uint32_t)__builtin_popcountll(draft.inner);
	if (!make_room(build, count))
		return false;
	first = build->access->count;
	build->access->count += count;
	build->access->nodes[place] = (struct node){.inner = draft.inner, .in = draft.in, .first = first};
	for (uint64_t left = draft.inner; left != 0; left &= left - 1, first++) {
		unsigned branch = (unsigned)__builtin_ctzll(left);

		if (!build_node(build, first, draft.starts[branch], draft.ends[branch], depth + STRIDE,
			    (draft.in >> branch & 1) != 0))
			return false;
	}
	return true;
}

static void give_room_back(struct build *build)
{
	struct access *smaller =
		realloc(build->access, sizeof *build->access + build->access->count * sizeof *build->access->nodes);

	if (smaller != NULL)
		build->access = smaller;
}

static bool build_all(struct build *build, size_t count, bool in)
{
	uint32_t v6 = 0;

	while (v6 < count && !build->rules[v6].v6)
		v6++;
	if (!make_room(build, ROOTS))
		return false;
	build->access->count = ROOTS;
	return build_node(build, ROOT_V4, 0, v6, 0, in) && build_node(build, ROOT_V6, v6, (uint32_t)count, 0, in);
}

int access_new(struct access_list allow, struct access_list deny, struct access **ret_access)
{
	size_t count = allow.count + deny.count;
	struct rule *rules = count > 0 ? malloc(count * sizeof *rules) : NULL;
	struct build build = {.rules = rules};

	if (count == 0) {
		*ret_access = NULL;
		return 0;
	}
	if (rules == NULL)
		return -ENOMEM;
	add_rules(rules + add_rules(rules, allow, true), deny, false);
	qsort(rules, count, sizeof *rules, compare_rules);
	if (!build_all(&build, count, allow.count == 0)) {
		free(rules);
		free(build.access);
		return -ENOMEM;
	}
	free(rules);
	give_room_back(&build);
	atomic_init(&build.access->references, 1);
	*ret_access = build.access;
	return 0;
}

struct access *access_ref(struct access *access)
{
	if (access != NULL)
		atomic_fetch_add(&access->references, 1);
	return access;
}

void access_unref(struct access *access)
{
	if (access != NULL && atomic_fetch_sub(&access->references, 1) == 1)
		free(access);
}

size_t access_size(const struct access *access)
{
	return access != NULL ? sizeof *access + access->count * sizeof *access->nodes : 0;
}

bool access_allows(const struct access *access, const struct ip *ip)
{
	const struct node *node;
	bits value;

	if (access == NULL)
		return true;
	node = &access->nodes[ip->family == AF_INET6 ? ROOT_V6 : ROOT_V4];
	for (value = bits_of(ip);; value <<= STRIDE) {
		uint64_t bit = UINT64_C(1) << branch_at(value, 0);

		if ((node->inner & bit) == 0)
			return (node->in & bit) != 0;
		node = &access->nodes[node->first + (uint32_t)__builtin_popcountll(node->inner & (bit - 1))];
	}
}

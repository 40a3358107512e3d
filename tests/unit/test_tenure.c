/* SPDX-License-Identifier: MIT */
#include "vrrpd/tenure.h"

#include "tests/unit/unit.h"

#include <errno.h>

/* The backlog: what waits, what comes, and in which order all of it is written; what is not there was dropped. */

#define ITEMS_MAX 6

struct wish {
	enum write_kind kind;
	uint64_t tenure;
};

static const struct {
	struct wish wishes[ITEMS_MAX];
	size_t count;
	size_t order[ITEMS_MAX]; /* numbers of wishes */
	size_t order_count;
} backlogs[] = {
	{{{WRITE_INSTALL, 1}, {WRITE_RENEW, 2}, {WRITE_RENEW, 3}}, 3, {0, 1, 2}, 3},
	/* Who gives up does not wait for renewals of the same addresses. */
	{{{WRITE_RENEW, 1}, {WRITE_REMOVE, 1}}, 2, {1}, 1},
	{{{WRITE_INSTALL, 1}, {WRITE_REMOVE, 1}}, 2, {1}, 1},
	/* Those of others keep their places. */
	{{{WRITE_RENEW, 2}, {WRITE_RENEW, 1}, {WRITE_INSTALL, 3}, {WRITE_REMOVE, 1}}, 4, {0, 2, 3}, 3},
	/* The next tenure of the same vip comes behind the removal, and stays. */
	{{{WRITE_RENEW, 1}, {WRITE_REMOVE, 1}, {WRITE_INSTALL, 4}}, 3, {1, 2}, 2},
	{{{WRITE_REMOVE, 1}, {WRITE_INSTALL, 4}, {WRITE_REMOVE, 4}}, 3, {0, 2}, 2},
	/* A removal is never spared. */
	{{{WRITE_REMOVE, 1}, {WRITE_REMOVE, 1}}, 2, {0, 1}, 2},
	/* What is taken away by pieces goes in its place, and nothing goes for it. */
	{{{WRITE_RENEW, 0}, {WRITE_TAKE_AWAY, 0}, {WRITE_RENEW, 1}, {WRITE_REMOVE, 1}}, 4, {0, 1, 3}, 3},
};

static void a_removal_drops_the_writes_that_it_undoes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(backlogs); i++) {
		struct backlog_item items[ITEMS_MAX] = {0}, *item;
		struct list backlog, dropped;
		size_t written = 0, spared = 0;

		list_init(&backlog);
		list_init(&dropped);
		for (size_t k = 0; k < backlogs[i].count; k++) {
			items[k].kind = backlogs[i].wishes[k].kind;
			items[k].tenure = backlogs[i].wishes[k].tenure;
			backlog_add(&backlog, &items[k], &dropped);
		}
		while ((item = backlog_take(&backlog)) != NULL) {
			assert_true(written < backlogs[i].order_count);
			assert_int_equal(item - items, backlogs[i].order[written]);
			written++;
		}
		while (backlog_take(&dropped) != NULL)
			spared++;
		assert_int_equal(written, backlogs[i].order_count);
		assert_int_equal(written + spared, backlogs[i].count);
	}
}

/* The tenure: a write is out, with that; what else is wanted meanwhile; how it ended, and what follows. */

#define NUMBER 7

static const struct {
	bool installed;
	unsigned with;
	bool wants_more;
	unsigned more;
	int result;
	unsigned next;
	unsigned later; /* what goes with the next write */
} writes[] = {
	/* The first one. */
	{.with = TENURE_RAISE | TENURE_ANNOUNCE, .next = TENURE_TELL},
	{.with = TENURE_ANNOUNCE, .result = -EEXIST, .next = TENURE_RETRY, .later = TENURE_ANNOUNCE},
	/* Renewals. */
	{.installed = true},
	{.installed = true, .with = TENURE_ANNOUNCE, .next = TENURE_TELL},
	{.installed = true, .result = -EPERM, .next = TENURE_RETRY},
	/* What can be renewed of them is there. */
	{.installed = true, .with = TENURE_ANNOUNCE, .result = -EPERM, .next = TENURE_RETRY | TENURE_TELL},
	{.installed = true, .with = TENURE_RAISE, .result = -EPERM, .next = TENURE_RETRY, .later = TENURE_RAISE},
	/* The interface is gone. */
	{.installed = true, .result = -ENODEV, .next = TENURE_MEND},
	{.installed = true, .with = TENURE_ANNOUNCE, .result = -ENODEV, .next = TENURE_MEND, .later = TENURE_ANNOUNCE},
	/* An address was deleted while its renewal was out. */
	{.installed = true,
		.wants_more = true,
		.more = TENURE_ANNOUNCE,
		.next = TENURE_WRITE,
		.later = TENURE_ANNOUNCE},
	{.installed = true,
		.wants_more = true,
		.more = TENURE_ANNOUNCE,
		.result = -EPERM,
		.next = TENURE_RETRY | TENURE_TELL},
	/* Nothing is restored. */
	{.installed = true, .result = -ESTALE, .next = TENURE_FENCED},
	{.with = TENURE_ANNOUNCE, .wants_more = true, .result = -ESTALE, .next = TENURE_FENCED},
};

static const struct lease lease = {.held = true, .renewed_boot_ns = 100, .length_ns = 2000, .epoch = 3};

static void what_follows_from_a_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		const struct tenure_written written = {
			.number = NUMBER, .result = writes[i].result, .boot_ns = 900, .lease_ns = 3000};
		struct tenure tenure = {0};

		tenure_begin(&tenure, NUMBER, &lease);
		tenure.installed = writes[i].installed;
		assert_int_equal(tenure_next_kind(&tenure), writes[i].installed ? WRITE_RENEW : WRITE_INSTALL);
		assert_true(tenure_want(&tenure, writes[i].with));
		assert_int_equal(tenure.with, writes[i].with);
		if (writes[i].wants_more)
			assert_false(tenure_want(&tenure, writes[i].more));
		assert_int_equal(tenure_written(&tenure, &written), writes[i].next);
		assert_int_equal(tenure.lease.renewed_boot_ns, writes[i].result == 0 ? 900 : 100);
		assert_int_equal(tenure.lease.length_ns, writes[i].result == 0 ? 3000 : 2000);
		if (writes[i].result == -ESTALE)
			continue;
		assert_true(tenure_want(&tenure, 0));
		assert_int_equal(tenure.with, writes[i].later);
	}
}

static void a_write_of_a_tenure_that_is_over_changes_nothing(void **state)
{
	const struct tenure_written written = {.number = NUMBER, .boot_ns = 900, .lease_ns = 3000};
	const struct tenure_written fenced = {.number = NUMBER, .result = -ESTALE};
	struct tenure tenure = {0};

	(void)state;
	tenure_begin(&tenure, NUMBER, &lease);
	assert_true(tenure_want(&tenure, TENURE_ANNOUNCE));
	tenure_end(&tenure);
	assert_int_equal(tenure.leaving, 1);
	assert_int_equal(tenure_written(&tenure, &written), 0);
	tenure_begin(&tenure, NUMBER + 1, &lease);
	assert_int_equal(tenure_written(&tenure, &written), 0);
	assert_int_equal(tenure_written(&tenure, &fenced), 0);
	assert_false(tenure.installed);
	assert_int_equal(tenure.lease.renewed_boot_ns, 100);
	/* Its own is another matter, and the former removal is still to come. */
	assert_true(tenure_want(&tenure, 0));
	assert_int_equal(tenure.leaving, 1);
	tenure_left(&tenure);
	assert_int_equal(tenure.leaving, 0);
}

/* Once a write; else a kernel that never has the interface would be asked without end. */
static void an_interface_is_made_anew_once(void **state)
{
	const struct tenure_written gone = {.number = NUMBER, .result = -ENODEV};
	const struct tenure_written well = {.number = NUMBER, .boot_ns = 900, .lease_ns = 3000};
	struct tenure tenure = {0};

	(void)state;
	tenure_begin(&tenure, NUMBER, &lease);
	assert_true(tenure_want(&tenure, 0));
	assert_int_equal(tenure_written(&tenure, &gone), TENURE_MEND);
	assert_true(tenure_want(&tenure, TENURE_RAISE));
	assert_int_equal(tenure_written(&tenure, &gone), TENURE_RETRY);
	assert_true(tenure_want(&tenure, 0));
	assert_int_equal(tenure.with, TENURE_RAISE);
	assert_int_equal(tenure_written(&tenure, &well), 0);
	assert_true(tenure_want(&tenure, 0));
	assert_int_equal(tenure_written(&tenure, &gone), TENURE_MEND);
}

static void what_could_not_be_asked_for_is_wanted_still(void **state)
{
	struct tenure tenure = {0};

	(void)state;
	tenure_begin(&tenure, NUMBER, &lease);
	assert_true(tenure_want(&tenure, TENURE_ANNOUNCE));
	tenure_unsent(&tenure);
	assert_true(tenure_want(&tenure, TENURE_RAISE));
	assert_int_equal(tenure.with, TENURE_ANNOUNCE | TENURE_RAISE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_removal_drops_the_writes_that_it_undoes),
		cmocka_unit_test(what_follows_from_a_write),
		cmocka_unit_test(a_write_of_a_tenure_that_is_over_changes_nothing),
		cmocka_unit_test(an_interface_is_made_anew_once),
		cmocka_unit_test(what_could_not_be_asked_for_is_wanted_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

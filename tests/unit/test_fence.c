/* SPDX-License-Identifier: MIT */
/* The page is shared by two processes, either of which may stop anywhere: a child plays the other one. */
#include "vrrpd/fence.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fence *fence;
static struct fence_copy *copy;

static int setup(void **state)
{
	int r = fence_create(&fence);

	(void)state;
	return r < 0 ? r : fence_copy_new(&copy);
}

static int teardown(void **state)
{
	(void)state;
	fence_copy_free(copy);
	fence_free(fence);
	return 0;
}

/* A publication in which every field follows from one number, and the sizes change with it. */
#define ADDRESSES_PER_VIP 8

struct publication {
	struct fence_vip vips[FENCE_VIPS_MAX];
	struct prefix addresses[FENCE_VIPS_MAX][ADDRESSES_PER_VIP];
	size_t count;
	struct key key;
};

static void fill(struct publication *p, uint32_t number)
{
	p->count = FENCE_VIPS_MAX - number % 3;
	p->key = (struct key){.id = (uint8_t)(number % 255 + 1), .size = KEY_SIZE_MAX};
	memset(p->key.bytes, (int)(number & 255), sizeof p->key.bytes);
	for (size_t i = 0; i < p->count; i++) {
		for (size_t j = 0; j < ADDRESSES_PER_VIP; j++) {
			p->addresses[i][j] = (struct prefix){.ip.family = AF_INET, .length = 32};
			memcpy(p->addresses[i][j].ip.bytes, &number, sizeof number);
		}
		p->vips[i] = (struct fence_vip){
			.active = number % 2 != 0,
			.is_signed = number % 5 != 0,
			.vrid = (uint8_t)i,
			.forms = (uint8_t)(number % 2),
			.ifindex = (int)number,
			.sources = {p->addresses[i][0].ip},
			.interval_ns = (int64_t)number * NS_PER_MS,
			.addresses = p->addresses[i],
			.address_count = ADDRESSES_PER_VIP - (number + i) % 2,
		};
	}
}

static void check_vip(const struct fence_vip *vip, const struct fence_vip *expected)
{
	assert_int_equal(vip->active, expected->active);
	assert_int_equal(vip->is_signed, expected->is_signed);
	assert_int_equal(vip->vrid, expected->vrid);
	assert_int_equal(vip->forms, expected->forms);
	assert_int_equal(vip->ifindex, expected->ifindex);
	assert_true(ip_equal(&vip->sources[0], &expected->sources[0]));
	assert_true(vip->interval_ns == expected->interval_ns);
	assert_int_equal(vip->address_count, expected->address_count);
	for (size_t i = 0; i < vip->address_count; i++) {
		assert_true(ip_equal(&vip->addresses[i].ip, &expected->addresses[i].ip));
		assert_int_equal(vip->addresses[i].length, expected->addresses[i].length);
	}
}

/* The copy is one publication, whole; returns its number. */
static uint32_t check_copy(void)
{
	static struct publication expected;
	const struct fence_vip *vips;
	size_t count;

	vips = fence_copy_vips(copy, &count);
	if (count == 0)
		return 0;
	fill(&expected, (uint32_t)vips[0].ifindex);
	assert_int_equal(count, expected.count);
	for (size_t i = 0; i < count; i++)
		check_vip(&vips[i], &expected.vips[i]);
	assert_non_null(fence_copy_key(copy));
	assert_memory_equal(fence_copy_key(copy), &expected.key, sizeof expected.key);
	return (uint32_t)vips[0].ifindex;
}

static void publish_for_ever(void)
{
	static struct publication p;

	for (uint32_t number = 1;; number++) {
		fill(&p, number);
		/* So that a stop hits the copying and not what comes before it. */
		for (int i = 0; i < 20; i++) {
			if (fence_publish(fence, p.vips, p.count, &p.key) < 0)
				_exit(1);
		}
	}
}

static pid_t start(void (*fn)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* A test that fails leaves nobody behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn();
	}
	return pid;
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void a_stopped_writer_leaves_a_whole_publication(void **state)
{
	pid_t writer = start(publish_for_ever);
	uint32_t last = 0;
	int status;

	(void)state;
	for (int i = 0; i < 300; i++) {
		usleep((useconds_t)(i * 37 % 1000));
		kill(writer, SIGSTOP);
		assert_int_equal(waitpid(writer, &status, WUNTRACED), writer);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(fence_read(fence, copy), 0);
		assert_true(check_copy() >= last);
		last = check_copy();
		kill(writer, SIGCONT);
	}
	assert_true(last > 0);
	end(writer);
	assert_int_equal(fence_read(fence, copy), 0);
	assert_true(check_copy() >= last);
}

static void a_killed_writer_leaves_a_whole_publication(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		pid_t writer = start(publish_for_ever);

		usleep((useconds_t)(1000 + i * 71 % 1000));
		end(writer);
		assert_int_equal(fence_read(fence, copy), 0);
		check_copy();
	}
}

static void a_busy_writer_never_gives_a_torn_copy(void **state)
{
	pid_t writer = start(publish_for_ever);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		int r = fence_read(fence, copy);

		assert_true(r == 0 || r == -EAGAIN);
		if (r == 0)
			check_copy();
	}
	end(writer);
}

static void what_does_not_fit_leaves_the_last(void **state)
{
	static struct publication p;
	static struct prefix many[FENCE_ADDRESSES_MAX + 1];
	struct fence_vip vips[FENCE_VIPS_MAX + 1] = {0};

	(void)state;
	assert_int_equal(fence_read(fence, copy), 0);
	assert_int_equal(check_copy(), 0);
	assert_null(fence_copy_key(copy));
	fill(&p, 7);
	assert_int_equal(fence_publish(fence, p.vips, p.count, &p.key), 0);
	assert_int_equal(fence_publish(fence, vips, FENCE_VIPS_MAX + 1, NULL), -ENOSPC);
	vips[0].addresses = vips[1].addresses = many;
	vips[0].address_count = FENCE_ADDRESSES_MAX;
	assert_int_equal(fence_publish(fence, vips, 1, NULL), 0);
	vips[1].address_count = 1;
	assert_int_equal(fence_publish(fence, vips, 2, NULL), -ENOSPC);
	assert_int_equal(fence_publish(fence, p.vips, p.count, &p.key), 0);
	vips[1].address_count = SIZE_MAX;
	assert_int_equal(fence_publish(fence, vips, 2, NULL), -ENOSPC);
	assert_int_equal(fence_read(fence, copy), 0);
	assert_int_equal(check_copy(), 7);
}

static void a_second_mapping_sees_the_same(void **state)
{
	static struct publication p;
	struct fence *other;

	(void)state;
	assert_int_equal(fence_map(dup(fence_fd(fence)), &other), 0);
	fill(&p, 9);
	assert_int_equal(fence_publish(fence, p.vips, p.count, &p.key), 0);
	fence_progress(fence);
	fence_progress(fence);
	fence_guardian_progress(other);
	fence_raise_epoch(other);
	fence_set_threshold(fence, 5);
	fence_dismiss(fence);
	assert_int_equal(fence_read(other, copy), 0);
	assert_int_equal(check_copy(), 9);
	assert_int_equal(fence_progress_count(other), 2);
	assert_int_equal(fence_guardian_progress_count(fence), 1);
	assert_int_equal(fence_epoch(fence), 1);
	assert_int_equal(fence_threshold_ns(other), 5);
	assert_true(fence_is_dismissed(other));
	fence_wipe(other);
	assert_int_equal(fence_read(fence, copy), 0);
	assert_null(fence_copy_key(copy));
	fence_free(other);
}

static void what_is_no_page_is_not_mapped(void **state)
{
	struct fence *other;
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fence_map(fd, &other), -EINVAL);
	assert_int_equal(ftruncate(fd, lseek(fence_fd(fence), 0, SEEK_END)), 0);
	assert_int_equal(fence_map(fd, &other), -EINVAL);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(fence_map(fd, &other), -EBADF);
	assert_int_equal(ftruncate(fence_fd(fence), 0), -1);
}

#define S(seconds) ((uint64_t)(seconds) << 32)

static void the_sequence_follows_the_clock_and_never_repeats(void **state)
{
	static const struct {
		uint64_t last;
		uint64_t clock;
		uint64_t next;
	} cases[] = {
		{0, S(1000), S(1000)},
		{0, S(3000000000), S(3000000000)},
		{S(1000), S(1001), S(1001)},
		{S(1000), S(1000), S(1000) + 1},
		{S(1000) + 7, S(1000), S(1000) + 8},
		{S(1005), S(1000), S(1005) + 1},
		{S(1005) + 1, S(1000), S(1000)},
		{S(9999999), S(1000), S(1000)},
		{UINT64_MAX, S(0xffffffff), 0},
		{UINT64_MAX, 3, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fence_set_sequence(fence, cases[i].last);
		assert_true(fence_next_sequence(fence, cases[i].clock) == cases[i].next);
		assert_true(fence_last_sequence(fence) == cases[i].next);
	}
}

#define DRAWS 1000000

static void two_processes_never_draw_the_same(void **state)
{
	uint64_t before = 0;
	pid_t child;
	int status;

	(void)state;
	fence_set_sequence(fence, S(1000));
	child = fork();
	fence_progress(fence);
	while (fence_progress_count(fence) < 2)
		continue;
	for (int i = 0; i < DRAWS; i++) {
		uint64_t sequence = fence_next_sequence(fence, S(1000));

		if (sequence <= before)
			_exit(1);
		before = sequence;
	}
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(fence_last_sequence(fence) == S(1000) + 2 * DRAWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stopped_writer_leaves_a_whole_publication, setup, teardown),
		cmocka_unit_test_setup_teardown(a_killed_writer_leaves_a_whole_publication, setup, teardown),
		cmocka_unit_test_setup_teardown(a_busy_writer_never_gives_a_torn_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_leaves_the_last, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_mapping_sees_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_page_is_not_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(the_sequence_follows_the_clock_and_never_repeats, setup, teardown),
		cmocka_unit_test_setup_teardown(two_processes_never_draw_the_same, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

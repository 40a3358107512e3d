/* SPDX-License-Identifier: MIT */
#include "common/pure/cursor.h"

#include "tests/unit/unit.h"

#include <string.h>

static void reads_in_network_order(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct cursor in = cursor_of(bytes, sizeof bytes);

	(void)state;
	assert_int_equal(cursor_u8(&in), 0x01);
	assert_int_equal(cursor_u16(&in), 0x0203);
	assert_int_equal(cursor_u32(&in), 0x04050607);
	assert_true(cursor_u64(&in) == UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(in.left, 0);
	assert_false(in.bad);
}

static void a_step_past_the_end_is_sticky(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct cursor in = cursor_of(bytes, sizeof bytes);
	uint8_t copy[2] = {9, 9};

	(void)state;
	assert_int_equal(cursor_u32(&in), 0);
	assert_true(in.bad);
	assert_int_equal(cursor_u8(&in), 0);
	cursor_bytes(&in, copy, sizeof copy);
	assert_int_equal(copy[0], 0);
	assert_null(cursor_view(&in, 0));
}

static void writes_what_the_reader_reads(void **state)
{
	uint8_t bytes[16];
	struct writer out = writer_of(bytes, sizeof bytes);
	struct cursor in;

	(void)state;
	writer_u8(&out, 0xab);
	writer_u16(&out, 0xcdef);
	writer_u32(&out, 0x01234567);
	writer_u64(&out, UINT64_C(0x89abcdef01234567));
	writer_zeros(&out, 1);
	assert_false(out.bad);
	assert_int_equal(out.length, 16);
	in = cursor_of(bytes, out.length);
	assert_int_equal(cursor_u8(&in), 0xab);
	assert_int_equal(cursor_u16(&in), 0xcdef);
	assert_int_equal(cursor_u32(&in), 0x01234567);
	assert_true(cursor_u64(&in) == UINT64_C(0x89abcdef01234567));
}

static void a_full_writer_writes_nothing_more(void **state)
{
	uint8_t bytes[3] = {0, 0, 7};
	struct writer out = writer_of(bytes, 2);

	(void)state;
	writer_u8(&out, 1);
	writer_u16(&out, 0x0203);
	assert_true(out.bad);
	writer_u8(&out, 4);
	assert_int_equal(out.length, 1);
	assert_int_equal(bytes[1], 0);
	assert_int_equal(bytes[2], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_network_order),
		cmocka_unit_test(a_step_past_the_end_is_sticky),
		cmocka_unit_test(writes_what_the_reader_reads),
		cmocka_unit_test(a_full_writer_writes_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

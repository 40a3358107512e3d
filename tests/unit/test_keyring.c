/* SPDX-License-Identifier: MIT */
#include "common/system/keyring.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_8 "0123456789abcdef"
#define BYTES_32 BYTES_8 BYTES_8 BYTES_8 BYTES_8
#define BYTES_64 BYTES_32 BYTES_32

static const struct {
	const char *text;
	unsigned ids[3];
	unsigned size; /* of the first key */
} good[] = {
	{BYTES_32 "\n", {1}, 32},
	{BYTES_32, {1}, 32},
	{"# the pair's keys\n\n  7 \t" BYTES_64 "\r\n255 " BYTES_32 "\n", {7, 255}, 64},
	{"1 " BYTES_32 "\n2 0123456789ABCDEF" BYTES_32 "\n", {1, 2}, 32},
};

static void good_files_give_their_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct keyring ring;
		char error[KEYRING_ERROR_MAX] = "";
		size_t count = 0, wanted = 0;

		assert_int_equal(keyring_parse(&ring, "k", good[i].text, strlen(good[i].text), error), 0);
		for (const unsigned *id = good[i].ids; *id != 0; id++, wanted++) {
			const struct key *key = keyring_find(&ring, *id);

			assert_non_null(key);
			assert_int_equal(key->id, *id);
			assert_memory_equal(key->bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
		}
		assert_int_equal(keyring_find(&ring, good[i].ids[0])->size, good[i].size);
		for (unsigned id = 0; id < 300; id++)
			count += keyring_find(&ring, id) != NULL;
		assert_int_equal(count, wanted);
	}
}

static const struct {
	const char *text;
	const char *error;
} bad[] = {
	{"", "k:1: there is no key: make one with `lbctl genkey`"},
	{"# nothing\n\n", "k:2: there is no key: make one with `lbctl genkey`"},
	{"1 " BYTES_8 "\n", "k:1: key 1 is too short: it must have 32 to 64 bytes, two hex digits each"},
	{"1 " BYTES_64 "00\n", "k:1: key 1 is too long: it must have 32 to 64 bytes, two hex digits each"},
	{"\n9 " BYTES_32 "0\n", "k:2: key 9 is not an even number of hex digits: make a key with `lbctl genkey`"},
	{"9 " BYTES_32 "0g\n", "k:1: key 9 is not an even number of hex digits: make a key with `lbctl genkey`"},
	{"0 " BYTES_32 "\n", "k:1: the key's id must be a number from 1 to 255, as in `1 0123...`"},
	{"256 " BYTES_32 "\n", "k:1: the key's id must be a number from 1 to 255, as in `1 0123...`"},
	{"-1 " BYTES_32 "\n", "k:1: the key's id must be a number from 1 to 255, as in `1 0123...`"},
	{"99999999999999999999 " BYTES_32 "\n", "k:1: the key's id must be a number from 1 to 255, as in `1 0123...`"},
	{BYTES_32 "\n" BYTES_32 "\n", "k:2: key 1 stands here twice: take one out"},
	{"3 " BYTES_32 "\n3 " BYTES_64 "\n", "k:2: key 3 stands here twice: take one out"},
	{"3 " BYTES_32 " 4\n", "k:1: more than an id and a key stands here: write one key a line"},
};

static void bad_files_say_what_is_wrong(void **state)
{
	static const struct keyring empty;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct keyring ring;
		char error[KEYRING_ERROR_MAX] = "";

		memset(&ring, 0xaa, sizeof ring);
		assert_int_equal(keyring_parse(&ring, "k", bad[i].text, strlen(bad[i].text), error), -EINVAL);
		assert_string_equal(error, bad[i].error);
		/* No half of a refused file stays in memory. */
		assert_memory_equal(&ring, &empty, sizeof ring);
	}
}

static void a_nul_byte_is_not_the_end(void **state)
{
	static const char text[] = "1 " BYTES_32 "\0garbage\n";
	struct keyring ring;
	char error[KEYRING_ERROR_MAX] = "";

	(void)state;
	assert_int_equal(keyring_parse(&ring, "k", text, sizeof text - 1, error), -EINVAL);
}

static int make_file(char *path, mode_t mode)
{
	int fd;

	strcpy(path, "/tmp/lbpair-test-key-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, BYTES_32 "\n", 65), 65);
	assert_int_equal(fchmod(fd, mode), 0);
	return fd;
}

static const struct {
	mode_t mode;
	int result;
} modes[] = {
	{0600, 0},
	{0400, 0},
	{0640, -EPERM},
	{0660, -EPERM},
	{0604, -EPERM},
	{0602, -EPERM},
	{0644, -EPERM},
	{0666, -EPERM},
	{0700, -EPERM},
};

static void the_mode_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct keyring ring;
		char error[KEYRING_ERROR_MAX] = "";
		char path[64];
		int fd = make_file(path, modes[i].mode);
		int r = keyring_load(&ring, path, error);

		assert_int_equal(unlink(path), 0);
		assert_int_equal(close(fd), 0);
		assert_int_equal(r, modes[i].result);
		assert_int_equal(error[0] == '\0', r == 0);
		assert_int_equal(keyring_find(&ring, 1) != NULL, r == 0);
		if (r < 0)
			assert_non_null(strstr(error, path));
	}
}

static void another_users_file_is_refused(void **state)
{
	struct keyring ring;
	char error[KEYRING_ERROR_MAX] = "";
	char path[64];
	int fd, r;

	(void)state;
	if (geteuid() != 0)
		skip();
	fd = make_file(path, 0600);
	assert_int_equal(fchown(fd, 65534, 65534), 0);
	r = keyring_load(&ring, path, error);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(r, -EPERM);
	assert_non_null(strstr(error, "belongs to user 65534: chown root it"));
}

static void what_is_no_file_is_refused(void **state)
{
	struct keyring ring;
	char error[KEYRING_ERROR_MAX] = "";

	(void)state;
	assert_int_equal(keyring_load(&ring, "/nonexistent/pair.key", error), -ENOENT);
	assert_string_equal(error, "/nonexistent/pair.key: there is no such file: make it with `lbctl genkey` and copy "
				   "it to both nodes");
	assert_int_equal(keyring_load(&ring, "/tmp", error), -EINVAL);
	assert_string_equal(error, "/tmp: is no regular file: key-file must name one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_give_their_keys),
		cmocka_unit_test(bad_files_say_what_is_wrong),
		cmocka_unit_test(a_nul_byte_is_not_the_end),
		cmocka_unit_test(the_mode_decides),
		cmocka_unit_test(another_users_file_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

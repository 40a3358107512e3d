/* SPDX-License-Identifier: MIT */
#include "common/system/keyring.h"

#include "common/pure/text.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* All 255 keys at their longest, and room for comments. */
#define FILE_SIZE_MAX ((size_t)128 * 1024)

#define KEYRING_GROUP "lbpair"

/* The text under way. */
struct reading {
	struct keyring *ring;
	const char *name;
	unsigned line;
	char *ret_error;
};

static int refuse(const struct reading *in, const char *format, ...) PRINTF_LIKE(2, 3);
static int refuse(const struct reading *in, const char *format, ...)
{
	char why[KEYRING_ERROR_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	snprintf(in->ret_error, KEYRING_ERROR_MAX, "%.256s:%u: %.200s", in->name, in->line, why);
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line from `*at` on; its length, 0 at the line's end. */
static size_t next_word(const char **at, const char *end)
{
	const char *word;

	while (*at < end && is_blank(**at))
		(*at)++;
	word = *at;
	while (word < end && !is_blank(*word))
		word++;
	return (size_t)(word - *at);
}

static int read_id(const struct reading *in, const char *word, size_t length, unsigned *ret_id)
{
	char digits[4] = "";
	uint64_t id;

	if (length < sizeof digits)
		memcpy(digits, word, length);
	if (text_to_u64(digits, 1, 255, &id) < 0)
		return refuse(in, "the key's id must be a number from 1 to 255, as in `1 0123...`");
	*ret_id = (unsigned)id;
	return 0;
}

static int read_key(const struct reading *in, unsigned id, const char *hex, size_t length)
{
	struct key *key = &in->ring->keys[id];
	size_t size = 0;
	int r;

	if (key->id != 0)
		return refuse(in, "key %u stands here twice: take one out", id);
	r = hex_to_bytes(hex, length, key->bytes, sizeof key->bytes, &size);
	if (r == -EINVAL)
		return refuse(in, "key %u is not an even number of hex digits: make a key with `lbctl genkey`", id);
	if (r == -ERANGE || size < KEY_SIZE_MIN)
		return refuse(in, "key %u is too %s: it must have %d to %d bytes, two hex digits each", id,
			r == -ERANGE ? "long" : "short", KEY_SIZE_MIN, KEY_SIZE_MAX);
	key->id = (uint8_t)id;
	key->size = (uint8_t)size;
	return 0;
}

static int read_line(const struct reading *in, const char *line, const char *end)
{
	const char *at = line;
	size_t length = next_word(&at, end), hex_length, rest;
	const char *hex = at + length;
	unsigned id = 1;
	int r;

	if (length == 0 || *at == '#')
		return 0;
	hex_length = next_word(&hex, end);
	if (hex_length == 0)
		return read_key(in, id, at, length);
	r = read_id(in, at, length, &id);
	if (r < 0)
		return r;
	r = read_key(in, id, hex, hex_length);
	if (r < 0)
		return r;
	at = hex + hex_length;
	rest = next_word(&at, end);
	return rest == 0 ? 0 : refuse(in, "more than an id and a key stands here: write one key a line");
}

static int read_lines(struct reading *in, const char *text, size_t size)
{
	const char *end = text + size;
	bool any = false;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline != NULL ? newline : end;
		int r;

		in->line++;
		r = read_line(in, text, line_end);
		if (r < 0)
			return r;
		text = newline != NULL ? newline + 1 : end;
	}
	for (size_t i = 0; i < ARRAY_LEN(in->ring->keys); i++)
		any = any || in->ring->keys[i].id != 0;
	in->line = MAX(in->line, 1U);
	return any ? 0 : refuse(in, "there is no key: make one with `lbctl genkey`");
}

int keyring_parse(
	struct keyring *ring, const char *name, const char *text, size_t size, char ret_error[static KEYRING_ERROR_MAX])
{
	struct reading in = {.ring = ring, .name = name, .ret_error = ret_error};
	int r;

	crypto_wipe(ring, sizeof *ring);
	r = read_lines(&in, text, size);
	if (r < 0)
		crypto_wipe(ring, sizeof *ring);
	return r;
}

/* -ENOENT: there is no such group. */
static int find_group(const char *name, gid_t *ret_gid)
{
	char buffer[16 * 1024];
	struct group group, *found = NULL;

	if (getgrnam_r(name, &group, buffer, sizeof buffer, &found) != 0 || found == NULL)
		return -ENOENT;
	*ret_gid = group.gr_gid;
	return 0;
}

/* Of the open file, so that nobody puts another one in its place in between. */
static int check_access(int fd, const char *path, char *ret_error)
{
	struct stat st;
	gid_t group;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		snprintf(ret_error, KEYRING_ERROR_MAX, "%.256s: is no regular file: key-file must name one", path);
		return -EINVAL;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		snprintf(ret_error, KEYRING_ERROR_MAX, "%.256s: belongs to user %u: chown root it", path, st.st_uid);
		return -EPERM;
	}
	if ((st.st_mode & (S_IXUSR | S_IWGRP | S_IXGRP | S_IRWXO)) != 0) {
		snprintf(ret_error, KEYRING_ERROR_MAX,
			"%.256s: its mode is %04o, others could read or change it: chmod 0600, or 0640 with group %s",
			path, st.st_mode & 07777U, KEYRING_GROUP);
		return -EPERM;
	}
	if ((st.st_mode & S_IRGRP) != 0 && (find_group(KEYRING_GROUP, &group) < 0 || st.st_gid != group)) {
		snprintf(ret_error, KEYRING_ERROR_MAX,
			"%.256s: its mode is %04o and its group not %s: chgrp %s it, or chmod 0600", path,
			st.st_mode & 07777U, KEYRING_GROUP, KEYRING_GROUP);
		return -EPERM;
	}
	return 0;
}

static int read_all(int fd, char *buffer, size_t *ret_size)
{
	size_t size = 0;

	while (size < FILE_SIZE_MAX) {
		ssize_t count = read(fd, buffer + size, FILE_SIZE_MAX - size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0) {
			*ret_size = size;
			return 0;
		}
		size += (size_t)count;
	}
	return -EFBIG;
}

static int load(struct keyring *ring, const char *path, char *buffer, char ret_error[static KEYRING_ERROR_MAX])
{
	/* O_NONBLOCK, for a FIFO would wait for a writer. */
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t size = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = check_access(fd, path, ret_error);
	if (r < 0)
		return r;
	r = read_all(fd, buffer, &size);
	if (r < 0)
		return r;
	return keyring_parse(ring, path, buffer, size, ret_error);
}

int keyring_load(struct keyring *ring, const char *path, char ret_error[static KEYRING_ERROR_MAX])
{
	AUTO_FREE char *buffer = malloc(FILE_SIZE_MAX);
	int r = -ENOMEM;

	crypto_wipe(ring, sizeof *ring);
	ret_error[0] = '\0';
	if (buffer != NULL) {
		r = load(ring, path, buffer, ret_error);
		crypto_wipe(buffer, FILE_SIZE_MAX);
	}
	if (r == -ENOENT)
		snprintf(ret_error, KEYRING_ERROR_MAX,
			"%.256s: there is no such file: make it with `lbctl genkey` and copy it to both nodes", path);
	else if (r < 0 && ret_error[0] == '\0')
		snprintf(ret_error, KEYRING_ERROR_MAX, "%.256s: cannot be read: %s", path, strerrordesc_np(-r));
	return r;
}

const struct key *keyring_find(const struct keyring *ring, unsigned id)
{
	if (id == 0 || id >= ARRAY_LEN(ring->keys) || ring->keys[id].id == 0)
		return NULL;
	return &ring->keys[id];
}

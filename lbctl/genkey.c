/* SPDX-License-Identifier: MIT */
#include "lbctl/genkey.h"

#include "common/pure/text.h"
#include "common/shell/daemon.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_SIZE 32
#define KEY_LINE "1 "
#define KEY_LINE_SIZE (sizeof KEY_LINE - 1 + 2 * KEY_SIZE + 1)

static int make_line(char line[static KEY_LINE_SIZE + 1])
{
	uint8_t key[KEY_SIZE];
	int r = crypto_random(key, sizeof key);

	if (r < 0)
		return r;
	memcpy(line, KEY_LINE, sizeof KEY_LINE - 1);
	bytes_to_hex(key, sizeof key, line + sizeof KEY_LINE - 1);
	line[KEY_LINE_SIZE - 1] = '\n';
	line[KEY_LINE_SIZE] = '\0';
	crypto_wipe(key, sizeof key);
	return 0;
}

/* lbd, which runs as a user of that group, reads the key too. Until then the file is its owner's alone. */
static int give_to_group(int fd)
{
	const struct group *group = getgrnam(DAEMON_GROUP);

	if (group == NULL)
		return 0;
	return fchown(fd, (uid_t)-1, group->gr_gid) < 0 || fchmod(fd, 0640) < 0 ? -errno : 0;
}

static int write_line(int fd, const char *line)
{
	ssize_t count = write(fd, line, KEY_LINE_SIZE);

	if (count != (ssize_t)KEY_LINE_SIZE)
		return count < 0 ? -errno : -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

static enum lbctl_exit write_file(const char *path, const char *line)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : write_line(fd, line);

	if (r == -EEXIST) {
		complain("%s exists and is not overwritten: name another file, or move it away first", path);
		return LBCTL_FAILED;
	}
	if (r < 0) {
		complain("cannot write %s: %s", path, strerrordesc_np(-r));
		/* Half a key is none. */
		if (fd >= 0)
			(void)unlink(path);
		return LBCTL_FAILED;
	}
	r = give_to_group(fd);
	if (r < 0)
		complain("%s could not be given to the group %s (%s): lbd will want that", path, DAEMON_GROUP,
			strerrordesc_np(-r));
	return LBCTL_DONE;
}

enum lbctl_exit verb_genkey(const struct invocation *invocation)
{
	char line[KEY_LINE_SIZE + 1];
	enum lbctl_exit result = LBCTL_DONE;

	if (make_line(line) < 0) {
		complain("no random bytes to be had");
		return LBCTL_FAILED;
	}
	if (invocation->words[0] != NULL)
		result = write_file(invocation->words[0], line);
	else
		fputs(line, stdout);
	crypto_wipe(line, sizeof line);
	return result;
}

/* SPDX-License-Identifier: MIT */
#include "common/system/stream.h"

#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 64
#define MODE 0660

static int address_of(const char *path, struct sockaddr_un *ret_address)
{
	size_t length = strlen(path);

	if (length >= sizeof ret_address->sun_path)
		return -ENAMETOOLONG;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, length + 1);
	return 0;
}

static int remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Who may not give the file away keeps it: then only its owner can connect, which the operator sees. */
static void give_to_group(const char *path, const char *name)
{
	const struct group *group = name != NULL ? getgrnam(name) : NULL;

	if (group != NULL)
		(void)!lchown(path, (uid_t)-1, group->gr_gid);
}

int stream_listen(const char *path, const char *group, int *ret_fd)
{
	struct sockaddr_un address;
	AUTO_FD fd = -1;
	int r = address_of(path, &address);

	if (r < 0)
		return r;
	r = remove_stale(path);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* bind(2) takes the mode of the socket less the umask, so that the path is at no time open to more. */
	if (fchmod(fd, MODE) < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	give_to_group(path, group);
	if (chmod(path, MODE) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

int stream_connect(const char *path, int *ret_fd)
{
	struct sockaddr_un address;
	AUTO_FD fd = -1;
	int r = address_of(path, &address);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

int stream_flush(int fd, struct text *out)
{
	size_t sent = 0;
	int r = 0;

	while (sent < out->length) {
		ssize_t n = send(fd, out->data + sent, out->length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			sent += (size_t)n;
		} else {
			r = errno == EAGAIN ? 0 : -errno;
			break;
		}
	}
	text_consume(out, sent);
	return r;
}

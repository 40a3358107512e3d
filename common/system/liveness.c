/* SPDX-License-Identifier: MIT */
#include "common/system/liveness.h"

#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE_NAME "lbd.live"
#define PAGE_MAGIC UINT64_C(0x6c62642e6c697631) /* "lbd.liv1" */

struct page_service {
	char name[LIVENESS_NAME_MAX];
	uint8_t up;
};

struct page {
	_Atomic uint64_t magic; /* written last, so that a page with it is whole */
	_Atomic uint32_t loops;
	_Atomic uint8_t bound;
	_Atomic uint8_t checked;
	_Atomic uint64_t beats[LIVENESS_LOOPS_MAX];
	_Atomic uint32_t sequence; /* odd while the services are being replaced */
	uint32_t service_count;
	struct page_service services[LIVENESS_SERVICES_MAX];
};

/*
 * The reader does not map the page: whoever may write the file may also cut it short, and a read(2) of what is not
 * there fails where a mapping would raise SIGBUS.
 */
struct liveness {
	int fd;
	struct page *page; /* NULL on the reader's side */
};

static int page_path(const char *run_dir, char path[static 4096])
{
	int length = snprintf(path, 4096, "%s/" PAGE_NAME, run_dir);

	return length < 0 || length >= 4096 ? -ENAMETOOLONG : 0;
}

static int handle_new(int *fd, struct page *page, struct liveness **ret_live)
{
	struct liveness *live = calloc(1, sizeof *live);

	if (live == NULL)
		return -ENOMEM;
	live->fd = fd_take(fd);
	live->page = page;
	*ret_live = live;
	return 0;
}

void liveness_free(struct liveness *live)
{
	if (live == NULL)
		return;
	if (live->page != NULL)
		munmap(live->page, sizeof *live->page);
	fd_close(&live->fd);
	free(live);
}

/* The writer's side. */

static int lock_page(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static int map_page(int fd, struct page **ret_page)
{
	/* Allocated now: a full file system is an error here, and not a SIGBUS at some later beat. */
	int r = posix_fallocate(fd, 0, sizeof(struct page));
	void *page;

	if (r != 0)
		return -r;
	if (ftruncate(fd, sizeof(struct page)) < 0)
		return -errno;
	page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	*ret_page = page;
	return 0;
}

static void page_begin(struct page *page, unsigned loops)
{
	atomic_store(&page->magic, 0);
	atomic_store(&page->bound, 0);
	atomic_store(&page->checked, 0);
	atomic_store(&page->loops, loops);
	for (size_t i = 0; i < LIVENESS_LOOPS_MAX; i++)
		atomic_store(&page->beats[i], 0);
	atomic_store(&page->sequence, 0);
	page->service_count = 0;
	atomic_store(&page->magic, PAGE_MAGIC);
}

int liveness_create(const char *run_dir, unsigned loops, struct liveness **ret_live)
{
	char path[4096];
	AUTO_FD fd = -1;
	struct page *page = NULL;
	int r = page_path(run_dir, path);

	assert(loops <= LIVENESS_LOOPS_MAX);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (fd < 0)
		return -errno;
	r = lock_page(fd);
	if (r < 0)
		return r;
	r = map_page(fd, &page);
	if (r < 0)
		return r;
	page_begin(page, loops);
	r = handle_new(&fd, page, ret_live);
	if (r < 0)
		munmap(page, sizeof *page);
	return r;
}

void liveness_beat(struct liveness *live, unsigned loop)
{
	assert(loop < LIVENESS_LOOPS_MAX);
	atomic_fetch_add_explicit(&live->page->beats[loop], 1, memory_order_relaxed);
}

void liveness_set_bound(struct liveness *live, bool bound)
{
	atomic_store(&live->page->bound, bound);
}

void liveness_set_checked(struct liveness *live, bool checked)
{
	atomic_store(&live->page->checked, checked);
}

void liveness_set_services(struct liveness *live, const struct liveness_service *services, size_t count)
{
	struct page *page = live->page;

	assert(count <= LIVENESS_SERVICES_MAX);
	atomic_fetch_add(&page->sequence, 1);
	atomic_thread_fence(memory_order_seq_cst);
	page->service_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		memcpy(page->services[i].name, services[i].name, LIVENESS_NAME_MAX);
		page->services[i].up = services[i].up;
	}
	atomic_thread_fence(memory_order_seq_cst);
	atomic_fetch_add(&page->sequence, 1);
}

/* The reader's side. */

/* -EINVAL: the page ends before that. */
static int read_at(const struct liveness *live, void *to, size_t size, size_t offset)
{
	ssize_t got = pread(live->fd, to, size, (off_t)offset);

	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EINVAL;
}

#define READ_FIELD(live, field, to) read_at(live, to, sizeof *(to), offsetof(struct page, field))

static int check_page(const struct liveness *live)
{
	struct stat st;
	uint64_t magic;
	int r;

	if (fstat(live->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = READ_FIELD(live, magic, &magic);
	if (r < 0)
		return r;
	return magic == PAGE_MAGIC && st.st_size == sizeof(struct page) ? 0 : -EINVAL;
}

int liveness_open(const char *run_dir, struct liveness **ret_live)
{
	char path[4096];
	AUTO_FD fd = -1;
	struct liveness *live;
	int r = page_path(run_dir, path);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	r = handle_new(&fd, NULL, &live);
	if (r < 0)
		return r;
	r = check_page(live);
	if (r < 0)
		liveness_free(live);
	else
		*ret_live = live;
	return r;
}

int liveness_pid(const struct liveness *live, pid_t *ret_pid)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(live->fd, F_GETLK, &lock) < 0)
		return -errno;
	/* fcntl(2): without a pid the lock is a remote one or an open file description's; neither is lbd's. */
	*ret_pid = lock.l_type != F_UNLCK && lock.l_pid > 0 ? lock.l_pid : 0;
	return 0;
}

bool liveness_is_current(const struct liveness *live, const char *run_dir)
{
	char path[4096];
	struct stat here, there;

	if (page_path(run_dir, path) < 0 || fstat(live->fd, &here) < 0 || lstat(path, &there) < 0)
		return false;
	return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

void liveness_read(const struct liveness *live, struct liveness_state *ret_state)
{
	struct liveness_state state = {0};
	uint32_t loops;
	uint8_t bound, checked;

	if (READ_FIELD(live, loops, &loops) < 0 || READ_FIELD(live, bound, &bound) < 0 ||
		READ_FIELD(live, checked, &checked) < 0 || READ_FIELD(live, beats, &state.beats) < 0) {
		*ret_state = (struct liveness_state){0};
		return;
	}
	state.loops = MIN(loops, (uint32_t)LIVENESS_LOOPS_MAX);
	state.bound = bound != 0;
	state.checked = checked != 0;
	*ret_state = state;
}

/* So many services are read at once. */
#define CHUNK ((size_t)64)

static int read_chunk(const struct liveness *live, size_t first, size_t count, struct liveness_service *ret_services)
{
	struct page_service chunk[CHUNK];
	int r = read_at(
		live, chunk, count * sizeof chunk[0], offsetof(struct page, services) + first * sizeof chunk[0]);

	for (size_t i = 0; r == 0 && i < count; i++) {
		memcpy(ret_services[i].name, chunk[i].name, LIVENESS_NAME_MAX);
		ret_services[i].name[LIVENESS_NAME_MAX - 1] = '\0';
		ret_services[i].up = chunk[i].up != 0;
	}
	return r;
}

int liveness_read_services(const struct liveness *live, struct liveness_service *ret_services, size_t capacity)
{
	const size_t limit = MIN(capacity, (size_t)LIVENESS_SERVICES_MAX);
	uint32_t before, after, count;

	if (READ_FIELD(live, sequence, &before) < 0 || READ_FIELD(live, service_count, &count) < 0)
		return -EINVAL;
	if (before % 2 != 0)
		return -EAGAIN;
	count = MIN(count, (uint32_t)limit);
	for (size_t i = 0; i < count; i += CHUNK) {
		if (read_chunk(live, i, MIN(count - i, CHUNK), ret_services + i) < 0)
			return -EINVAL;
	}
	if (READ_FIELD(live, sequence, &after) < 0)
		return -EINVAL;
	return before == after ? (int)count : -EAGAIN;
}

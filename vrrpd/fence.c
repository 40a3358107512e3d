/* SPDX-License-Identifier: MIT */
#include "vrrpd/fence.h"

#include "common/system/crypto.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE_MAGIC UINT64_C(0x76727270642e6631) /* "vrrpd.f1" */
/* The writer publishes when something changed, which does not happen this often within the time of a copy. */
#define READ_ATTEMPTS 100

struct slot_vip {
	struct fence_vip vip; /* its pointer means nothing in the other process */
	uint32_t first_address;
};

struct slot {
	struct key key;
	uint32_t vip_count;
	struct slot_vip vips[FENCE_VIPS_MAX];
	struct prefix addresses[FENCE_ADDRESSES_MAX];
};

struct page {
	uint64_t magic;
	_Atomic uint64_t progress;
	_Atomic uint64_t guardian_progress;
	_Atomic int64_t threshold_ns;
	_Atomic bool dismissed;
	_Atomic uint64_t epoch;
	_Atomic uint64_t sequence;
	_Atomic pid_t programs[FENCE_PROGRAMS_MAX];
	/* Publications so far: number n stands in slots[n % 2], and only n + 2 overwrites it. */
	_Atomic uint64_t published;
	struct slot slots[2];
};

struct fence {
	int fd;
	struct page *page;
};

struct fence_copy {
	struct slot slot;
	struct fence_vip vips[FENCE_VIPS_MAX];
};

/* Takes the descriptor over, on success. */
static int map_page(int *fd, struct fence **ret_fence)
{
	AUTO_FREE struct fence *fence = calloc(1, sizeof *fence);

	if (fence == NULL)
		return -ENOMEM;
	fence->page = mmap(NULL, sizeof *fence->page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *fd, 0);
	if (fence->page == MAP_FAILED)
		return -errno;
	/* Neither is needed to go on: the limits of a test run may forbid the one, an old kernel the other. */
	(void)mlock(fence->page, sizeof *fence->page);
	(void)madvise(fence->page, sizeof *fence->page, MADV_DONTDUMP);
	fence->fd = fd_take(fd);
	*ret_fence = TAKE(fence);
	return 0;
}

int fence_create(struct fence **ret_fence)
{
	AUTO_FD fd = memfd_create("vrrpd-fence", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	/* Allocated and of a fixed size from now on, so that no access raises SIGBUS. */
	r = posix_fallocate(fd, 0, sizeof(struct page));
	if (r != 0)
		return -r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	r = map_page(&fd, ret_fence);
	if (r < 0)
		return r;
	(*ret_fence)->page->magic = PAGE_MAGIC;
	return 0;
}

int fence_map(int fd, struct fence **ret_fence)
{
	struct fence *fence;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size != sizeof(struct page))
		return -EINVAL;
	r = map_page(&(int){fd}, &fence);
	if (r < 0)
		return r;
	if (fence->page->magic != PAGE_MAGIC) {
		fence->fd = -1;
		fence_free(fence);
		return -EINVAL;
	}
	*ret_fence = fence;
	return 0;
}

int fence_fd(const struct fence *fence)
{
	return fence->fd;
}

void fence_free(struct fence *fence)
{
	if (fence == NULL)
		return;
	munmap(fence->page, sizeof *fence->page);
	fd_close(&fence->fd);
	free(fence);
}

void fence_wipe(struct fence *fence)
{
	for (size_t i = 0; i < ARRAY_LEN(fence->page->slots); i++)
		crypto_wipe(&fence->page->slots[i].key, sizeof fence->page->slots[i].key);
}

void fence_progress(struct fence *fence)
{
	atomic_fetch_add_explicit(&fence->page->progress, 1, memory_order_relaxed);
}

uint64_t fence_progress_count(const struct fence *fence)
{
	return atomic_load_explicit(&fence->page->progress, memory_order_relaxed);
}

void fence_guardian_progress(struct fence *fence)
{
	atomic_fetch_add_explicit(&fence->page->guardian_progress, 1, memory_order_relaxed);
}

uint64_t fence_guardian_progress_count(const struct fence *fence)
{
	return atomic_load_explicit(&fence->page->guardian_progress, memory_order_relaxed);
}

void fence_set_threshold(struct fence *fence, int64_t threshold_ns)
{
	atomic_store(&fence->page->threshold_ns, threshold_ns);
}

int64_t fence_threshold_ns(const struct fence *fence)
{
	return atomic_load(&fence->page->threshold_ns);
}

void fence_dismiss(struct fence *fence)
{
	atomic_store(&fence->page->dismissed, true);
}

bool fence_is_dismissed(const struct fence *fence)
{
	return atomic_load(&fence->page->dismissed);
}

uint64_t fence_epoch(const struct fence *fence)
{
	return atomic_load(&fence->page->epoch);
}

void fence_raise_epoch(struct fence *fence)
{
	atomic_fetch_add(&fence->page->epoch, 1);
}

_Atomic pid_t *fence_programs(struct fence *fence, size_t *ret_count)
{
	*ret_count = ARRAY_LEN(fence->page->programs);
	return fence->page->programs;
}

/* What is published. */

static void write_slot(struct slot *slot, const struct fence_vip *vips, size_t count, const struct key *key)
{
	uint32_t address_count = 0;

	slot->key = key != NULL ? *key : (struct key){0};
	slot->vip_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		slot->vips[i] = (struct slot_vip){.vip = vips[i], .first_address = address_count};
		slot->vips[i].vip.addresses = NULL;
		for (size_t j = 0; j < vips[i].address_count; j++)
			slot->addresses[address_count++] = vips[i].addresses[j];
	}
}

int fence_publish(struct fence *fence, const struct fence_vip *vips, size_t count, const struct key *key)
{
	struct page *page = fence->page;
	uint64_t next = atomic_load(&page->published) + 1;
	size_t address_count = 0;

	if (count > FENCE_VIPS_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < count; i++) {
		if (vips[i].address_count > FENCE_ADDRESSES_MAX - address_count)
			return -ENOSPC;
		address_count += vips[i].address_count;
	}
	/* The slot must not change before the reader can see that the other one is the last. */
	atomic_thread_fence(memory_order_seq_cst);
	write_slot(&page->slots[next % 2], vips, count, key);
	atomic_store(&page->published, next);
	return 0;
}

int fence_copy_new(struct fence_copy **ret_copy)
{
	struct fence_copy *copy = calloc(1, sizeof *copy);

	if (copy == NULL)
		return -ENOMEM;
	*ret_copy = copy;
	return 0;
}

void fence_copy_free(struct fence_copy *copy)
{
	if (copy == NULL)
		return;
	crypto_wipe(&copy->slot.key, sizeof copy->slot.key);
	free(copy);
}

static void expand_vips(struct fence_copy *copy)
{
	for (size_t i = 0; i < copy->slot.vip_count; i++) {
		copy->vips[i] = copy->slot.vips[i].vip;
		copy->vips[i].addresses = copy->slot.addresses + copy->slot.vips[i].first_address;
	}
}

int fence_read(const struct fence *fence, struct fence_copy *copy)
{
	const struct page *page = fence->page;

	for (int i = 0; i < READ_ATTEMPTS; i++) {
		uint64_t published = atomic_load(&page->published);

		memcpy(&copy->slot, &page->slots[published % 2], sizeof copy->slot);
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load(&page->published) == published) {
			expand_vips(copy);
			return 0;
		}
	}
	return -EAGAIN;
}

const struct fence_vip *fence_copy_vips(const struct fence_copy *copy, size_t *ret_count)
{
	*ret_count = copy->slot.vip_count;
	return copy->vips;
}

const struct key *fence_copy_key(const struct fence_copy *copy)
{
	return copy->slot.key.id != 0 ? &copy->slot.key : NULL;
}

/* The sequence of signed adverts. */

uint64_t fence_next_sequence(struct fence *fence, uint64_t clock_sequence)
{
	uint64_t last = atomic_load(&fence->page->sequence);
	uint64_t next;

	do {
		next = advert_sequence_after(last, clock_sequence);
	} while (!atomic_compare_exchange_weak(&fence->page->sequence, &last, next));
	return next;
}

uint64_t fence_last_sequence(const struct fence *fence)
{
	return atomic_load(&fence->page->sequence);
}

void fence_set_sequence(struct fence *fence, uint64_t sequence)
{
	atomic_store(&fence->page->sequence, sequence);
}

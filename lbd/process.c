/* SPDX-License-Identifier: MIT */
#include "lbd/process.h"

#include "common/pure/mono.h"
#include "common/system/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	/* ".", ".." and the directory's own. */
	return count - MIN(count, (uint64_t)3);
}

static uint64_t most_fds(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

static void look_at_memory(struct process_sample *sample)
{
	FILE *file = fopen("/proc/self/statm", "re");
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), all, resident;

	if (file == NULL)
		return;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &all, &resident) == 2) {
		sample->virtual_bytes = all * page;
		sample->resident_bytes = resident * page;
	}
	fclose(file);
}

void process_look(int64_t started_at_s, struct process_sample *ret_sample)
{
	*ret_sample = (struct process_sample){
		.open_fds = count_fds(),
		.max_fds = most_fds(),
		.started_at_s = started_at_s,
		.cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID),
	};
	look_at_memory(ret_sample);
}

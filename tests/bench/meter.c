/* SPDX-License-Identifier: MIT */
#include "tests/bench/meter.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static void auto_close_(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}
#define AUTO_FILE AUTO(auto_close_) FILE

static void auto_closedir_(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

/* The first number of the line that begins with `name`. */
static int read_number(const char *path, const char *name, int64_t *ret_value)
{
	AUTO_FILE *file = fopen(path, "re");
	size_t length = strlen(name);
	char line[512];

	if (file == NULL)
		return -errno;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, name, length) == 0 && sscanf(line + length, "%" SCNd64, ret_value) == 1)
			return 0;
	}
	return -ENODATA;
}

/* A thread may have ended since the directory was read. */
static int add_threads(pid_t pid, int64_t *run_ns)
{
	char path[64 + sizeof((struct dirent *)NULL)->d_name];
	AUTO(auto_closedir_) DIR *dir = NULL;
	struct dirent *entry;
	int64_t thread_ns;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
		if (read_number(path, "", &thread_ns) == 0)
			*run_ns += thread_ns;
	}
	return 0;
}

/* proc(5), stat: user, nice, system, idle, iowait, irq, softirq, steal. */
static int read_busy(int processor, int64_t *ret_ns)
{
	AUTO_FILE *file = fopen("/proc/stat", "re");
	int64_t ticks[8];
	char line[512], format[16];
	int at = 0;

	if (file == NULL)
		return -errno;
	snprintf(format, sizeof format, "cpu%d ", processor);
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, format, strlen(format)) != 0)
			continue;
		for (size_t i = 0, from = strlen(format); i < ARRAY_LEN(ticks); i++, from += (size_t)at) {
			if (sscanf(line + from, "%" SCNd64 "%n", &ticks[i], &at) != 1)
				return -EBADMSG;
		}
		*ret_ns = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]) *
			  (NS_PER_S / sysconf(_SC_CLK_TCK));
		return 0;
	}
	return -ENODATA;
}

static int add_process(pid_t pid, struct meter *meter)
{
	int64_t kilobytes = 0;
	char path[64];
	int r = add_threads(pid, &meter->run_ns);

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	if (r == 0)
		r = read_number(path, "Pss_Anon:", &kilobytes);
	meter->user_bytes += (uint64_t)kilobytes * 1024;
	return r;
}

int meter_read(const struct meter_subject *subject, struct meter *ret_meter)
{
	struct meter meter = {0};
	int64_t slab_kilobytes = 0;
	int r = read_number("/proc/meminfo", "Slab:", &slab_kilobytes);

	for (size_t i = 0; r == 0 && i < subject->count; i++)
		r = add_process(subject->pids[i], &meter);
	if (r == 0 && subject->kernel_thread != 0)
		r = add_threads(subject->kernel_thread, &meter.run_ns);
	if (r == 0 && subject->processor >= 0)
		r = read_busy(subject->processor, &meter.busy_ns);
	if (r < 0)
		return r;
	meter.slab_bytes = (uint64_t)slab_kilobytes * 1024;
	*ret_meter = meter;
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/vitals.h"

#include "common/system/fd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void vitals_open(pid_t pid, struct vitals *ret_vitals)
{
	*ret_vitals = (struct vitals){
		.stat_fd = open_of(pid, "stat"),
		.schedstat_fd = open_of(pid, "schedstat"),
		.place_fd = open_of(pid, "wchan"),
	};
}

void vitals_close(struct vitals *vitals)
{
	fd_close(&vitals->stat_fd);
	fd_close(&vitals->schedstat_fd);
	fd_close(&vitals->place_fd);
}

/* Empty: it cannot be read. */
static void read_text(int fd, char *text, size_t size)
{
	ssize_t length = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	text[MAX(length, 0)] = '\0';
}

char vitals_state(const struct vitals *vitals)
{
	char text[1024];
	const char *name_end;

	read_text(vitals->stat_fd, text, sizeof text);
	/* The second field is a name in brackets, and may hold anything; the third is the state. */
	name_end = strrchr(text, ')');
	return name_end != NULL && name_end[1] == ' ' && name_end[2] != '\0' ? name_end[2] : '?';
}

int64_t vitals_ran_ns(const struct vitals *vitals)
{
	char text[128];
	int64_t ran_ns;

	read_text(vitals->schedstat_fd, text, sizeof text);
	return sscanf(text, "%" SCNd64, &ran_ns) == 1 ? ran_ns : -1;
}

void vitals_place(const struct vitals *vitals, char ret_place[static VITALS_PLACE_MAX])
{
	read_text(vitals->place_fd, ret_place, VITALS_PLACE_MAX);
	/* It runs, or is about to. */
	if (strcmp(ret_place, "0") == 0)
		ret_place[0] = '\0';
}

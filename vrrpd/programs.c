/* SPDX-License-Identifier: MIT */
#include "vrrpd/programs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 4096
#define WHY_MAX 512

/* In a directory with the sticky bit only a file's owner replaces it, and that is root. */
static const char *fault_of(const struct stat *st, bool is_program)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;

	if (is_program && !S_ISREG(st->st_mode))
		return "is no file";
	if (is_program && (st->st_mode & S_IXUSR) == 0)
		return "is not executable";
	if (st->st_uid != 0)
		return "does not belong to root";
	if ((st->st_mode & S_IWOTH) != 0 && !sticky)
		return "can be written by others";
	if ((st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 && !sticky)
		return "can be written by its group";
	return NULL;
}

static int refuse(const char *path, const char *fault, char *why, size_t size)
{
	snprintf(why, size, "%s %s", path, fault);
	return -EACCES;
}

/* The path with its symbolic links resolved, so that each directory that counts is looked at. */
static int check_resolved(char *path, char *why, size_t size)
{
	for (bool is_program = true; *path != '\0'; is_program = false) {
		char *slash = strrchr(path, '/');
		struct stat st;
		const char *fault;

		if (lstat(path, &st) < 0)
			return refuse(path, strerrordesc_np(errno), why, size);
		fault = fault_of(&st, is_program);
		if (fault != NULL)
			return refuse(path, fault, why, size);
		if (slash == NULL || strcmp(path, "/") == 0)
			break;
		slash[slash == path ? 1 : 0] = '\0';
	}
	return 0;
}

int program_check(const char *path, char *why, size_t size)
{
	char resolved[PATH_SIZE];

	if (path[0] != '/')
		return refuse(path, "is no absolute path", why, size);
	if (realpath(path, resolved) == NULL)
		return refuse(path, strerrordesc_np(errno), why, size);
	return check_resolved(resolved, why, size);
}

static int check_one(const struct vip_conf *vip, const char *program, struct text *errors)
{
	char why[WHY_MAX];

	if (*program == '\0' || program_check(program, why, sizeof why) == 0)
		return 0;
	text_addf(errors, "vip %s: the program %s, which vrrpd is to run as root, is refused: %s\n", vip->name, program,
		why);
	return -EACCES;
}

int programs_check(const struct conf *conf, struct text *errors)
{
	bool refused = false;

	for (size_t i = 0; i < conf->vip_count; i++) {
		const struct vip_conf *vip = &conf->vips[i];

		refused |= check_one(vip, vip->notify, errors) < 0;
		for (size_t k = 0; k < vip->track_script_count; k++)
			refused |= check_one(vip, vip->track_scripts[k].name, errors) < 0;
	}
	return refused ? -EACCES : 0;
}

/* SPDX-License-Identifier: MIT */
#include "vrrpd/settings.h"

#include "common/system/fd.h"
#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_NAME "settings"
#define PATH_MAX_LENGTH 4096
#define ENTRIES_MAX 1024

struct settings {
	char path[PATH_MAX_LENGTH];
	char new_path[PATH_MAX_LENGTH];
	struct settings_entry entries[ENTRIES_MAX];
	size_t count;
};

static const char *const texts[] = {
	[SETTINGS_ARP_IGNORE] = "arp_ignore",
	[SETTINGS_ARP_ANNOUNCE] = "arp_announce",
};
static_assert(ARRAY_LEN(texts) == SETTINGS_COUNT, "a setting has no name");

const char *settings_text(enum settings_name name)
{
	return texts[name];
}

/* The record. */

const char *settings_line(const struct settings_entry *entry, char buffer[static SETTINGS_LINE_MAX])
{
	snprintf(buffer, SETTINGS_LINE_MAX, "%d %s %d %d", entry->ifindex, texts[entry->name], entry->before,
		entry->ours);
	return buffer;
}

bool settings_parse(const char *line, struct settings_entry *ret_entry)
{
	struct settings_entry entry;
	char text[24], extra;

	if (sscanf(line, "%9d %23s %9d %9d %c", &entry.ifindex, text, &entry.before, &entry.ours, &extra) != 4 ||
		entry.ifindex <= 0 || entry.before < 0 || entry.ours < 0)
		return false;
	for (enum settings_name name = 0; name < SETTINGS_COUNT; name++) {
		if (strcmp(texts[name], text) != 0)
			continue;
		entry.name = name;
		*ret_entry = entry;
		return true;
	}
	return false;
}

static void load(struct settings *settings)
{
	AUTO_FD fd = open(settings->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	char line[SETTINGS_LINE_MAX];

	if (file == NULL)
		return;
	(void)fd_take(&fd);
	while (settings->count < ENTRIES_MAX && fgets(line, sizeof line, file) != NULL)
		settings->count += settings_parse(line, &settings->entries[settings->count]);
	fclose(file);
}

static int save(const struct settings *settings)
{
	AUTO_FD fd = open(settings->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < settings->count; i++) {
		char line[SETTINGS_LINE_MAX];

		if (dprintf(fd, "%s\n", settings_line(&settings->entries[i], line)) < 0)
			return -EIO;
	}
	return rename(settings->new_path, settings->path) < 0 ? -errno : 0;
}

/* The kernel's side. */

static int open_setting(int ifindex, enum settings_name name, int flags)
{
	char interface[IF_NAMESIZE], path[128];
	int fd;

	if (if_indextoname((unsigned)ifindex, interface) == NULL)
		return -ENODEV;
	snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/%s", interface, texts[name]);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_setting(int ifindex, enum settings_name name, int *ret_value)
{
	AUTO_FD fd = open_setting(ifindex, name, O_RDONLY);
	char text[16] = "";

	if (fd < 0)
		return fd;
	if (read(fd, text, sizeof text - 1) < 0)
		return -errno;
	return sscanf(text, "%9d", ret_value) == 1 ? 0 : -EIO;
}

static int write_setting(int ifindex, enum settings_name name, int value)
{
	AUTO_FD fd = open_setting(ifindex, name, O_WRONLY);

	if (fd < 0)
		return fd;
	return dprintf(fd, "%d", value) < 0 ? -errno : 0;
}

/* An interface that is gone took its settings along; a value that is not ours is somebody else's wish. */
static void put_back(const struct settings_entry *entry)
{
	int now, r = read_setting(entry->ifindex, entry->name, &now);

	if (r < 0 || now != entry->ours)
		return;
	r = write_setting(entry->ifindex, entry->name, entry->before);
	if (r < 0)
		log_warning("a setting of an interface could not be put back", log_int("ifindex", entry->ifindex),
			log_str("setting", texts[entry->name]), log_errno(r));
}

static void put_all_back(struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		put_back(&settings->entries[i]);
	settings->count = 0;
	(void)unlink(settings->path);
}

int settings_open(const char *run_dir, struct settings **ret_settings)
{
	struct settings *settings = calloc(1, sizeof *settings);

	if (settings == NULL)
		return -ENOMEM;
	snprintf(settings->path, sizeof settings->path, "%s/" RECORD_NAME, run_dir);
	snprintf(settings->new_path, sizeof settings->new_path, "%s/" RECORD_NAME ".new", run_dir);
	load(settings);
	if (settings->count > 0)
		log_warning("settings of interfaces that an earlier run changed are put back",
			log_uint("count", settings->count));
	put_all_back(settings);
	*ret_settings = settings;
	return 0;
}

void settings_close(struct settings *settings)
{
	if (settings == NULL)
		return;
	put_all_back(settings);
	free(settings);
}

static struct settings_entry *find(struct settings *settings, int ifindex, enum settings_name name)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->entries[i].ifindex == ifindex && settings->entries[i].name == name)
			return &settings->entries[i];
	}
	return NULL;
}

int settings_raise(struct settings *settings, int ifindex, enum settings_name name, int value)
{
	struct settings_entry *entry = find(settings, ifindex, name);
	int before, r = read_setting(ifindex, name, &before);

	if (r < 0 || before >= value)
		return r;
	if (entry == NULL && settings->count == ENTRIES_MAX)
		return -ENOSPC;
	if (entry == NULL)
		entry = &settings->entries[settings->count++];
	*entry = (struct settings_entry){.ifindex = ifindex, .name = name, .before = before, .ours = value};
	/* First, so that a crash in between leaves no change without its record. */
	r = save(settings);
	return r < 0 ? r : write_setting(ifindex, name, value);
}

void settings_release(struct settings *settings, int ifindex)
{
	size_t kept = 0;

	for (size_t i = 0; i < settings->count; i++) {
		if (settings->entries[i].ifindex == ifindex)
			put_back(&settings->entries[i]);
		else
			settings->entries[kept++] = settings->entries[i];
	}
	if (kept == settings->count)
		return;
	settings->count = kept;
	/* Where the record cannot be written, the end or the next start finds values that are not ours, and leaves
	 * them. */
	if (kept == 0)
		(void)unlink(settings->path);
	else
		(void)!save(settings);
}

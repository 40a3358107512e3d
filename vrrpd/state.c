/* SPDX-License-Identifier: MIT */
#include "vrrpd/state.h"

#include "common/system/fd.h"
#include "common/system/log.h"
#include "common/system/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define FILE_NAME "vrrpd.json"
#define PATH_SIZE 4096

typedef char vip_name[64];

/* One file to be written: made and freed by whoever saves, so that the two threads' heaps do not meet. */
struct job {
	struct job *next;
	struct state state;
	char state_dir[PATH_SIZE];
};

static struct {
	_Atomic(struct job *) wanted; /* the last one that was saved; NULL: none is to be written */
	_Atomic(struct job *) done;   /* those that can be freed */
	_Atomic bool ending;
	int wake_fd;
	pthread_t thread;
	bool thread_runs;
} writer = {.wake_fd = -1};

static int read_names(const json_t *list, vip_name **ret_names, size_t *ret_count)
{
	size_t count = json_array_size(list), kept = 0;
	vip_name *names = calloc(MAX(count, (size_t)1), sizeof *names);

	if (names == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL || strlen(text) >= sizeof *names)
			continue;
		strcpy(names[kept++], text);
	}
	*ret_names = names;
	*ret_count = kept;
	return 0;
}

/* A string, since JSON's numbers need not hold 64 bits. 0 where there is none. */
static uint64_t read_sequence(const json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));
	uint64_t value;

	return text != NULL && text_to_u64(text, 0, UINT64_MAX, &value) == 0 ? value : 0;
}

int state_load(const char *state_dir, struct state *ret_state)
{
	char path[PATH_SIZE];
	json_error_t error;
	json_t *root;
	int r;

	*ret_state = (struct state){0};
	snprintf(path, sizeof path, "%s/" FILE_NAME, state_dir);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		log_warning("the state file cannot be read and is passed over", log_str("file", path),
			log_str("error", error.text));
		return 0;
	}
	ret_state->sequence = read_sequence(root, "sequence");
	ret_state->peer_sequence = read_sequence(root, "peer_sequence");
	ret_state->maintenance = json_is_true(json_object_get(root, "maintenance"));
	r = read_names(json_object_get(root, "yielding"), &ret_state->yielding, &ret_state->yielding_count);
	if (r == 0)
		r = read_names(json_object_get(root, "lent"), &ret_state->lent, &ret_state->lent_count);
	json_decref(root);
	if (r < 0)
		state_free(ret_state);
	return r;
}

static bool is_among(const vip_name *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0)
			return true;
	}
	return false;
}

bool state_is_yielding(const struct state *state, const char *vip)
{
	return is_among(state->yielding, state->yielding_count, vip);
}

bool state_is_lent(const struct state *state, const char *vip)
{
	return is_among(state->lent, state->lent_count, vip);
}

void state_free(struct state *state)
{
	free(state->yielding);
	free(state->lent);
	*state = (struct state){0};
}

static int write_file(const char *state_dir, const char *text)
{
	static const char temporary[] = FILE_NAME ".new";
	AUTO_FD dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD fd = -1;
	size_t length = strlen(text);

	if (dir < 0)
		return -errno;
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		return errno != 0 ? -errno : -ENOSPC;
	if (fsync(fd) < 0 || renameat(dir, temporary, dir, FILE_NAME) < 0 || fsync(dir) < 0)
		return -errno;
	return 0;
}

static json_t *sequence_json(uint64_t sequence)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)sequence);
	return json_string(text);
}

static json_t *names_json(const vip_name *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static char *print(const struct state *state)
{
	json_t *root = json_pack("{s:o, s:o, s:b, s:o, s:o}", "sequence", sequence_json(state->sequence),
		"peer_sequence", sequence_json(state->peer_sequence), "maintenance", state->maintenance, "yielding",
		names_json(state->yielding, state->yielding_count), "lent", names_json(state->lent, state->lent_count));
	char *text;

	text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	return text;
}

static void write_job(struct job *job)
{
	AUTO_FREE char *text = print(&job->state);
	int r = text != NULL ? write_file(job->state_dir, text) : -ENOMEM;

	if (r < 0)
		log_error("the state file could not be written", log_str("dir", job->state_dir), log_errno(r));
	job->next = atomic_load(&writer.done);
	while (!atomic_compare_exchange_weak(&writer.done, &job->next, job))
		continue;
}

static void *writer_main(void *unused)
{
	eventfd_t count;

	(void)unused;
	for (;;) {
		/* Looked at first: what was saved before the end began is written. */
		bool ends = atomic_load(&writer.ending);
		struct job *job = atomic_exchange(&writer.wanted, NULL);

		if (job != NULL)
			write_job(job);
		else if (ends)
			return NULL;
		else
			(void)eventfd_read(writer.wake_fd, &count);
	}
}

int state_start(void)
{
	int r;

	assert(!writer.thread_runs);
	writer.wake_fd = eventfd(0, EFD_CLOEXEC);
	if (writer.wake_fd < 0)
		return -errno;
	atomic_store(&writer.ending, false);
	r = thread_start(&writer.thread, "vrrpd-state", writer_main, NULL);
	writer.thread_runs = r == 0;
	if (r < 0)
		fd_close(&writer.wake_fd);
	return r;
}

static void free_job(struct job *job)
{
	if (job == NULL)
		return;
	state_free(&job->state);
	free(job);
}

static void free_done(void)
{
	struct job *job = atomic_exchange(&writer.done, NULL), *next;

	for (; job != NULL; job = next) {
		next = job->next;
		free_job(job);
	}
}

static bool copy_names(const vip_name *names, size_t count, vip_name **ret_copy)
{
	vip_name *copy = calloc(MAX(count, (size_t)1), sizeof *copy);

	if (copy == NULL)
		return false;
	if (count > 0)
		memcpy(copy, names, count * sizeof *copy);
	*ret_copy = copy;
	return true;
}

static struct job *new_job(const char *state_dir, const struct state *state)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->state = *state;
	job->state.yielding = job->state.lent = NULL;
	snprintf(job->state_dir, sizeof job->state_dir, "%s", state_dir);
	if (!copy_names(state->yielding, state->yielding_count, &job->state.yielding) ||
		!copy_names(state->lent, state->lent_count, &job->state.lent)) {
		free_job(job);
		return NULL;
	}
	return job;
}

void state_save(const char *state_dir, const struct state *state)
{
	struct job *job = new_job(state_dir, state);

	free_done();
	if (job == NULL) {
		log_error("the state file is not written: no memory");
		return;
	}
	free_job(atomic_exchange(&writer.wanted, job));
	if (writer.thread_runs)
		(void)eventfd_write(writer.wake_fd, 1);
}

void state_stop(void)
{
	struct job *job;

	if (writer.thread_runs) {
		atomic_store(&writer.ending, true);
		(void)eventfd_write(writer.wake_fd, 1);
		pthread_join(writer.thread, NULL);
		writer.thread_runs = false;
		fd_close(&writer.wake_fd);
	}
	job = atomic_exchange(&writer.wanted, NULL);
	if (job != NULL)
		write_job(job);
	free_done();
}

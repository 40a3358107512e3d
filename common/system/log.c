/* SPDX-License-Identifier: MIT */
#include "common/system/log.h"

#include "common/pure/mono.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/log_ring.h"
#include "common/system/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some thousand lines: 200 vips that move at once say a few each. */
#define RING_SIZE ((size_t)512 * 1024)
/* How long a full stderr is waited for before it is looked whether the end has come. */
#define STDERR_WAIT_MS 100
#define FLUSH_NS (100 * NS_PER_MS)
#define FAREWELL_NS NS_PER_S
/* How long a line is waited for that is just being put in, and how often a flush looks. */
#define MOMENT_NS NS_PER_MS

static const struct {
	const char *name;
	char journal_prefix[4];
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", "<3>"},
	[LOG_LEVEL_WARNING] = {"warning", "<4>"},
	[LOG_LEVEL_INFO] = {"info", "<6>"},
	[LOG_LEVEL_DEBUG] = {"debug", "<7>"},
};

static _Atomic enum log_level log_level = LOG_LEVEL_INFO;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t lost; /* lines since the last one that went out */
static bool to_journal;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;

/* The thread that writes. The ring stays once it is there: somebody may still look at it. */
static struct log_ring *ring;
static _Atomic bool has_writer; /* lines go into the ring */
static _Atomic bool ending;
static _Atomic bool asleep; /* the writer waits for the descriptor */
static int wake_fd = -1;
static pthread_t writer;

/* sd-daemon(3): JOURNAL_STREAM names the device and inode of the stream that leads to the journal. */
static void detect_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &st) < 0)
		return;
	to_journal = st.st_dev == device && st.st_ino == inode;
}

static void line_add_char(struct log_line *line, char c)
{
	if (line->length < sizeof line->bytes - 1)
		line->bytes[line->length++] = c;
}

static void line_add(struct log_line *line, const char *text)
{
	while (*text != '\0')
		line_add_char(line, *text++);
}

static bool needs_quotes(const char *value)
{
	if (*value == '\0')
		return true;
	for (; *value != '\0'; value++) {
		if ((unsigned char)*value <= ' ' || *value == '"' || *value == '=' || *value == '\\' || *value == 127)
			return true;
	}
	return false;
}

static void line_add_value(struct log_line *line, const char *value)
{
	if (!needs_quotes(value)) {
		line_add(line, value);
		return;
	}
	line_add_char(line, '"');
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\') {
			line_add_char(line, '\\');
			line_add_char(line, *value);
		} else if (c < ' ' || c == 127) {
			char escaped[8];

			snprintf(escaped, sizeof escaped, "\\x%02x", c);
			line_add(line, escaped);
		} else {
			line_add_char(line, *value);
		}
	}
	line_add_char(line, '"');
}

static void line_add_field(struct log_line *line, const struct log_field *field)
{
	char value[64];

	line_add_char(line, ' ');
	line_add(line, field->key);
	line_add_char(line, '=');
	switch (field->type) {
	case LOG_FIELD_STRING:
		line_add_value(line, field->string != NULL ? field->string : "-");
		return;
	case LOG_FIELD_SIGNED:
		snprintf(value, sizeof value, "%lld", (long long)field->i);
		break;
	case LOG_FIELD_UNSIGNED:
		snprintf(value, sizeof value, "%llu", (unsigned long long)field->u);
		break;
	case LOG_FIELD_SPAN_MS:
		snprintf(value, sizeof value, "%.3fms", (double)field->i / (double)NS_PER_MS);
		break;
	case LOG_FIELD_IP:
		ip_text(field->ip, value);
		break;
	case LOG_FIELD_ENDPOINT:
		endpoint_text(field->endpoint, value);
		break;
	}
	line_add(line, value);
}

void log_line_format(struct log_line *line, enum log_level level, const char *message, const struct log_field *fields)
{
	pthread_once(&journal_once, detect_journal);
	line->length = 0;
	if (to_journal)
		line_add(line, levels[level].journal_prefix);
	line_add(line, "level=");
	line_add(line, levels[level].name);
	line_add(line, " msg=");
	line_add_value(line, message);
	for (; fields->key != NULL; fields++)
		line_add_field(line, fields);
	line->bytes[line->length++] = '\n';
}

static bool send_locked(const struct log_line *line)
{
	struct pollfd stderr_poll = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&stderr_poll, 1, 0) != 1 || (stderr_poll.revents & POLLOUT) == 0)
		return false;
	return write(STDERR_FILENO, line->bytes, line->length) == (ssize_t)line->length;
}

bool log_line_send(const struct log_line *line)
{
	bool sent;

	pthread_mutex_lock(&mutex);
	sent = send_locked(line);
	pthread_mutex_unlock(&mutex);
	return sent;
}

struct log_field log_errno(int negative_errno)
{
	/* strerrordesc_np gives constant strings, so that the field may outlive the call and threads do not meet. */
	const char *text = strerrordesc_np(-negative_errno);

	return log_str("error", text != NULL ? text : "unknown error");
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

static void format_lost(struct log_line *line, uint64_t lines)
{
	log_line_format(line, LOG_LEVEL_WARNING, "log lines lost, stderr was full",
		(const struct log_field[]){log_uint("lines", lines), {0}});
}

/* Without a thread that writes. */
static void write_here(enum log_level level, const char *message, const struct log_field *fields)
{
	struct log_line line;

	pthread_mutex_lock(&mutex);
	if (lost > 0) {
		format_lost(&line, lost);
		if (send_locked(&line))
			lost = 0;
	}
	log_line_format(&line, level, message, fields);
	if (lost > 0 || !send_locked(&line))
		lost++;
	pthread_mutex_unlock(&mutex);
}

static void wake(void)
{
	if (atomic_exchange(&asleep, false))
		(void)eventfd_write(wake_fd, 1);
}

static void hand_over(enum log_level level, const char *message, const struct log_field *fields)
{
	uint64_t before = atomic_exchange(&lost, 0);
	struct log_line line;

	if (before > 0) {
		format_lost(&line, before);
		if (!log_ring_push(ring, line.bytes, line.length))
			atomic_fetch_add(&lost, before);
	}
	log_line_format(&line, level, message, fields);
	if (!log_ring_push(ring, line.bytes, line.length))
		atomic_fetch_add(&lost, 1);
	wake();
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
	int saved_errno = errno;

	if (level > log_level)
		return;
	if (atomic_load(&has_writer))
		hand_over(level, message, fields);
	else
		write_here(level, message, fields);
	errno = saved_errno;
}

/* The thread that writes. */

static void nap(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = MOMENT_NS}, NULL);
}

/* Waits for as long as it takes; from the end's beginning on until `*until`, which is set then. False: no longer. */
static bool send_patiently(const struct log_line *line, struct mono *until)
{
	struct pollfd at = {.fd = STDERR_FILENO, .events = POLLOUT};

	while (!log_line_send(line)) {
		if (atomic_load(&ending) && until->ns == 0)
			*until = mono_add(clock_mono(), FAREWELL_NS);
		if (until->ns != 0 && mono_reached(*until, clock_mono()))
			return false;
		/* Nobody reads any more, and will not again. */
		if (poll(&at, 1, STDERR_WAIT_MS) == 1 && (at.revents & (POLLERR | POLLNVAL)) != 0)
			return true;
	}
	return true;
}

/* What has been lost is said with the next line, or here when none comes. */
static bool tell_lost(struct log_line *line, struct mono *until)
{
	uint64_t lines = atomic_exchange(&lost, 0);

	if (lines == 0)
		return true;
	format_lost(line, lines);
	return send_patiently(line, until);
}

/* Until there is something in the ring, or the end has come. */
static void await_lines(void)
{
	eventfd_t count;

	atomic_store(&asleep, true);
	if (log_ring_is_empty(ring) && !atomic_load(&ending))
		(void)eventfd_read(wake_fd, &count);
	atomic_store(&asleep, false);
}

static void *writer_main(void *unused)
{
	static struct log_line line;
	struct mono until = {0};
	bool goes_on = true;

	(void)unused;
	while (goes_on) {
		line.length = log_ring_pop(ring, line.bytes, sizeof line.bytes);
		if (line.length > 0)
			goes_on = send_patiently(&line, &until);
		else if (!log_ring_is_empty(ring))
			nap();
		else if (!tell_lost(&line, &until) || atomic_load(&ending))
			goes_on = false;
		else
			await_lines();
	}
	return NULL;
}

int log_start(void)
{
	int r = 0;

	assert(!atomic_load(&has_writer));
	if (ring == NULL)
		r = log_ring_new(RING_SIZE, &ring);
	if (r < 0)
		return r;
	wake_fd = eventfd(0, EFD_CLOEXEC);
	if (wake_fd < 0)
		return -errno;
	atomic_store(&ending, false);
	r = thread_start(&writer, "log", writer_main, NULL);
	if (r < 0)
		fd_close(&wake_fd);
	atomic_store(&has_writer, r == 0);
	return r;
}

void log_stop(void)
{
	if (!atomic_exchange(&has_writer, false))
		return;
	atomic_store(&ending, true);
	(void)eventfd_write(wake_fd, 1);
	pthread_join(writer, NULL);
	fd_close(&wake_fd);
}

void log_flush(void)
{
	struct mono until = mono_add(clock_mono(), FLUSH_NS);

	while (atomic_load(&has_writer) && !(log_ring_is_empty(ring) && atomic_load(&asleep)) &&
		mono_before(clock_mono(), until))
		nap();
}

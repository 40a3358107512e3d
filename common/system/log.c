/* SPDX-License-Identifier: MIT */
#include "common/system/log.h"

#include "common/pure/mono.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
static uint64_t lost; /* lines since the last one that went out; under the mutex */
static bool to_journal;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;

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

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
	struct log_line line;
	int saved_errno = errno;

	if (level > log_level)
		return;
	pthread_mutex_lock(&mutex);
	if (lost > 0) {
		log_line_format(&line, LOG_LEVEL_WARNING, "log lines lost, stderr was full",
			(const struct log_field[]){log_uint("lines", lost), {0}});
		if (send_locked(&line))
			lost = 0;
	}
	log_line_format(&line, level, message, fields);
	if (lost > 0 || !send_locked(&line))
		lost++;
	pthread_mutex_unlock(&mutex);
	errno = saved_errno;
}

/* SPDX-License-Identifier: MIT */
/*
 * Log lines on stderr: `level=info msg="vip state" vip=web from=backup to=active`, with the journal's level prefix in
 * front where stderr is the journal (sd-daemon(3)).
 *
 *	log_info("vip state", log_str("vip", name), log_str("to", "active"));
 *
 * Logging never blocks: a line that stderr does not take at once is lost, and the next line that goes out is preceded
 * by one that says how many were lost. It may be called from any thread.
 *
 * A stderr on a slow disk is said to take everything at once, and does not. So a daemon has its lines written by a
 * thread (log_start): a line is then put into half a megabyte of memory, without a lock, and is lost only when that is
 * full. What has not been written when the process is killed or aborts is lost as well, and nobody says so; mostly it
 * is the last millisecond.
 */
#ifndef LBPAIR_COMMON_SYSTEM_LOG_H
#define LBPAIR_COMMON_SYSTEM_LOG_H

#include "common/pure/addr.h"
#include "common/pure/base.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

struct log_field {
	const char *key; /* NULL ends a list */
	enum log_field_type {
		LOG_FIELD_STRING,
		LOG_FIELD_SIGNED,
		LOG_FIELD_UNSIGNED,
		LOG_FIELD_SPAN_MS,
		LOG_FIELD_IP,
		LOG_FIELD_ENDPOINT,
	} type;
	union {
		const char *string; /* quoted where it has to be; NULL is written as `-` */
		int64_t i;
		uint64_t u;
		const struct ip *ip;
		const struct endpoint *endpoint;
	};
};

static inline struct log_field log_str(const char *key, const char *value)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_STRING, .string = value};
}
static inline struct log_field log_int(const char *key, int64_t value)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_SIGNED, .i = value};
}
static inline struct log_field log_uint(const char *key, uint64_t value)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_UNSIGNED, .u = value};
}
/* A span given in nanoseconds, printed in milliseconds with a fraction. */
static inline struct log_field log_ms(const char *key, int64_t span_ns)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_SPAN_MS, .i = span_ns};
}
static inline struct log_field log_ip(const char *key, const struct ip *ip)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_IP, .ip = ip};
}
static inline struct log_field log_endpoint(const char *key, const struct endpoint *endpoint)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_ENDPOINT, .endpoint = endpoint};
}
/* A negative errno as `error="No such device"`. */
struct log_field log_errno(int negative_errno);

/* Lines above `level` are not written. Before the first call it is info. */
void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *message, const struct log_field *fields);

/*
 * From here on a thread of its own writes the lines; until log_stop, which waits for them, a second at most where
 * stderr does not take them, and belongs before an execve(2). One thread calls them. Negative errno: lines are written
 * as before.
 */
MUST_USE int log_start(void);
void log_stop(void);
/* Waits a moment for what there is to be written: before an abort that has been explained. */
void log_flush(void);

/*
 * For a thread that writes many lines by itself, beside log_write: one line with its end, cut where it is too long, and
 * its way out. A pipe that poll(2) calls writable takes so much without blocking (pipe(7), PIPE_BUF).
 */
#define LOG_LINE_MAX 4096
struct log_line {
	char bytes[LOG_LINE_MAX];
	size_t length;
};
void log_line_format(struct log_line *line, enum log_level level, const char *message, const struct log_field *fields);
/* False: stderr does not take it now. */
MUST_USE bool log_line_send(const struct log_line *line);

#define LOG_AT(level, message, ...) log_write(level, message, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define log_error(message, ...) LOG_AT(LOG_LEVEL_ERROR, message __VA_OPT__(, ) __VA_ARGS__)
#define log_warning(message, ...) LOG_AT(LOG_LEVEL_WARNING, message __VA_OPT__(, ) __VA_ARGS__)
#define log_info(message, ...) LOG_AT(LOG_LEVEL_INFO, message __VA_OPT__(, ) __VA_ARGS__)
#define log_debug(message, ...) LOG_AT(LOG_LEVEL_DEBUG, message __VA_OPT__(, ) __VA_ARGS__)

#endif

/* SPDX-License-Identifier: MIT */
#include "lbd/checker.h"

#include "common/pure/text.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "lbd/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* One read; a check reads at most so often in one go. */
#define READ_SIZE 4096
#define READS_A_TURN 8

/* What exists only while a check is under way. */
struct attempt {
	struct mono began;
	struct text request; /* what is still to be sent */
	bool connected;
	union check_state state;
};

struct checker {
	struct loop *loop;
	struct checker_target target;
	const struct check_ops *ops;
	checker_fn *fn;
	void *context;
	uint32_t random;
	struct mono next;
	struct loop_timer timer; /* the next check, or the timeout of the one under way */
	struct loop_io io;
	int fd;
	struct attempt *attempt; /* NULL between checks */
};

static void on_next(struct loop_timer *timer, struct mono now);

static void attempt_free(struct checker *checker)
{
	/* Without lingering: a check leaves nothing behind, above all no TIME_WAIT, of which there would be many. */
	const struct linger linger = {.l_onoff = 1};

	if (checker->fd >= 0)
		(void)setsockopt(checker->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	loop_io_remove(checker->loop, &checker->io);
	fd_close(&checker->fd);
	if (checker->attempt != NULL)
		text_free(&checker->attempt->request);
	free(TAKE(checker->attempt));
}

/* Marsaglia's xorshift: enough to keep checks from marching in step. */
static uint32_t next_random(struct checker *checker)
{
	checker->random ^= checker->random << 13;
	checker->random ^= checker->random >> 17;
	checker->random ^= checker->random << 5;
	return checker->random;
}

/* An interval after the last one began, give or take a twentieth, but not before now. */
static struct mono next_time(struct checker *checker, struct mono now)
{
	int64_t interval_ns = checker->target.conf->interval_ns;
	int64_t jitter_ns = (int64_t)(next_random(checker) % 1024) * (interval_ns / 10240) - interval_ns / 20;
	struct mono next = mono_add(checker->next, interval_ns + jitter_ns);

	return mono_before(next, now) ? now : next;
}

static void finish(struct checker *checker, bool passed, const char *text)
{
	struct mono now = clock_mono();

	attempt_free(checker);
	checker->next = next_time(checker, now);
	/* Setting a timer again takes no memory; a checker without one would leave its server as it is for ever. */
	if (loop_timer_set(checker->loop, &checker->timer, checker->next, on_next) < 0)
		abort();
	checker->fn(checker->context, checker->target.place, passed, text);
}

static void finish_passed(struct checker *checker, const char *what)
{
	int64_t took_ns = mono_diff(clock_mono(), checker->attempt->began);
	char text[CHECK_TEXT_MAX + 32];

	snprintf(text, sizeof text, "%s in %lld ms", what, (long long)(took_ns / NS_PER_MS));
	finish(checker, true, text);
}

/* As one reads it in a sentence: "connection refused". */
static void finish_failed(struct checker *checker, int error)
{
	char text[CHECK_TEXT_MAX];
	const char *name = strerrordesc_np(error);

	snprintf(text, sizeof text, "%s", name != NULL ? name : "unknown error");
	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] = (char)(text[0] - 'A' + 'a');
	finish(checker, false, text);
}

static int socket_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

static void send_request(struct checker *checker)
{
	struct attempt *attempt = checker->attempt;

	while (attempt->request.length > 0) {
		ssize_t put = send(checker->fd, attempt->request.data, attempt->request.length, MSG_NOSIGNAL);
		int r;

		if (put < 0 && errno == EAGAIN)
			return;
		r = put < 0 ? -errno : 0;
		if (r == 0)
			text_consume(&attempt->request, (size_t)put);
		if (r == 0 && attempt->request.length == 0)
			r = loop_io_change(checker->loop, &checker->io, LOOP_READ);
		if (r < 0) {
			finish_failed(checker, -r);
			return;
		}
	}
}

/* Returns whether there may be more to read. */
static bool read_some(struct checker *checker)
{
	char bytes[READ_SIZE], text[CHECK_TEXT_MAX];
	ssize_t got = recv(checker->fd, bytes, sizeof bytes, 0);

	if (got < 0) {
		if (errno != EAGAIN)
			finish_failed(checker, errno);
		return false;
	}
	switch (checker->ops->feed(&checker->attempt->state, checker->target.conf, bytes, (size_t)got, text)) {
	case CHECK_MORE:
		return got > 0;
	case CHECK_PASSED:
		finish_passed(checker, text);
		break;
	case CHECK_FAILED:
		finish(checker, false, text);
		break;
	}
	return false;
}

static void on_connected(struct checker *checker)
{
	int error = socket_error(checker->fd);

	checker->attempt->connected = true;
	if (error != 0)
		finish_failed(checker, error);
	else if (checker->ops->request == NULL)
		finish_passed(checker, "connected");
	else
		send_request(checker);
}

static void on_socket(struct loop_io *io, unsigned events)
{
	struct checker *checker = CONTAINER_OF(io, struct checker, io);

	if (!checker->attempt->connected) {
		on_connected(checker);
		return;
	}
	if ((events & LOOP_WRITE) && checker->attempt->request.length > 0)
		send_request(checker);
	for (unsigned i = 0; i < READS_A_TURN && checker->attempt != NULL && read_some(checker); i++)
		continue;
}

static void on_timeout(struct loop_timer *timer, struct mono now)
{
	struct checker *checker = CONTAINER_OF(timer, struct checker, timer);
	char text[CHECK_TEXT_MAX];

	(void)now;
	snprintf(text, sizeof text, "timeout after %lld ms", (long long)(checker->target.conf->timeout_ns / NS_PER_MS));
	finish(checker, false, text);
}

/* Negative errno. */
static int attempt_connect(struct checker *checker, const struct endpoint *to)
{
	AUTO_FD fd = socket(to->ip.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(to, &address);
	int r;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS)
		return -errno;
	r = loop_io_add(checker->loop, &checker->io, fd, LOOP_READ | LOOP_WRITE, on_socket);
	if (r == 0)
		checker->fd = fd_take(&fd);
	return r;
}

static int attempt_begin(struct checker *checker, struct mono now)
{
	const struct check_conf *conf = checker->target.conf;
	struct endpoint to = checker->target.server;
	struct attempt *attempt = calloc(1, sizeof *attempt);

	if (attempt == NULL)
		return -ENOMEM;
	checker->attempt = attempt;
	attempt->began = now;
	if (conf->port != 0)
		to.port = conf->port;
	if (checker->ops->begin != NULL)
		checker->ops->begin(&attempt->state, conf);
	if (checker->ops->request != NULL)
		checker->ops->request(conf, &to, &attempt->request);
	return attempt->request.failed ? -ENOMEM : attempt_connect(checker, &to);
}

static void on_next(struct loop_timer *timer, struct mono now)
{
	struct checker *checker = CONTAINER_OF(timer, struct checker, timer);
	int r;

	checker->next = now;
	r = attempt_begin(checker, now);
	if (r == 0)
		r = loop_timer_set(checker->loop, timer, mono_add(now, checker->target.conf->timeout_ns), on_timeout);
	if (r < 0)
		finish_failed(checker, -r);
}

int checker_new(struct loop *loop, const struct checker_target *target, checker_fn *fn, void *context,
	struct checker **ret_checker)
{
	struct checker *checker = calloc(1, sizeof *checker);
	int r;

	if (checker == NULL)
		return -ENOMEM;
	checker->loop = loop;
	checker->target = *target;
	checker->ops = check_table[target->conf->kind];
	checker->fn = fn;
	checker->context = context;
	checker->random = (uint32_t)clock_mono().ns * UINT32_C(2654435761) + (uint32_t)target->place * 2 + 1;
	checker->fd = -1;
	r = loop_timer_set(loop, &checker->timer, mono_add(loop_now(loop), target->delay_ns), on_next);
	if (r < 0) {
		free(checker);
		return r;
	}
	*ret_checker = checker;
	return 0;
}

void checker_free(struct checker *checker)
{
	if (checker == NULL)
		return;
	attempt_free(checker);
	loop_timer_clear(checker->loop, &checker->timer);
	free(checker);
}

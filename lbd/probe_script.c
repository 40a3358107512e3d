/* SPDX-License-Identifier: MIT */
/*
 * A program that is run:
 *
 *	COMMAND [ARGUMENT] POOL/SERVER ADDRESS PORT
 *
 * with LBPAIR_POOL, LBPAIR_SERVER, LBPAIR_ADDRESS and LBPAIR_PORT in an environment that is otherwise empty but for
 *PATH.
 */
#include "lbd/probe.h"

#include "common/system/fd.h"
#include "lbd/first_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SCRIPTS_AT_ONCE 32
#define READ_SIZE 4096
/* Of what a program says; the rest is read and dropped as long as it runs. */
#define READS_A_TURN 16

struct script {
	struct probe probe;
	struct child *child; /* NULL: it has ended */
	struct loop_io io;
	int output_fd;
	struct first_line line;
};

static void script_free(struct probe *probe)
{
	struct script *script = CONTAINER_OF(probe, struct script, probe);

	if (script->child != NULL)
		child_kill(script->child);
	loop_io_remove(script->probe.setup.loop, &script->io);
	fd_close(&script->output_fd);
	free(script);
}

static void read_output(struct script *script)
{
	char bytes[READ_SIZE];

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t got = read(script->output_fd, bytes, sizeof bytes);

		if (got > 0) {
			first_line_feed(&script->line, bytes, (size_t)got);
			continue;
		}
		/* All ends are closed; the program may run on without. */
		if (got == 0 || errno != EAGAIN)
			loop_io_remove(script->probe.setup.loop, &script->io);
		return;
	}
}

static void on_output(struct loop_io *io, unsigned events)
{
	(void)events;
	read_output(CONTAINER_OF(io, struct script, io));
}

static void on_end(void *context, const struct child_end *end)
{
	struct script *script = context;
	struct check_result result = {.passed = child_end_is_good(end)};

	script->child = NULL;
	read_output(script);
	if (end->signal == 0)
		snprintf(result.what, sizeof result.what, "exit %d", end->status);
	else
		snprintf(result.what, sizeof result.what, "killed by signal %d", end->signal);
	if (script->line.length > 0)
		snprintf(result.more, sizeof result.more, ": %s", script->line.text);
	script->probe.setup.fn(script->probe.setup.context, &result);
}

static int run(struct script *script, int output_fd)
{
	const struct probe_target *target = script->probe.setup.target;
	AUTO_TEXT name = {0};
	char address[128], port[8], pool[96], server[96], ip[sizeof address + 16], number[32];
	const char *arguments[6] = {target->conf->command};
	const char *environment[] = {CHILD_PATH, pool, server, ip, number, NULL};
	size_t count = 1;
	struct child_setup setup = {
		.arguments = arguments,
		.environment = environment,
		.output_fd = output_fd,
		.fn = on_end,
		.context = script,
	};

	text_addf(&name, "%s/%s", target->pool, target->name);
	if (name.failed)
		return -ENOMEM;
	if (target->path != NULL)
		snprintf(address, sizeof address, "unix:%s", target->path);
	else
		ip_text(&target->server.ip, address);
	snprintf(port, sizeof port, "%u", target->server.port);
	snprintf(pool, sizeof pool, "LBPAIR_POOL=%s", target->pool);
	snprintf(server, sizeof server, "LBPAIR_SERVER=%s", target->name);
	snprintf(ip, sizeof ip, "LBPAIR_ADDRESS=%s", address);
	snprintf(number, sizeof number, "LBPAIR_PORT=%s", port);
	if (*target->conf->argument != '\0')
		arguments[count++] = target->conf->argument;
	arguments[count++] = text_get(&name);
	arguments[count++] = address;
	arguments[count] = port;
	return child_start(script->probe.setup.children, &setup, &script->child);
}

static int begin(struct script *script)
{
	AUTO_FD write_fd = -1;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	script->output_fd = fds[0];
	write_fd = fds[1];
	/* The program's own end blocks, as programs expect. */
	if (fcntl(script->output_fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	r = loop_io_add(script->probe.setup.loop, &script->io, script->output_fd, LOOP_READ, on_output);
	return r < 0 ? r : run(script, write_fd);
}

static int script_start(const struct probe_setup *setup, struct probe **ret_probe)
{
	struct script *script = calloc(1, sizeof *script);
	int r;

	if (script == NULL)
		return -ENOMEM;
	script->probe = (struct probe){.ops = &probe_script, .setup = *setup};
	script->output_fd = -1;
	r = begin(script);
	if (r < 0)
		script_free(&script->probe);
	else
		*ret_probe = &script->probe;
	return r;
}

const struct probe_ops probe_script = {
	.at_once_max = SCRIPTS_AT_ONCE,
	.start = script_start,
	.free = script_free,
};

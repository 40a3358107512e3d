/* SPDX-License-Identifier: MIT */
#include "tests/e2e/deploy.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct deploy deploy;

const char *at(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

int deploy_setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < DEPLOY_SERVERS; i++) {
		deploy.back[i] = free_endpoint((uint8_t)(1 + i));
		deploy.fds[i] = listen_on(&deploy.back[i], 4096);
	}
	deploy.nobody = free_endpoint(9);
	return 0;
}

struct lbd_process deploy_start(const struct endpoint *front, const char *service, const char *pool)
{
	AUTO_TEXT sections = {0};

	text_addf(&sections, "service web { listen = { \"%s\" } %s }\n", at(front), service);
	text_addf(&sections, "pool blue { %s\nserver a { address = \"%s\" } server b { address = \"%s\" } }\n", pool,
		at(&deploy.back[0]), at(&deploy.back[1]));
	text_addf(&sections, "pool green { %s\nserver c { address = \"%s\" } server d { address = \"%s\" } }\n", pool,
		at(&deploy.back[2]), at(&deploy.back[3]));
	text_addf(&sections,
		"pool gone { server x { address = \"%s\" } check tcp { interval = 20ms fall = 1 } }\npool empty { }\n",
		at(&deploy.nobody));
	return lbd_start(text_get(&sections), 0);
}

void deploy_end(struct lbd_process *lbd)
{
	/* The sanitizers speak by the exit status. */
	assert_int_equal(lbd_end(lbd, SIGTERM), 0);
}

bool gone_is_down(void *context)
{
	char health[200];

	lbd_server_text(context, "gone/x", "health", health);
	return strcmp(health, "down") == 0;
}

/* The operator's command. */

struct command command_start(const struct lbd_process *lbd, const char *line)
{
	struct command command = {0};
	char buffer[256], run_dir[128];
	char *words[16] = {"lbctl", "--run-dir", run_dir}, *rest = NULL;
	size_t count = 3;
	int fds[2];

	snprintf(run_dir, sizeof run_dir, "%s/run", lbd->dir);
	snprintf(buffer, sizeof buffer, "%s", line);
	for (char *word = strtok_r(buffer, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	command.pid = fork();
	if (command.pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execv("./lbctl/lbctl", words);
		_exit(127);
	}
	assert_true(command.pid > 0);
	close(fds[1]);
	command.out = fds[0];
	return command;
}

bool command_read(struct command *command)
{
	ssize_t count = read(command->out, command->text + command->length, sizeof command->text - 1 - command->length);

	command->length += count > 0 ? (size_t)count : 0;
	command->text[command->length] = '\0';
	return count > 0;
}

int command_end(struct command *command)
{
	int status;

	while (command_read(command))
		continue;
	close(command->out);
	assert_int_equal(waitpid(command->pid, &status, 0), command->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void lbctl_run(const struct lbd_process *lbd, const char *line, int status, const char *says)
{
	struct command command = command_start(lbd, line);
	int got = command_end(&command);

	if (got != status || strstr(command.text, says) == NULL)
		fail_msg("lbctl %s: exit status %d, not %d, and \"%s\" where \"%s\" is expected", line, got, status,
			command.text, says);
}

/* Connections. */

struct pair pair_open_from(const struct endpoint *from, const struct endpoint *front)
{
	struct pair pair = {.client = from != NULL ? connect_from(from, front) : connect_to(front)};
	struct pollfd fds[DEPLOY_SERVERS];

	for (size_t i = 0; i < DEPLOY_SERVERS; i++)
		fds[i] = (struct pollfd){.fd = deploy.fds[i], .events = POLLIN};
	assert_true(poll(fds, DEPLOY_SERVERS, 5000) > 0);
	for (size_t i = 0; i < DEPLOY_SERVERS; i++) {
		if (fds[i].revents & POLLIN) {
			pair.which = i;
			pair.server = accept_from(deploy.fds[i]);
			return pair;
		}
	}
	fail();
	return pair;
}

struct pair pair_open(const struct endpoint *front)
{
	return pair_open_from(NULL, front);
}

void pair_close(const struct pair *pair)
{
	char byte;

	close(pair->client);
	assert_true(recv(pair->server, &byte, 1, 0) <= 0);
	close(pair->server);
}

char ending_of(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte;

	if (poll(&poll_fd, 1, timeout_ms) == 0)
		return '-';
	return recv(fd, &byte, 1, 0) == 0 ? 'F' : 'R';
}

const char *servers_met(const struct endpoint *front, unsigned connections)
{
	static char text[DEPLOY_SERVERS + 1];
	bool seen[DEPLOY_SERVERS] = {0};
	size_t length = 0;

	for (unsigned i = 0; i < connections; i++) {
		struct pair pair = pair_open(front);

		seen[pair.which] = true;
		pair_close(&pair);
	}
	for (size_t i = 0; i < DEPLOY_SERVERS; i++) {
		if (seen[i])
			text[length++] = (char)('a' + i);
	}
	text[length] = '\0';
	return text;
}

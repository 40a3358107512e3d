/* SPDX-License-Identifier: MIT */
#include "common/shell/daemon.h"

#include "common/shell/node.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Which node a host is. */

static struct node_conf nodes[] = {{.name = "lb1"}, {.name = "lb2"}, {.name = "lb2.example.com"}};
static struct conf conf = {.pair = {.nodes = nodes, .node_count = ARRAY_LEN(nodes)}};

static const struct {
	const char *wanted;
	const char *host_name;
	const char *addresses[3];
	const char *node; /* NULL: an error */
	int error;
	const char *why;
} choices[] = {
	{NULL, "lb1", {NULL}, "lb1", 0, NULL},
	{NULL, "lb1.example.org", {NULL}, "lb1", 0, NULL},
	{NULL, "lb2.example.com", {NULL}, "lb2.example.com", 0, NULL},
	{NULL, "lb", {NULL}, NULL, -ENOENT, "(lb1, lb2, lb2.example.com) is named lb"},
	{NULL, "lb11", {NULL}, NULL, -ENOENT, "-n NODE"},
	{NULL, "", {NULL}, NULL, -ENOENT, "-n NODE"},
	{NULL, "web", {"192.0.2.12"}, "lb2", 0, NULL},
	{NULL, "web", {"127.0.0.1", "192.0.2.11", "192.0.2.100"}, "lb1", 0, NULL},
	{NULL, "web", {"2001:db8::3"}, "lb2.example.com", 0, NULL},
	{NULL, "web", {"192.0.2.11", "192.0.2.12"}, NULL, -ENOTUNIQ, "both nodes lb1 and lb2"},
	/* the name comes before the address, what is wanted before both */
	{NULL, "lb1", {"192.0.2.12"}, "lb1", 0, NULL},
	{"lb2", "lb1", {"192.0.2.11"}, "lb2", 0, NULL},
	{"lb3", "lb1", {"192.0.2.11"}, NULL, -ENOENT, "no node lb3, it has lb1, lb2"},
};

static void the_host_finds_its_node(void **state)
{
	(void)state;
	assert_int_equal(ip_parse("192.0.2.11", &nodes[0].address), 0);
	assert_int_equal(ip_parse("192.0.2.12", &nodes[1].address), 0);
	assert_int_equal(ip_parse("2001:db8::3", &nodes[2].address), 0);
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		struct ip addresses[3];
		struct node_clues clues = {
			.wanted = choices[i].wanted, .host_name = choices[i].host_name, .addresses = addresses};
		const struct node_conf *node = NULL;
		AUTO_TEXT why = {0};

		for (; clues.address_count < 3 && choices[i].addresses[clues.address_count] != NULL;
			clues.address_count++) {
			assert_int_equal(
				ip_parse(choices[i].addresses[clues.address_count], &addresses[clues.address_count]),
				0);
		}
		assert_int_equal(node_choose(&conf, &clues, &node, &why), choices[i].error);
		if (choices[i].node != NULL)
			assert_string_equal(node->name, choices[i].node);
		else
			assert_non_null(strstr(text_get(&why), choices[i].why));
	}
}

/* The command line. What it prints goes to /dev/null. */

static const struct {
	const char *arguments[6];
	enum daemon_verdict verdict;
	struct daemon_options options;
} lines[] = {
	{{NULL}, DAEMON_GO_ON, {DAEMON_CONFIG, NULL, DAEMON_RUN_DIR, DAEMON_STATE_DIR, false}},
	{{"-c", "a", "-n", "b"}, DAEMON_GO_ON, {"a", "b", DAEMON_RUN_DIR, DAEMON_STATE_DIR, false}},
	{{"--config=a", "--node=b", "--run-dir=c", "--state-dir=d", "--check"}, DAEMON_GO_ON,
		{"a", "b", "c", "d", true}},
	{{"--run-dir", "c", "--check"}, DAEMON_GO_ON, {DAEMON_CONFIG, NULL, "c", DAEMON_STATE_DIR, true}},
	{{"--help"}, DAEMON_DONE, {0}},
	{{"-h"}, DAEMON_DONE, {0}},
	{{"--version"}, DAEMON_DONE, {0}},
	{{"--nonsense"}, DAEMON_USAGE, {0}},
	{{"-c"}, DAEMON_USAGE, {0}},
	{{"-x"}, DAEMON_USAGE, {0}},
	{{"file"}, DAEMON_USAGE, {0}},
	{{"--check=yes"}, DAEMON_USAGE, {0}},
};

static void silence(int saved[static 2])
{
	AUTO_FD null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	for (int fd = 1; fd <= 2; fd++) {
		saved[fd - 1] = dup(fd);
		dup2(null, fd);
	}
}

static void speak(const int saved[static 2])
{
	fflush(stdout);
	for (int fd = 1; fd <= 2; fd++) {
		dup2(saved[fd - 1], fd);
		close(saved[fd - 1]);
	}
}

static void expect_text(const char *got, const char *wanted)
{
	if (wanted == NULL)
		assert_null(got);
	else
		assert_string_equal(got, wanted);
}

static void command_lines_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char name[] = "lbd";
		char copies[6][32];
		char *argv[8] = {name};
		int argc = 1;
		int saved[2];
		struct daemon_options options = {0};
		enum daemon_verdict verdict;

		for (size_t a = 0; a < 6 && lines[i].arguments[a] != NULL; a++) {
			snprintf(copies[a], sizeof copies[a], "%s", lines[i].arguments[a]);
			argv[argc++] = copies[a];
		}
		silence(saved);
		verdict = daemon_options(argc, argv, "lbd", "a test", &options);
		speak(saved);
		assert_int_equal(verdict, lines[i].verdict);
		expect_text(options.config_path, lines[i].options.config_path);
		expect_text(options.node, lines[i].options.node);
		expect_text(options.run_dir, lines[i].options.run_dir);
		expect_text(options.state_dir, lines[i].options.state_dir);
		assert_true(options.check == lines[i].options.check);
	}
}

/* Directories and the lock. */

static void dirs_are_made_and_locked_once(void **state)
{
	char top[] = "/tmp/test-daemon.XXXXXX";
	char run[64], state_dir[64], lock[80], content[16] = "";
	struct daemon_options options = {.run_dir = run, .state_dir = state_dir};
	int first = -1, second = -1;
	int saved[2];
	struct stat st;
	AUTO_FD fd = -1;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(run, sizeof run, "%s/run", top);
	snprintf(state_dir, sizeof state_dir, "%s/state", top);
	snprintf(lock, sizeof lock, "%s/lbd.lock", run);
	assert_int_equal(daemon_make_dirs(&options), 0);
	assert_int_equal(daemon_make_dirs(&options), 0);
	assert_int_equal(stat(run, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0770);
	assert_int_equal(stat(state_dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);

	assert_int_equal(daemon_lock(run, "lbd", &first), 0);
	fd = open(lock, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, content, sizeof content - 1) > 0);
	assert_int_equal(atoi(content), getpid());
	silence(saved);
	assert_int_equal(daemon_lock(run, "lbd", &second), -EBUSY);
	speak(saved);
	close(first);
	assert_int_equal(daemon_lock(run, "lbd", &second), 0);
	close(second);

	/* A file where a directory should be; a directory without one above it. */
	options.state_dir = lock;
	silence(saved);
	assert_int_equal(daemon_make_dirs(&options), -ENOTDIR);
	snprintf(state_dir, sizeof state_dir, "%s/no/state", top);
	options.state_dir = state_dir;
	assert_int_equal(daemon_make_dirs(&options), -ENOENT);
	speak(saved);

	unlink(lock);
	rmdir(run);
	snprintf(state_dir, sizeof state_dir, "%s/state", top);
	rmdir(state_dir);
	assert_int_equal(rmdir(top), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_finds_its_node),
		cmocka_unit_test(command_lines_are_read),
		cmocka_unit_test(dirs_are_made_and_locked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

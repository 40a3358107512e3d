/* SPDX-License-Identifier: MIT */
#include "lbctl/verbs.h"

#include "common/pure/text.h"
#include "common/shell/daemon.h"
#include "lbctl/commands.h"
#include "lbctl/connections.h"
#include "lbctl/deploy.h"
#include "lbctl/genkey.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
	{"check", "[FILE]", "check a configuration file by itself (" DAEMON_CONFIG ")", 0, 1, {{0}}, verb_check},
	{"status", "[--json]", "this node, the peer, vips, services, pools, servers", 0, 0, {{"json", VALUE_NONE}},
		verb_status},
	{"connections", "[SERVICE] [--json]", "what is open now, of all services or of one", 0, 1,
		{{"json", VALUE_NONE}}, verb_connections},
	{"drain", "POOL/SERVER [--wait[=TIME]] [--pace=N/s]",
		"give a server no new connections; --wait: until the last has ended; --pace: close N of them a second",
		1, 1, {{"wait", VALUE_OPTIONAL}, {"pace", VALUE_WANTED}}, verb_drain},
	{"enable", "POOL/SERVER", "give a server new connections again", 1, 1, {{0}}, verb_enable},
	{"disable", "POOL/SERVER", "give a server no new connections, and close those that are open", 1, 1, {{0}},
		verb_disable},
	{"weight", "POOL/SERVER N", "another weight for a server, from 0 to 256", 2, 2, {{0}}, verb_weight},
	{"switch", "SERVICE POOL [--force]",
		"give all new connections of a service to another pool, at one stroke; --force: though no server of it "
		"is up",
		2, 2, {{"force", VALUE_NONE}}, verb_switch},
	{"split", "SERVICE POOL:N POOL:N ... [--force]", "give several pools their shares of a service's connections",
		2, LBCTL_WORDS_MAX, {{"force", VALUE_NONE}}, verb_split},
	{"rollback", "SERVICE [--force]", "go back to what a service had before its last switch or split", 1, 1,
		{{"force", VALUE_NONE}}, verb_rollback},
	{"reload", "[--dry-run]",
		"have the daemons read their configuration again, and print what changes; --dry-run: only print it", 0,
		0, {{"dry-run", VALUE_NONE}}, verb_reload},
	{"failover", "[VIP] [--to=NODE] [--dry-run]",
		"move a vip, or all, to the other node, once that confirms that it is ready", 0, 1,
		{{"to", VALUE_WANTED}, {"dry-run", VALUE_NONE}}, verb_failover},
	{"maintenance", "{on|off}", "this node gives its vips away and takes none, until off", 1, 1, {{0}},
		verb_maintenance},
	{"explain", "[VIP]", "why this node is active or backup, and its last decisions", 0, 1, {{0}}, verb_explain},
	{"events", "[--follow]", "what happened, one JSON object a line; --follow: and what happens from now on", 0, 0,
		{{"follow", VALUE_NONE}}, verb_events},
	{"config show", "[FILE]",
		"the whole configuration with its defaults: of FILE, else the one that runs, else of " DAEMON_CONFIG, 0,
		1, {{0}}, verb_config_show},
	{"genkey", "[FILE]", "a new pair key, to stdout or into a new file", 0, 1, {{0}}, verb_genkey},
};

static void print_help(void)
{
	printf("lbctl: look after the two nodes of an lbpair\n\n"
	       "Usage: lbctl [--run-dir DIR] VERB ...\n\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		printf("  %s %s\n      %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
	printf("\n"
	       "  --run-dir DIR   where the daemons' sockets are (" DAEMON_RUN_DIR ")\n"
	       "  --version       print the version and exit\n"
	       "  --help          print this and exit\n\n"
	       "Exit status: 0 done; 1 refused or failed; 2 usage; 3 no daemon answers.\n");
}

static void print_verb_help(const struct verb *verb)
{
	printf("Usage: lbctl [--run-dir DIR] %s %s\n  %s\n", verb->name, verb->arguments, verb->help);
}

static enum lbctl_exit usage(void)
{
	complain("try 'lbctl --help'");
	return LBCTL_USAGE;
}

static enum lbctl_exit verb_usage(const struct verb *verb)
{
	complain("usage: lbctl [--run-dir DIR] %s %s", verb->name, verb->arguments);
	return LBCTL_USAGE;
}

/* How many words of the command line are the verb's name; 0: another verb is meant. */
static int matches(const struct verb *verb, int argc, char *argv[])
{
	size_t first = strcspn(verb->name, " ");

	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], verb->name, first) != 0)
		return 0;
	if (verb->name[first] == '\0')
		return 1;
	return argc >= 2 && strcmp(argv[1], verb->name + first + 1) == 0 ? 2 : 0;
}

static const char *verb_name_at(const void *context, size_t i)
{
	(void)context;
	return i < ARRAY_LEN(verbs) ? verbs[i].name : NULL;
}

/* The verb of two words whose first one is that. */
static const struct verb *verb_begun_by(const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strncmp(verbs[i].name, word, length) == 0 && verbs[i].name[length] == ' ')
			return &verbs[i];
	return NULL;
}

static enum lbctl_exit no_such_verb(const char *word)
{
	const struct verb *begun = verb_begun_by(word);
	const char *nearest = text_nearest(word, verb_name_at, NULL);

	if (begun != NULL)
		return verb_usage(begun);
	if (nearest != NULL)
		complain("there is no verb '%s', did you mean '%s'?", word, nearest);
	else
		complain("there is no verb '%s'", word);
	return usage();
}

/* The value that getopt_long(3) gives for `--help`; those of a verb's own options are 0 to LBCTL_OPTIONS_MAX - 1. */
#define VALUE_HELP LBCTL_OPTIONS_MAX

static void fill_getopt(const struct verb *verb, struct option options[static LBCTL_OPTIONS_MAX + 2])
{
	static const int has_arg[] = {
		[VALUE_NONE] = no_argument,
		[VALUE_WANTED] = required_argument,
		[VALUE_OPTIONAL] = optional_argument,
	};
	size_t count = 0;

	for (; count < LBCTL_OPTIONS_MAX && verb->options[count].name != NULL; count++)
		options[count] = (struct option){.name = verb->options[count].name,
			.has_arg = has_arg[verb->options[count].value],
			.val = (int)count};
	options[count++] = (struct option){.name = "help", .has_arg = no_argument, .val = VALUE_HELP};
	options[count] = (struct option){0};
}

/* `argv[0]` is the verb. */
static enum lbctl_exit run_verb(const struct verb *verb, const char *run_dir, int argc, char *argv[])
{
	struct option options[LBCTL_OPTIONS_MAX + 2];
	struct invocation invocation = {.run_dir = run_dir, .verb = verb};
	size_t count;
	int value;

	fill_getopt(verb, options);
	optind = 0; /* getopt(3): a new scan */
	while ((value = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (value == VALUE_HELP) {
			print_verb_help(verb);
			return LBCTL_DONE;
		}
		if (value < 0 || value > VALUE_HELP)
			return verb_usage(verb);
		invocation.values[value] = optarg != NULL ? optarg : "";
	}
	count = (size_t)(argc - optind);
	if (count < verb->words_min || count > verb->words_max)
		return verb_usage(verb);
	for (size_t i = 0; i < count; i++)
		invocation.words[i] = argv[optind + (int)i];
	return verb->fn(&invocation);
}

static enum lbctl_exit find_and_run(const char *run_dir, int argc, char *argv[])
{
	if (argc == 0) {
		complain("a verb is wanted");
		return usage();
	}
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		int words = matches(&verbs[i], argc, argv);

		if (words > 0)
			return run_verb(&verbs[i], run_dir, argc - words + 1, argv + words - 1);
	}
	return no_such_verb(argv[0]);
}

static enum lbctl_exit run(int argc, char *argv[])
{
	static const struct option options[] = {
		{"run-dir", required_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *run_dir = DAEMON_RUN_DIR;
	int value;

	/* `+`: what follows the verb is the verb's. */
	while ((value = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (value) {
		case 'r':
			run_dir = optarg;
			break;
		case 'v':
			printf("lbctl %s\n", PACKAGE_VERSION);
			return LBCTL_DONE;
		case 'h':
			print_help();
			return LBCTL_DONE;
		default:
			return usage();
		}
	}
	return find_and_run(run_dir, argc - optind, argv + optind);
}

enum lbctl_exit lbctl_run(int argc, char *argv[])
{
	enum lbctl_exit result = run(argc, argv);

	/* A page that went nowhere was not printed. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("cannot write the output");
		return LBCTL_FAILED;
	}
	return result;
}

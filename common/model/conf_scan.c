/* SPDX-License-Identifier: MIT */
#include "common/model/conf_scan.h"

#include <string.h>

/* Deeper than the language goes. */
#define DEPTH_MAX 16

struct scan {
	const char *at;
	const char *end;
	unsigned line;
	unsigned open_lines[DEPTH_MAX]; /* of the braces that are open, the outermost first */
	size_t depth;
	struct conf_errors *errors;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Control characters but for the blanks; a carriage return goes with the end of its line only. */
static bool is_control(const struct scan *scan, const char *at)
{
	unsigned char c = (unsigned char)*at;

	if (c == '\r')
		return at + 1 < scan->end && at[1] != '\n';
	return (c < ' ' && c != '\t' && c != '\n') || c == 127;
}

static void scan_control(struct scan *scan)
{
	conf_error(scan->errors, scan->line, "a control character (0x%02x) stands here: take it out",
		(unsigned)(unsigned char)*scan->at);
	scan->at++;
}

static void scan_comment(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at != '\n') {
		if (*scan->at == '\0')
			scan_control(scan);
		else
			scan->at++;
	}
}

static void scan_escape(struct scan *scan, char quote)
{
	static const char in_double[] = "\"\\$", in_single[] = "'\\";
	char escaped = scan->at + 1 < scan->end ? scan->at[1] : '\n';

	if (escaped == '\n' || escaped == '\0') {
		scan->at++;
		return;
	}
	if (strchr(quote == '"' ? in_double : in_single, escaped) == NULL)
		conf_error(scan->errors, scan->line, "'\\%c' means nothing here: write a backslash as '\\\\'", escaped);
	scan->at += 2;
}

static void scan_quoted(struct scan *scan)
{
	char quote = *scan->at++;

	while (scan->at < scan->end && *scan->at != quote && *scan->at != '\n') {
		if (*scan->at == '\\') {
			scan_escape(scan, quote);
		} else if (is_control(scan, scan->at)) {
			scan_control(scan);
		} else {
			if (quote == '"' && *scan->at == '$' && scan->at + 1 < scan->end && scan->at[1] == '{')
				conf_error(scan->errors, scan->line,
					"variables are not replaced here: write '${' as '\\${', or take single quotes");
			scan->at++;
		}
	}
	if (scan->at < scan->end && *scan->at == quote)
		scan->at++;
	else
		conf_error(scan->errors, scan->line, "a quote is opened and not closed on this line: close it with %c",
			quote);
}

static bool ends_word(char c)
{
	return is_blank(c) || strchr("{}=,\"'", c) != NULL;
}

/* A word or what looks like one; at most one error each. */
static void scan_word(struct scan *scan)
{
	const char *start = scan->at;
	const char *bad = NULL;
	int length;

	while (scan->at < scan->end && !ends_word(*scan->at) && !is_control(scan, scan->at)) {
		if (bad == NULL && strchr("*+()#|", *scan->at) != NULL)
			bad = scan->at;
		if (bad == NULL && scan->at + 1 < scan->end &&
			(memcmp(scan->at, "//", 2) == 0 || memcmp(scan->at, "/*", 2) == 0))
			bad = scan->at;
		if (scan->at + 1 < scan->end && memcmp(scan->at, "${", 2) == 0) {
			bad = scan->at;
			scan->at += 2;
			break;
		}
		scan->at++;
	}
	length = (int)MIN(scan->at - start, (ptrdiff_t)64);
	if (bad == NULL)
		return;
	if (*bad == '$')
		conf_error(scan->errors, scan->line,
			"'%.*s': variables are not replaced here: put the value in single quotes", length, start);
	else if (bad == start && *bad == '/')
		conf_error(scan->errors, scan->line,
			"'%.*s': a comment begins with '#', a value like this wants quotes", length, start);
	else
		conf_error(scan->errors, scan->line, "'%.*s': a value with '%.*s' must be quoted: \"...\"", length,
			start, *bad == '/' ? 2 : 1, bad);
}

static void scan_brace(struct scan *scan)
{
	if (*scan->at == '{') {
		if (scan->depth < DEPTH_MAX)
			scan->open_lines[scan->depth] = scan->line;
		scan->depth++;
	} else if (*scan->at == '}' && scan->depth > 0) {
		scan->depth--;
	}
	scan->at++;
}

static void scan_token(struct scan *scan)
{
	char c = *scan->at;

	if (c == '#') {
		scan_comment(scan);
	} else if (c == '"' || c == '\'') {
		scan_quoted(scan);
	} else if (c == '{' || c == '}') {
		scan_brace(scan);
	} else if (c == '=' || c == ',') {
		scan->at++;
	} else if (is_control(scan, scan->at)) {
		scan_control(scan);
	} else if (is_blank(c)) {
		scan->line += c == '\n';
		scan->at++;
	} else {
		scan_word(scan);
	}
}

unsigned conf_scan(const char *content, size_t size, struct conf_errors *errors)
{
	struct scan scan = {.at = content, .end = content + size, .line = 1, .errors = errors};

	while (scan.at < scan.end)
		scan_token(&scan);
	return scan.depth > 0 ? scan.open_lines[MIN(scan.depth, (size_t)DEPTH_MAX) - 1] : 0;
}

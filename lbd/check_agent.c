/* SPDX-License-Identifier: MIT */
#include "lbd/check.h"

#include <stdio.h>

static void agent_begin(union check_state *state, const struct check_conf *conf)
{
	(void)conf;
	state->line = (struct first_line){0};
}

static enum check_progress agent_feed(union check_state *state, const struct check_conf *conf, const void *bytes,
	size_t count, char text[static CHECK_TEXT_MAX])
{
	struct agent_words words;

	(void)conf;
	first_line_feed(&state->line, bytes, count);
	if (count > 0 && !state->line.ended)
		return CHECK_MORE;
	if (!agent_parse(state->line.text, &words)) {
		snprintf(text, CHECK_TEXT_MAX, "the agent says no word that is known");
		return CHECK_FAILED;
	}
	snprintf(text, CHECK_TEXT_MAX, "%s", state->line.text);
	return CHECK_PASSED;
}

static void agent_conclude(const union check_state *state, struct check_result *result)
{
	if (!agent_parse(state->line.text, &result->words))
		agent_init(&result->words);
}

/* The server's agent is asked by connecting to it, and says its words. */
const struct check_ops check_agent = {
	.name = "agent",
	.carrier = CHECK_BY_STREAM,
	.listens = true,
	.begin = agent_begin,
	.feed = agent_feed,
	.conclude = agent_conclude,
};

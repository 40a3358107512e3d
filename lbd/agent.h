/* SPDX-License-Identifier: MIT */
/*
 * What a server's agent says, in the words that HAProxy's agent-check knows (its manual, option agent-check): one line
 * of words with blanks or commas between them, everything after a `#` being for people. No I/O.
 */
#ifndef LBPAIR_LBD_AGENT_H
#define LBPAIR_LBD_AGENT_H

#include "common/pure/base.h"

enum agent_mode {
	AGENT_MODE_SAME, /* nothing was said of it */
	AGENT_MODE_READY,
	AGENT_MODE_DRAIN, /* nothing new */
	AGENT_MODE_MAINT, /* the same */
};

enum agent_health {
	AGENT_HEALTH_SAME,
	AGENT_HEALTH_UP,
	AGENT_HEALTH_DOWN, /* down, failed, stopped */
};

#define AGENT_PERCENT_SAME (-1)
#define AGENT_PERCENT_MAX 256

/* One answer, or, after agent_merge, all of them so far. */
struct agent_words {
	enum agent_mode mode;
	enum agent_health health;
	int percent; /* of the server's weight */
};

/* False: there is no word in it that is known, and `ret_words` is not written. Unknown words beside others are passed
 * over. */
MUST_USE bool agent_parse(const char *line, struct agent_words *ret_words);
void agent_init(struct agent_words *words);
/* Takes over what `said` speaks of. */
void agent_merge(struct agent_words *words, const struct agent_words *said);
/* What of `weight` the agent leaves to the server: at least 1 unless it says 0%, at most 256. */
unsigned agent_share(const struct agent_words *words, unsigned weight);

#endif

/* SPDX-License-Identifier: MIT */
#include "lbd/agent.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	enum agent_mode mode;
	enum agent_health health;
} word_table[] = {
	{"ready", AGENT_MODE_READY, AGENT_HEALTH_SAME},
	{"drain", AGENT_MODE_DRAIN, AGENT_HEALTH_SAME},
	{"maint", AGENT_MODE_MAINT, AGENT_HEALTH_SAME},
	{"up", AGENT_MODE_SAME, AGENT_HEALTH_UP},
	{"down", AGENT_MODE_SAME, AGENT_HEALTH_DOWN},
	{"failed", AGENT_MODE_SAME, AGENT_HEALTH_DOWN},
	{"fail", AGENT_MODE_SAME, AGENT_HEALTH_DOWN},
	{"stopped", AGENT_MODE_SAME, AGENT_HEALTH_DOWN},
};

/* "75%" */
static bool take_percent(const char *word, size_t length, struct agent_words *words)
{
	int percent = 0;

	if (length < 2 || length > 4 || word[length - 1] != '%')
		return false;
	for (size_t i = 0; i < length - 1; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		percent = percent * 10 + (word[i] - '0');
	}
	if (percent > AGENT_PERCENT_MAX)
		return false;
	words->percent = percent;
	return true;
}

static bool take_word(const char *word, size_t length, struct agent_words *words)
{
	for (size_t i = 0; i < ARRAY_LEN(word_table); i++) {
		if (strlen(word_table[i].word) != length || strncasecmp(word_table[i].word, word, length) != 0)
			continue;
		if (word_table[i].mode != AGENT_MODE_SAME)
			words->mode = word_table[i].mode;
		if (word_table[i].health != AGENT_HEALTH_SAME)
			words->health = word_table[i].health;
		return true;
	}
	return take_percent(word, length, words);
}

bool agent_parse(const char *line, struct agent_words *ret_words)
{
	struct agent_words words;
	bool known = false;

	agent_init(&words);
	for (line += strspn(line, " \t,"); *line != '\0' && *line != '#'; line += strspn(line, " \t,")) {
		size_t length = strcspn(line, " \t,#");

		known |= take_word(line, length, &words);
		line += length;
	}
	if (known)
		*ret_words = words;
	return known;
}

void agent_init(struct agent_words *words)
{
	*words = (struct agent_words){.percent = AGENT_PERCENT_SAME};
}

void agent_merge(struct agent_words *words, const struct agent_words *said)
{
	if (said->mode != AGENT_MODE_SAME)
		words->mode = said->mode;
	if (said->health != AGENT_HEALTH_SAME)
		words->health = said->health;
	if (said->percent != AGENT_PERCENT_SAME)
		words->percent = said->percent;
}

unsigned agent_share(const struct agent_words *words, unsigned weight)
{
	unsigned share = weight;

	if (words->mode == AGENT_MODE_DRAIN || words->mode == AGENT_MODE_MAINT || words->health == AGENT_HEALTH_DOWN)
		return 0;
	if (words->percent == AGENT_PERCENT_SAME || weight == 0)
		return weight;
	share = weight * (unsigned)words->percent / 100;
	if (share == 0 && words->percent > 0)
		share = 1;
	return MIN(share, 256u);
}

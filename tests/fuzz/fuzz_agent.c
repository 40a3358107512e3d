/* SPDX-License-Identifier: MIT */
/*
 * What a server's agent may say, and a script print: however it is cut the line is the same and fit to be shown, and
 * the words are within their bounds.
 */
#include "tests/fuzz/fuzz.h"

#include "lbd/agent.h"
#include "lbd/first_line.h"

#include <string.h>

static void read_all(struct first_line *line, const uint8_t *data, size_t size, size_t piece)
{
	*line = (struct first_line){0};
	for (size_t at = 0; at < size; at += piece)
		first_line_feed(line, data + at, MIN(piece, size - at));
	FUZZ_CHECK(strlen(line->text) == line->length && line->length < FIRST_LINE_MAX);
	for (size_t i = 0; i < line->length; i++)
		FUZZ_CHECK(line->text[i] >= ' ' && line->text[i] <= '~');
}

/* The first byte says how large the pieces are in which the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct first_line whole, pieces;
	struct agent_words words;

	if (size == 0)
		return 0;
	read_all(&whole, data + 1, size - 1, size);
	read_all(&pieces, data + 1, size - 1, (size_t)data[0] + 1);
	FUZZ_CHECK(strcmp(whole.text, pieces.text) == 0 && whole.ended == pieces.ended);
	if (!agent_parse(whole.text, &words))
		return 0;
	FUZZ_CHECK(words.percent == AGENT_PERCENT_SAME || (words.percent >= 0 && words.percent <= AGENT_PERCENT_MAX));
	for (unsigned weight = 0; weight <= 256; weight += 64) {
		unsigned share = agent_share(&words, weight);

		FUZZ_CHECK(share <= 256 && (weight > 0 || share == 0));
	}
	return 0;
}

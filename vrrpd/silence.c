/* SPDX-License-Identifier: MIT */
#include "vrrpd/silence.h"

static enum silence runnable(int64_t ran_ns, int64_t silent_ns)
{
	if (ran_ns < 0)
		return SILENCE_UNKNOWN;
	return ran_ns < silent_ns / 4 ? SILENCE_STARVED : SILENCE_RUNS;
}

enum silence silence_of(char state, int64_t ran_ns, int64_t silent_ns)
{
	switch (state) {
	case 'R':
		return runnable(ran_ns, silent_ns);
	case 'S':
	case 'D':
		return SILENCE_WAITS;
	case 'T':
		return SILENCE_STOPPED;
	case 't':
		return SILENCE_TRACED;
	case 'Z':
	case 'X':
		return SILENCE_ENDED;
	default:
		return SILENCE_UNKNOWN;
	}
}

const char *silence_text(enum silence silence)
{
	switch (silence) {
	case SILENCE_RUNS:
		return "runs without an end";
	case SILENCE_STARVED:
		return "is given no processor";
	case SILENCE_WAITS:
		return "waits in the kernel";
	case SILENCE_STOPPED:
		return "was stopped by a signal";
	case SILENCE_TRACED:
		return "is held by a debugger";
	case SILENCE_ENDED:
		return "has ended";
	case SILENCE_UNKNOWN:
		break;
	}
	return "does what is not known";
}

int64_t silence_patience_ns(enum silence silence, bool holds, int64_t threshold_ns)
{
	if (silence == SILENCE_ENDED)
		return 0;
	if (!holds)
		return MAX(threshold_ns, SILENCE_IDLE_NS);
	return silence == SILENCE_STARVED ? MAX(threshold_ns, SILENCE_STARVED_NS) : threshold_ns;
}

/* SPDX-License-Identifier: MIT */
/*
 * Why a main process shows no progress, by what the kernel says of it, and how long its guardian bears that. Pure.
 *
 * Real-time priority is no promise of a processor: a kernel since 6.12 gives the other tasks up to 50 ms of each second
 * ahead of it (the fair server), and a host takes whole processors away from its guests. Who is given none does no harm
 * by itself and looks first when it is given one again, so it is borne longer than one that hangs.
 */
#ifndef LBPAIR_VRRPD_SILENCE_H
#define LBPAIR_VRRPD_SILENCE_H

#include "common/pure/mono.h"

/* The most that DESIGN section 5.2 allows for one that holds a vip. */
#define SILENCE_STARVED_NS (300 * NS_PER_MS)
/* One that holds nothing: there is nothing to take from it, and a kill can only restart it. */
#define SILENCE_IDLE_NS NS_PER_S

enum silence {
	SILENCE_UNKNOWN,
	SILENCE_RUNS,    /* without an end */
	SILENCE_STARVED, /* it would run, and is given no processor, or nearly none */
	SILENCE_WAITS,   /* in the kernel */
	SILENCE_STOPPED, /* by a signal */
	SILENCE_TRACED,  /* by a debugger */
	SILENCE_ENDED,   /* though some thread of it may not have */
};

/* By the state letter of proc(5) and the time on a processor (negative: not known) in the last `silent_ns`. */
enum silence silence_of(char state, int64_t ran_ns, int64_t silent_ns);
/* A static text: "is given no processor". */
const char *silence_text(enum silence silence);
/* How long it is borne where the threshold for a hang is `threshold_ns`; `holds`: a vip is active here. */
int64_t silence_patience_ns(enum silence silence, bool holds, int64_t threshold_ns);

#endif

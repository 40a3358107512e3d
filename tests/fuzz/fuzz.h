/* SPDX-License-Identifier: MIT */
/* The one function of a fuzz target, as libFuzzer calls it: any bytes at all, no state kept, 0. */
#ifndef LBPAIR_TESTS_FUZZ_FUZZ_H
#define LBPAIR_TESTS_FUZZ_FUZZ_H

#include "common/pure/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert, in every build. */
#define FUZZ_CHECK(truth) \
	do { \
		if (!(truth)) \
			abort(); \
	} while (0)

#endif

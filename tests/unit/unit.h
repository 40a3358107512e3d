/* SPDX-License-Identifier: MIT */
/* What each unit test includes: cmocka with the headers that it wants before it. */
#ifndef LBPAIR_TESTS_UNIT_UNIT_H
#define LBPAIR_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif

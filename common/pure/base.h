/* SPDX-License-Identifier: MIT */
/*
 * What every file of lbpair may use: attributes, array length, scope-bound cleanup.
 *
 * Errors are returned as negative errno values; outputs are named `ret_...` and written on success only.
 */
#ifndef LBPAIR_COMMON_PURE_BASE_H
#define LBPAIR_COMMON_PURE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define MIN(a, b) \
	({ \
		__typeof__(a) min_a_ = (a); \
		__typeof__(b) min_b_ = (b); \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define MAX(a, b) \
	({ \
		__typeof__(a) max_a_ = (a); \
		__typeof__(b) max_b_ = (b); \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})

/* Runs `function` on the address of the variable when its scope ends. */
#define AUTO(function) __attribute__((cleanup(function)))

static inline void auto_free_(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
#define AUTO_FREE AUTO(auto_free_)

/* Hands the pointer out of an AUTO_FREE variable: the scope's end then frees nothing. */
#define TAKE(variable) \
	({ \
		__typeof__(variable) taken_ = (variable); \
		(variable) = NULL; \
		taken_; \
	})

#endif

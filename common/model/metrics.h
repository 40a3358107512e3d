/* SPDX-License-Identifier: MIT */
/*
 * Metrics as tables of rows, and their output as OpenMetrics text.
 *
 * A group is what one kind of thing is measured by: its labels, the struct that one of them is sampled into, and the
 * rows, each a field of that struct with name, type, unit and help. A set is what was sampled at one time, group by
 * group; it owns all its memory, so another thread may write it out while what it was taken from goes on.
 *
 * OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
#ifndef LBPAIR_COMMON_MODEL_METRICS_H
#define LBPAIR_COMMON_MODEL_METRICS_H

#include "common/pure/base.h"
#include "common/pure/text.h"

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_STATE, /* a sample for each of the words, 1 for the one that holds and 0 for the others (StateSet) */
	METRIC_INFO,  /* a text, as the value of a label; the sample is always 1 */
	METRIC_TYPE_COUNT,
};

/* What the field of a row is. */
enum metric_form {
	METRIC_NUMBER, /* uint64_t; where the row has words, an array with one for each */
	METRIC_YES_NO, /* bool: 1 or 0 */
	METRIC_SPAN,   /* int64_t, nanoseconds, told in seconds; negative: there is none */
	METRIC_MOMENT, /* int64_t, seconds since 1970; 0: there is none */
	METRIC_INDEX,  /* unsigned: which of the words holds */
	METRIC_TEXT,   /* const char *, that lives as long as the set; NULL: there is none */
	METRIC_FORM_COUNT,
};

struct metric_row {
	const char *name; /* without the `_total` or `_info` that its samples end with */
	enum metric_type type;
	enum metric_form form;
	size_t offset;                 /* of the field in the group's struct */
	size_t size;                   /* of the field */
	const char *unit;              /* the last word of the name; NULL: none */
	const char *label;             /* of a text or of numbers with words, besides the group's; NULL: none */
	const char *(*word)(size_t i); /* of the first `word_count`; NULL: it has none */
	size_t word_count;
	const char *help;
};

#define METRIC_LABELS_MAX 4

struct metric_group {
	const char *name;
	const char *labels[METRIC_LABELS_MAX + 1]; /* ended by NULL */
	size_t size;                               /* of the struct that one is sampled into */
	const struct metric_row *rows;
	size_t row_count;
	const char *help; /* what one of them is */
};

#define METRIC_FIELD(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)
#define METRIC_WORDS(fn, count) .word = (fn), .word_count = (count)

const char *metric_type_name(enum metric_type type);
/* What a row's samples end with: "_total", "_info" or "". */
const char *metric_suffix(enum metric_type type);
/* What the words, or the text, are the values of; NULL: nothing. */
const char *metric_own_label(const struct metric_row *row);

struct metric_set;

/* For the `count` groups, whose array outlives the set. -ENOMEM. */
MUST_USE int metric_set_new(const struct metric_group *groups, size_t count, struct metric_set **ret_set);
/* Accepts NULL. */
void metric_set_free(struct metric_set *set);
/*
 * One more thing of that group, with the values of the group's labels: its struct, zeroed, to be filled. NULL: out of
 * memory. Each combination of values is added once.
 */
MUST_USE void *metric_set_add(struct metric_set *set, size_t group, const char *const *values);
/* A copy that lives as long as the set, for METRIC_TEXT. NULL: out of memory. */
MUST_USE const char *metric_set_text(struct metric_set *set, const char *text);

/* Where the writing of a set has come to; zeroed but for the set at the beginning. */
struct metric_writer {
	const struct metric_set *set;
	size_t group;
	size_t row;
	const void *next; /* of the group's things; NULL: the row has not begun */
};

/* Adds what comes next, about `size` bytes of it. False: that was the last of the set. */
bool metric_writer_go_on(struct metric_writer *writer, size_t size, struct text *out);
/* Ends a page, which may be of several sets that have no group in common. */
void metric_end_page(struct text *out);

#endif

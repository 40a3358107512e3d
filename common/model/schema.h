/* SPDX-License-Identifier: MIT */
/*
 * The configuration language as one table of rows: sections, and in each its options with type, range, default and a
 * line of help. Reading, checking, defaults, `lbctl config show` and the reference page all walk these rows, so an
 * option is added here and in its struct of conf.h, and nowhere else.
 */
#ifndef LBPAIR_COMMON_MODEL_SCHEMA_H
#define LBPAIR_COMMON_MODEL_SCHEMA_H

#include "common/pure/base.h"
#include "common/pure/text.h"

/* How an option is written, and the field that its row fills. */
enum schema_type {
	SCHEMA_NUMBER,       /* uint8_t, uint16_t or unsigned; 0 may have a word of its own */
	SCHEMA_SPAN,         /* int64_t, nanoseconds */
	SCHEMA_RATE,         /* unsigned, a second */
	SCHEMA_SIZE,         /* uint64_t, bytes */
	SCHEMA_YES_NO,       /* bool */
	SCHEMA_WORD,         /* an enum, the index into `words` */
	SCHEMA_STRING,       /* const char * */
	SCHEMA_PATH,         /* const char *, begins with a slash */
	SCHEMA_NAME,         /* const char *, the name of another section */
	SCHEMA_IPS,          /* const struct ip *, with the count in `count_offset` */
	SCHEMA_IP,           /* struct ip; of family 0 where it may be empty, and is */
	SCHEMA_ENDPOINT,     /* struct endpoint */
	SCHEMA_SERVER,       /* the same; with unix: a path, in `count_offset`, or with a name it, in `host_offset` */
	SCHEMA_ENDPOINTS,    /* const struct endpoint *, with the count in `count_offset` */
	SCHEMA_PREFIXES,     /* const struct prefix *, the same */
	SCHEMA_TEXTS,        /* const char *const *, the same */
	SCHEMA_SERVER_NAMES, /* the same, of names (server_name.h) or patterns of them */
	SCHEMA_STATUS_RANGE, /* unsigned, and another one in `count_offset`: the first and the last that belong to it */
	SCHEMA_BYTES,        /* struct bytes_conf */
	SCHEMA_SHARES,       /* const struct pool_share_conf *, with the count in `count_offset` */
	SCHEMA_TYPE_COUNT,
};

struct schema_option {
	const char *name;
	enum schema_type type;
	size_t offset;       /* of the field in its section's struct */
	size_t size;         /* of the field */
	size_t count_offset; /* of the field that goes with it */
	size_t host_offset;  /* of another one */
	int64_t min;         /* numbers; spans in nanoseconds; for strings and lists their length */
	int64_t max;
	int64_t step;             /* a span is a whole multiple of this; 0: any */
	const char *zero;         /* the word for 0; NULL: none */
	const char *const *words; /* of SCHEMA_WORD; entries may be NULL */
	size_t word_count;
	const char
		*preset; /* the default, as it would be written, "" for an empty list; NULL: the option is required */
	const char *only_for; /* the titles of the section with which alone the option goes, with blanks; NULL: any */
	bool reload;          /* a reload changes it; else a restart */
	const char *help;
};

enum schema_title {
	SCHEMA_TITLE_NONE,
	SCHEMA_TITLE_NAME, /* a name of the operator's choice, unique among its kind, in a const char * */
	SCHEMA_TITLE_LINK, /* the name of an interface; this and the next two in a const char * */
	SCHEMA_TITLE_PATH, /* begins with a slash */
	SCHEMA_TITLE_IP,   /* an address of a host */
	SCHEMA_TITLE_WORD, /* one of `words`, the index of which goes into an enum; 0 where the section is absent */
};

struct schema_section {
	const char *name;
	enum schema_title title;
	size_t title_offset;
	const char *const *words;
	size_t word_count;
	bool many;           /* an array and its count in the parent's struct; else a struct in it */
	bool once;           /* of `many`: at most one */
	bool required;       /* at least one */
	size_t offset;       /* of the array's pointer, or of the struct, in the parent's struct */
	size_t count_offset; /* of the count */
	size_t size;         /* of the struct */
	const struct schema_option *options;
	size_t option_count;
	const struct schema_section *sections;
	size_t section_count;
	const char *help;
};

/* The whole language: a section without a name, whose struct is struct conf. */
extern const struct schema_section schema_root;

/* NULL: there is none of that name. */
const struct schema_option *schema_find_option(const struct schema_section *section, const char *name);
const struct schema_section *schema_find_section(const struct schema_section *section, const char *name);
/* Whether the option goes with the section's title; NULL: it has none. */
bool schema_goes(const struct schema_option *option, const char *title);
/* The option (section) of `section` whose name is nearest to `name`; NULL when none is near enough. */
const char *schema_nearest_option(const struct schema_section *section, const char *name);
const char *schema_nearest_section(const struct schema_section *section, const char *name);
/* The title of an object of the section, or its word; "" where it has none. The object owns it. */
const char *schema_title(const struct schema_section *section, const void *object);
/* Index of the word, or -1. */
int schema_word(const char *const *words, size_t count, const char *word);
const char *schema_nearest_word(const char *const *words, size_t count, const char *word);

/* Longest name of a section: the control protocol, the shared pages and the logs all have room for it. */
#define SCHEMA_NAME_MAX 63
/* IFNAMSIZ counts the final NUL. */
#define SCHEMA_LINK_MAX 15
#define SCHEMA_PATH_MAX 255

#endif

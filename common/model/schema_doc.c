/* SPDX-License-Identifier: MIT */
#include "common/model/schema_doc.h"

#include "common/model/conf_value.h"
#include "common/model/schema.h"

#include <string.h>

static const char opening[] =
	"# The options of lbpair.conf\n"
	"\n"
	"This page is printed from the table that the programs read the file with (`common/model/schema.c`); after a\n"
	"change there `make reference` prints it anew.\n"
	"\n"
	"The file has sections and options; both hosts of a pair have the same one:\n"
	"\n"
	"    # a comment goes from # to the line's end\n"
	"    section NAME {\n"
	"        option = value\n"
	"        list   = { value, value }\n"
	"    }\n"
	"\n"
	"- A value with blanks or one of `* + = ( ) | # { } ,` or `//` is put in double or single quotes. In double "
	"quotes\n"
	"  `\\\"`, `\\\\` and `\\$` stand for the character itself; nothing is replaced, variables neither.\n"
	"- A time is a whole number with its unit: `ms`, `s`, `m` or `h`.\n"
	"- A name has up to 63 letters, digits and `-_.`, a letter or digit first.\n"
	"- An option stands once in its section; a name is taken once among its kind. What is not known is an error.\n"
	"- `lbctl check FILE` tells every mistake with its line; `lbctl config show` prints the whole configuration "
	"with\n"
	"  its defaults.\n"
	"\n"
	"A changed file takes effect with `lbctl reload`, which lbd carries out and vrrpd does not yet: what is of a\n"
	"`vip` wants a restart of vrrpd. The column `by` says what a reload takes up and what wants a restart.\n";

/* Where a section stands: "vip NAME", "garp". */
static void add_heading(const struct schema_section *section, const char *above, struct text *out)
{
	text_addf(out, "\n## %s%s%s", above, *above != '\0' ? " / " : "", section->name);
	switch (section->title) {
	case SCHEMA_TITLE_NONE:
		break;
	case SCHEMA_TITLE_NAME:
	case SCHEMA_TITLE_LINK:
		text_add(out, " NAME");
		break;
	case SCHEMA_TITLE_PATH:
		text_add(out, " PATH");
		break;
	case SCHEMA_TITLE_IP:
		text_add(out, " ADDRESS");
		break;
	case SCHEMA_TITLE_WORD:
		for (size_t i = 0, n = 0; i < section->word_count; i++) {
			if (section->words[i] != NULL)
				text_addf(out, "%s%s", n++ > 0 ? " | " : " ", section->words[i]);
		}
		break;
	}
	text_addf(out, "\n\n%s", section->help);
	if (section->required)
		text_add(out, section->many ? " At least one is required." : " Required.");
	text_add(out, section->many && !section->once ? " May be repeated.\n" : "\n");
}

static void add_kinds(const char *words, struct text *out)
{
	const char *between = " Only for ";

	for (size_t length; (length = strcspn(words, " ")) > 0; words += length + strspn(words + length, " ")) {
		text_addf(out, "%s`%.*s`", between, (int)length, words);
		between = " and ";
	}
	text_add(out, ".");
}

static void add_option(const struct schema_option *row, struct text *out)
{
	text_addf(out, "| `%s` | ", row->name);
	conf_value_describe(row, out);
	if (row->preset == NULL)
		text_add(out, " | required");
	else if (*row->preset == '\0')
		text_add(out, " | empty");
	else
		text_addf(out, " | `%s`", row->preset);
	text_addf(out, " | %s | %s", row->reload ? "reload" : "restart", row->help);
	if (row->only_for != NULL)
		add_kinds(row->only_for, out);
	text_add(out, " |\n");
}

static void add_section(const struct schema_section *section, const char *above, struct text *out)
{
	AUTO_TEXT here = {0};

	add_heading(section, above, out);
	if (section->option_count > 0)
		text_add(out, "\n| option | value | default | by | meaning |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < section->option_count; i++)
		add_option(&section->options[i], out);
	text_addf(&here, "%s%s%s", above, *above != '\0' ? " / " : "", section->name);
	for (size_t i = 0; i < section->section_count; i++)
		add_section(&section->sections[i], text_get(&here), out);
}

void schema_reference(struct text *out)
{
	text_add(out, opening);
	for (size_t i = 0; i < schema_root.section_count; i++)
		add_section(&schema_root.sections[i], "", out);
}

/* SPDX-License-Identifier: MIT */
/* Any text is a configuration or is refused with a reason; what is shown of one is the same configuration again. */
#include "tests/fuzz/fuzz.h"

#include "common/model/conf.h"

#include <string.h>

static void show_and_parse_again(const struct conf *conf)
{
	struct conf *again = NULL;
	AUTO_TEXT shown = {0};
	AUTO_TEXT errors = {0};

	conf_show(conf, &shown);
	FUZZ_CHECK(conf_parse("shown", text_get(&shown), shown.length, &again, &errors) == 0);
	FUZZ_CHECK(strcmp(conf->hash, again->hash) == 0);
	conf_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = NULL;
	AUTO_TEXT errors = {0};
	int r = conf_parse("fuzz", (const char *)data, size, &conf, &errors);

	FUZZ_CHECK((r == 0) == (conf != NULL));
	FUZZ_CHECK((r == 0) == (errors.length == 0));
	if (conf != NULL)
		show_and_parse_again(conf);
	conf_free(conf);
	return 0;
}

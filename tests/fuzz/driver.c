/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on the files of directories or on single files: what is given, else tests/fuzz/corpus/NAME for a
 * program fuzz_NAME. With --enable-fuzzers libFuzzer takes this file's place.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *content = NULL;
	struct stat st;
	size_t size;

	if (file == NULL || fstat(fileno(file), &st) < 0) {
		perror(path);
		exit(1);
	}
	/* Of the exact size, so that a read past the end is seen. */
	size = (size_t)st.st_size;
	content = malloc(size);
	if (size > 0 && (content == NULL || fread(content, 1, size, file) != size)) {
		perror(path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(content, size);
	free(content);
	return 1;
}

static int run_path(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (directory == NULL)
		return run_file(path);
	while ((entry = readdir(directory)) != NULL) {
		char inner[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		count += run_file(inner);
	}
	closedir(directory);
	return count;
}

static int run_corpus(const char *program)
{
	const char *source = getenv("srcdir");
	const char *name = strstr(program, "fuzz_");
	char path[4096];

	/* The last one: the folder may be called so too. */
	for (const char *next = name; next != NULL; next = strstr(next + 1, "fuzz_"))
		name = next;
	if (name == NULL)
		return 0;
	snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source != NULL ? source : ".", name + strlen("fuzz_"));
	return run_path(path);
}

int main(int argc, char *argv[])
{
	int count = 0;

	if (argc < 2)
		count = run_corpus(argv[0]);
	for (int i = 1; i < argc; i++)
		count += run_path(argv[i]);
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}

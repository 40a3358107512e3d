/* SPDX-License-Identifier: MIT */
#include "vrrpd/recorder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void recorder_add(struct recorder *recorder, struct mono now, int64_t real_ns, const char *vip, const char *format, ...)
{
	struct recorder_entry *entry = &recorder->entries[recorder->count % RECORDER_ENTRIES];
	va_list arguments;

	entry->at = now;
	entry->real_ns = real_ns;
	snprintf(entry->vip, sizeof entry->vip, "%s", vip != NULL ? vip : "");
	va_start(arguments, format);
	vsnprintf(entry->text, sizeof entry->text, format, arguments);
	va_end(arguments);
	recorder->count++;
}

void recorder_copy(const struct recorder *recorder, size_t first, struct recorder_page *ret_page)
{
	ret_page->count = recorder->count;
	ret_page->first = MIN(MAX(first, recorder_first(recorder)), ret_page->count);
	ret_page->length = MIN(ret_page->count - ret_page->first, (size_t)RECORDER_PAGE);
	for (size_t i = 0; i < ret_page->length; i++)
		ret_page->entries[i] = *recorder_entry(recorder, ret_page->first + i);
}

void recorder_follow(struct recorder *copy, const struct recorder_page *page)
{
	/* What lies between was forgotten before it could be copied. */
	assert(page->first >= copy->count);
	for (size_t i = 0; i < page->length; i++)
		copy->entries[(page->first + i) % RECORDER_ENTRIES] = page->entries[i];
	copy->count = page->first + page->length;
}

static bool concerns(const struct recorder_entry *entry, const char *vip)
{
	return vip == NULL || entry->vip[0] == '\0' || strcmp(entry->vip, vip) == 0;
}

size_t recorder_first(const struct recorder *recorder)
{
	size_t count = recorder->count;

	return count - MIN(count, (size_t)RECORDER_ENTRIES);
}

const struct recorder_entry *recorder_entry(const struct recorder *recorder, size_t number)
{
	assert(number >= recorder_first(recorder) && number < recorder->count);
	return &recorder->entries[number % RECORDER_ENTRIES];
}

const char *recorder_time(int64_t real_ns, char buffer[static RECORDER_TIME_MAX])
{
	time_t seconds = (time_t)(real_ns / NS_PER_S);
	struct tm tm;
	char clock[32] = "-";

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(clock, sizeof clock, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer, RECORDER_TIME_MAX, "%s.%03dZ", clock, (int)(real_ns % NS_PER_S / NS_PER_MS));
	return buffer;
}

static void print_entry(const struct recorder_entry *entry, struct mono now, struct text *out)
{
	char time[RECORDER_TIME_MAX];

	text_addf(out, "%s (%.3f s ago) %s%s%s\n", recorder_time(entry->real_ns, time),
		(double)mono_diff(now, entry->at) / (double)NS_PER_S, entry->vip, entry->vip[0] != '\0' ? ": " : "",
		entry->text);
}

void recorder_print(const struct recorder *recorder, const char *vip, size_t limit, struct mono now, struct text *out)
{
	size_t first = recorder_first(recorder);
	size_t from = recorder->count;

	for (size_t matching = 0; from > first && matching < limit; from--)
		matching += concerns(&recorder->entries[(from - 1) % RECORDER_ENTRIES], vip);
	for (; from < recorder->count; from++) {
		const struct recorder_entry *entry = &recorder->entries[from % RECORDER_ENTRIES];

		if (concerns(entry, vip))
			print_entry(entry, now, out);
	}
}

/* SPDX-License-Identifier: MIT */
/* What a systemd hears of vrrpd: the status when it changes, and the watchdog's word for as long as there is progress.
 */
#include "vrrpd/herald.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static char dir[32];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int systemd = -1;
static struct loop *loop;
static struct fence *fence;
static struct herald_news news;
static struct herald *herald;
static struct loop_timer limit;
static struct loop_timer pulse;

static int set_up(void **state)
{
	(void)state;
	news = (struct herald_news){0};
	strcpy(dir, "/tmp/lbpair-herald.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", dir);
	systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (systemd < 0 || bind(systemd, (const struct sockaddr *)&address, sizeof address) < 0 ||
		loop_new(&loop) < 0 || fence_create(&fence) < 0)
		return -1;
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	return herald_new(loop, fence, &news, &herald);
}

static int tear_down(void **state)
{
	(void)state;
	herald_free(herald);
	fence_free(fence);
	loop_timer_clear(loop, &pulse);
	loop_free(loop);
	fd_close(&systemd);
	unlink(address.sun_path);
	rmdir(dir);
	return 0;
}

static void on_limit(struct loop_timer *timer, struct mono now)
{
	(void)timer;
	(void)now;
	loop_stop(loop);
}

static void on_pulse(struct loop_timer *timer, struct mono now)
{
	fence_progress(fence);
	assert_int_equal(loop_timer_set(loop, timer, mono_add(now, 10 * NS_PER_MS), on_pulse), 0);
}

/* Runs so long, and counts the words with that text that have come since. */
static unsigned heard_in(int64_t span_ns, const char *text)
{
	unsigned count = 0;
	char word[256];
	ssize_t length;

	assert_int_equal(loop_timer_set(loop, &limit, mono_add(clock_mono(), span_ns), on_limit), 0);
	assert_int_equal(loop_run(loop), 0);
	while ((length = recv(systemd, word, sizeof word - 1, 0)) > 0) {
		word[length] = '\0';
		count += strstr(word, text) != NULL;
	}
	return count;
}

static void the_status_is_told_when_it_changes(void **state)
{
	(void)state;
	assert_int_equal(heard_in(300 * NS_PER_MS, "STATUS="), 0);
	news.vips = 3;
	news.active = 2;
	assert_int_equal(heard_in(500 * NS_PER_MS, "STATUS=active for 2 of 3 vips, 0 at fault"), 1);
	news.active = 0;
	news.fault = 3;
	assert_int_equal(heard_in(500 * NS_PER_MS, "STATUS=active for 0 of 3 vips, 3 at fault"), 1);
}

static void the_watchdog_hears_of_progress_alone(void **state)
{
	(void)state;
	assert_int_equal(heard_in(500 * NS_PER_MS, "WATCHDOG=1"), 0);
	assert_int_equal(loop_timer_set(loop, &pulse, clock_mono(), on_pulse), 0);
	assert_true(heard_in(NS_PER_S, "WATCHDOG=1") >= 2);
	loop_timer_clear(loop, &pulse);
	/* What was made before is told of once. */
	assert_true(heard_in(500 * NS_PER_MS, "WATCHDOG=1") <= 1);
	assert_int_equal(heard_in(500 * NS_PER_MS, "WATCHDOG=1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_status_is_told_when_it_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_watchdog_hears_of_progress_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

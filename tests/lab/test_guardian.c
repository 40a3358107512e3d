/* SPDX-License-Identifier: MIT */
/*
 *	host (192.0.2.1, the VIP)  <---- veth ---->  lan: adverts are read on a packet socket
 *
 * A child plays the main process: it publishes one active vip, installs it with a lease of 30 s, which therefore plays
 * no part here, and shows progress. What it is told goes through shared memory. Guardians are this program, exec'd.
 */
#include "vrrpd/guardian.h"

#include "common/system/clock.h"
#include "tests/lab/netns.h"
#include "tests/unit/unit.h"
#include "vrrpd/address.h"
#include "vrrpd/advert.h"

#include <errno.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define VRID 51
#define THRESHOLD_NS (100 * NS_PER_MS)
#define LONG_THRESHOLD_NS NS_PER_S
/* Whatever is waited for comes in milliseconds; a busy machine gets seconds. */
#define PATIENCE_NS (10 * NS_PER_S)
#define LEASE_S 30

static const char run_dir[] = "/tmp/test-guardian";

/* What the child is told, and what it tells. */
struct board {
	_Atomic pid_t guardian;
	_Atomic bool stop;            /* a planned end */
	_Atomic bool leave_addresses; /* which is done badly */
	_Atomic bool record;
	_Atomic bool patient; /* the long threshold, for tests in which a busy machine must not count as a hang */
	_Atomic bool idle;    /* none of its vips is active */
	_Atomic bool ready;
};

static struct board *board;
static struct fence *fence;
static struct address_socket *addresses;
static struct prefix vip_addresses[2];
static struct keyring ring;
static int host, lan, lan_fd;
static pid_t main_pid;
static uint64_t sequence_before;

/* The child. */

static struct child {
	struct loop *loop;
	struct loop_timer pulse;
	struct guardian *guardian;
} child;

static void child_check(int r)
{
	if (r < 0) {
		fprintf(stderr, "the child: %s\n", strerror(-r));
		_exit(1);
	}
}

static void child_stop(void)
{
	if (!board->leave_addresses)
		child_check(address_remove(addresses, host, vip_addresses, ARRAY_LEN(vip_addresses)));
	guardian_dismiss(child.guardian);
	_exit(0);
}

static void on_pulse(struct loop_timer *timer, struct mono now)
{
	fence_progress(fence);
	board->guardian = guardian_pid(child.guardian);
	board->ready = true;
	if (board->stop)
		child_stop();
	child_check(loop_timer_set(child.loop, timer, mono_add(now, 5 * NS_PER_MS), on_pulse));
}

static void child_main(void)
{
	const struct prefix passive_address = prefix_of("192.0.2.110/32");
	const struct fence_vip vips[] = {
		{
			.vrid = VRID + 1,
			.ifindex = host,
			.version = 3,
			.forms = 1 << ADVERT_CHECKSUM_MESSAGE,
			.sources = {ip_of("192.0.2.1")},
			.destinations = {family_group(FAMILY_IPV4)},
			.interval_ns = NS_PER_S,
			.addresses = &passive_address,
			.address_count = 1,
		},
		{
			.active = !board->idle,
			.vrid = VRID,
			.ifindex = host,
			.version = 3,
			.forms = 1 << ADVERT_CHECKSUM_MESSAGE,
			.sources = {ip_of("192.0.2.1")},
			.destinations = {family_group(FAMILY_IPV4)},
			.interval_ns = 100 * NS_PER_MS,
			.addresses = vip_addresses,
			.address_count = ARRAY_LEN(vip_addresses),
			.is_signed = true,
		},
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	child_check(guardian_start(fence, &child.guardian));
	child_check(loop_new(&child.loop));
	child_check(guardian_watch(child.guardian, child.loop));
	if (board->record)
		child_check(guardian_record(child.guardian, run_dir));
	child_check(fence_publish(fence, vips, ARRAY_LEN(vips), keyring_find(&ring, 1)));
	child_check(address_install(addresses, host, vip_addresses, ARRAY_LEN(vip_addresses), LEASE_S));
	fence_set_threshold(fence, board->patient ? LONG_THRESHOLD_NS : THRESHOLD_NS);
	on_pulse(&child.pulse, clock_mono());
	child_check(loop_run(child.loop));
	_exit(1);
}

/* The test's side. */

static bool is_ready(void *context)
{
	(void)context;
	return board->ready;
}

/* A guardian that has been heard of is at work: its counter moves. */
static bool guardian_works(void *context)
{
	uint64_t *seen = context;
	uint64_t before = *seen;

	*seen = fence_guardian_progress_count(fence);
	return *seen > before;
}

static void assert_guardian_works(void)
{
	uint64_t seen = fence_guardian_progress_count(fence);

	assert_true(netns_wait(guardian_works, &seen, PATIENCE_NS, NULL));
}

static void start_main(void)
{
	main_pid = fork();
	assert_true(main_pid >= 0);
	if (main_pid == 0)
		child_main();
	assert_true(netns_wait(is_ready, NULL, PATIENCE_NS, NULL));
	assert_guardian_works();
}

static int setup(void **state)
{
	(void)state;
	memset((void *)board, 0, sizeof *board);
	netns_make_veth("host", "lan", &host, &lan);
	netns_run("ip address add 192.0.2.1/24 dev host");
	netns_run("mkdir -p %s", run_dir);
	vip_addresses[0] = prefix_of("192.0.2.100/32");
	vip_addresses[1] = prefix_of("192.0.2.101/32");
	ring.keys[1] = (struct key){.id = 1, .size = KEY_SIZE_MIN, .bytes = {1, 2, 3}};
	lan_fd = netns_packet_socket(lan, ETHERTYPE_IP);
	if (fence_create(&fence) < 0)
		return -1;
	sequence_before = advert_sequence_of(clock_real_ns()) + (UINT64_C(2) << 32);
	/* As if the main process had signed 2 s ahead of the clock: the guardian goes on from there. */
	fence_set_sequence(fence, sequence_before);
	return address_open(&addresses);
}

/* Ends whatever a failed test left: the subreaper finds all descendants among its children. */
static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)ptrace(PTRACE_DETACH, main_pid, NULL, NULL);
	snprintf(command, sizeof command, "pkill -KILL -P %d", (int)getpid());
	(void)!system(command);
	while (waitpid(-1, NULL, 0) > 0)
		(void)!system(command);
	close(lan_fd);
	address_close(addresses);
	fence_free(fence);
	netns_run("ip link delete host");
	netns_run("rm -rf %s", run_dir);
	return 0;
}

static bool vip_is_gone(void *context)
{
	bool first, second;

	(void)context;
	assert_int_equal(address_is_present(addresses, host, &vip_addresses[0], &first), 0);
	assert_int_equal(address_is_present(addresses, host, &vip_addresses[1], &second), 0);
	return !first && !second;
}

struct heard {
	uint8_t frame[1500];
	struct advert_packet packet;
	struct advert_received advert;
};

/* The next advert that was seen on the LAN. */
static bool hears_advert(void *context)
{
	struct heard *heard = context;
	ssize_t size;

	while ((size = recv(lan_fd, heard->frame, sizeof heard->frame, 0)) >= 0) {
		if (size < 34 || heard->frame[23] != ADVERT_PROTOCOL)
			continue;
		heard->packet = (struct advert_packet){
			.bytes = heard->frame + 34,
			.size = (size_t)size - 34,
			.ttl = heard->frame[22],
			.source.family = AF_INET,
			.destination.family = AF_INET,
		};
		memcpy(heard->packet.source.bytes, heard->frame + 26, 4);
		memcpy(heard->packet.destination.bytes, heard->frame + 30, 4);
		assert_int_equal(advert_decode(&heard->packet, &heard->advert), ADVERT_TAKEN);
		return true;
	}
	return false;
}

static void assert_goodbye_was_heard(void)
{
	static struct heard heard;
	const struct ip source = ip_of("192.0.2.1");

	assert_true(netns_wait(hears_advert, &heard, PATIENCE_NS, NULL));
	assert_int_equal(heard.advert.vrid, VRID);
	assert_int_equal(heard.advert.priority, 0);
	assert_int_equal(heard.packet.ttl, ADVERT_TTL);
	assert_true(heard.advert.interval_ns == 100 * NS_PER_MS);
	assert_true(ip_equal(&heard.packet.source, &source));
	assert_int_equal(heard.advert.address_count, ARRAY_LEN(vip_addresses));
	assert_true(ip_equal(&heard.advert.addresses[1], &vip_addresses[1].ip));
	assert_true(heard.advert.is_signed);
	assert_true(advert_verify(&heard.packet, &heard.advert, &ring));
	assert_true(heard.advert.sequence == sequence_before + 1);
	/* The vip that was not active has nothing to say. */
	assert_false(hears_advert(&heard));
}

struct ending {
	pid_t pid;
	int status;
};

static bool has_ended(void *context)
{
	struct ending *ending = context;

	return waitpid(ending->pid, &ending->status, WNOHANG) == ending->pid;
}

static void assert_killed(pid_t pid)
{
	struct ending ending = {.pid = pid};

	assert_true(netns_wait(has_ended, &ending, PATIENCE_NS, NULL));
	assert_true(WIFSIGNALED(ending.status));
	assert_int_equal(WTERMSIG(ending.status), SIGKILL);
}

static void assert_exited(pid_t pid)
{
	struct ending ending = {.pid = pid};

	assert_true(netns_wait(has_ended, &ending, PATIENCE_NS, NULL));
	assert_true(WIFEXITED(ending.status));
	assert_int_equal(WEXITSTATUS(ending.status), 0);
}

/* The vip goes, the LAN hears of it, and both processes are gone after it. */
static int64_t assert_fenced(struct mono since)
{
	pid_t guardian = board->guardian;
	int64_t gone_ns;

	assert_true(netns_wait(vip_is_gone, NULL, PATIENCE_NS, NULL));
	gone_ns = mono_diff(clock_mono(), since);
	assert_goodbye_was_heard();
	assert_true(fence_epoch(fence) == 1);
	assert_killed(main_pid);
	assert_exited(guardian);
	assert_true(vip_is_gone(NULL));
	return gone_ns;
}

static void a_killed_main_is_fenced(void **state)
{
	struct mono start;

	(void)state;
	start_main();
	assert_false(vip_is_gone(NULL));
	start = clock_mono();
	kill(main_pid, SIGKILL);
	printf("main killed: its vip was gone after %.3f ms\n", (double)assert_fenced(start) / 1e6);
}

/* With what they have started: the group, of which the first process may have ended. */
static void what_main_ran_is_killed(void **state)
{
	size_t count;
	_Atomic pid_t *programs = fence_programs(fence, &count);
	pid_t leader, other;

	(void)state;
	start_main();
	leader = fork();
	if (leader == 0)
		pause();
	assert_int_equal(setpgid(leader, leader), 0);
	other = fork();
	if (other == 0)
		pause();
	assert_int_equal(setpgid(other, leader), 0);
	programs[count - 1] = leader;
	programs[0] = 1;
	kill(main_pid, SIGKILL);
	(void)assert_fenced(clock_mono());
	assert_killed(leader);
	assert_killed(other);
}

static void a_stopped_main_is_killed_and_fenced(void **state)
{
	struct mono start;
	int64_t gone_ns;

	(void)state;
	start_main();
	start = clock_mono();
	kill(main_pid, SIGSTOP);
	gone_ns = assert_fenced(start);
	printf("main stopped: its vip was gone after %.3f ms, with a threshold of 100 ms\n", (double)gone_ns / 1e6);
	assert_true(gone_ns >= THRESHOLD_NS / 2);
}

/* It has nothing that must be taken from it, and is only restarted. */
static void an_idle_main_has_longer(void **state)
{
	pid_t guardian;
	struct mono start;
	int64_t killed_ns;

	(void)state;
	board->idle = true;
	start_main();
	guardian = board->guardian;
	start = clock_mono();
	kill(main_pid, SIGSTOP);
	assert_killed(main_pid);
	killed_ns = mono_diff(clock_mono(), start);
	assert_exited(guardian);
	printf("idle main stopped: killed after %.3f ms, with a threshold of 100 ms\n", (double)killed_ns / 1e6);
	assert_true(killed_ns >= 5 * THRESHOLD_NS);
	assert_true(fence_epoch(fence) == 1);
}

static void a_main_that_goes_on_is_left_alone(void **state)
{
	(void)state;
	board->patient = true;
	start_main();
	/* More than the threshold together, and less each time. */
	for (int i = 0; i < 6; i++) {
		kill(main_pid, SIGSTOP);
		usleep(200000);
		kill(main_pid, SIGCONT);
		usleep(50000);
	}
	assert_false(vip_is_gone(NULL));
	assert_true(fence_epoch(fence) == 0);
	assert_int_equal(waitpid(main_pid, NULL, WNOHANG), 0);
}

/* As when the whole machine pauses: the guardian's own sleep does not count. */
static void a_pause_of_both_is_no_hang(void **state)
{
	(void)state;
	board->patient = true;
	start_main();
	kill(main_pid, SIGSTOP);
	kill(board->guardian, SIGSTOP);
	usleep(1500000);
	kill(board->guardian, SIGCONT);
	usleep(50000);
	kill(main_pid, SIGCONT);
	usleep(100000);
	assert_false(vip_is_gone(NULL));
	assert_true(fence_epoch(fence) == 0);
	assert_int_equal(waitpid(main_pid, NULL, WNOHANG), 0);
}

static void a_dismissed_guardian_goes_quietly(void **state)
{
	static struct heard heard;
	pid_t guardian;

	(void)state;
	start_main();
	guardian = board->guardian;
	board->stop = true;
	assert_exited(main_pid);
	assert_exited(guardian);
	assert_true(vip_is_gone(NULL));
	assert_true(fence_epoch(fence) == 0);
	assert_false(hears_advert(&heard));
}

static void a_dismissed_guardian_removes_what_was_forgotten(void **state)
{
	pid_t guardian;

	(void)state;
	board->leave_addresses = true;
	start_main();
	guardian = board->guardian;
	board->stop = true;
	assert_exited(main_pid);
	assert_exited(guardian);
	assert_true(vip_is_gone(NULL));
}

static bool another_guardian_is_there(void *context)
{
	pid_t *former = context;

	return board->guardian != 0 && board->guardian != *former;
}

static void assert_replaced(pid_t former, const char *why)
{
	struct mono start = clock_mono();

	assert_true(netns_wait(another_guardian_is_there, &former, PATIENCE_NS, NULL));
	printf("guardian %s: another was there after %.0f ms\n", why, (double)mono_diff(clock_mono(), start) / 1e6);
	assert_guardian_works();
	assert_true(fence_epoch(fence) == 0);
	assert_false(vip_is_gone(NULL));
	/* And it is as good. */
	start = clock_mono();
	kill(main_pid, SIGKILL);
	(void)assert_fenced(start);
}

static void a_killed_guardian_is_replaced(void **state)
{
	pid_t former;

	(void)state;
	start_main();
	former = board->guardian;
	kill(former, SIGKILL);
	assert_replaced(former, "killed");
}

static void a_stopped_guardian_is_replaced(void **state)
{
	pid_t former;

	(void)state;
	start_main();
	former = board->guardian;
	kill(former, SIGSTOP);
	assert_replaced(former, "stopped");
	assert_int_equal(kill(former, 0), -1);
}

static void signals_do_not_end_it(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGALRM};
	struct mono start;
	pid_t guardian;

	(void)state;
	start_main();
	guardian = board->guardian;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		kill(guardian, signals[i]);
	assert_guardian_works();
	assert_int_equal(board->guardian, guardian);
	start = clock_mono();
	kill(main_pid, SIGKILL);
	kill(guardian, SIGTERM);
	(void)assert_fenced(start);
}

static void it_has_its_name_and_nothing_of_the_main_process(void **state)
{
	char path[64], name[32] = "";
	FILE *file;

	(void)state;
	/* What the main process holds, without the flag that closes it: a descriptor that a guardian must not keep. */
	assert_int_equal(dup2(lan_fd, 100), 100);
	start_main();
	close(100);
	snprintf(path, sizeof path, "/proc/%d/comm", (int)board->guardian);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(name, sizeof name, file));
	fclose(file);
	assert_string_equal(name, GUARDIAN_NAME "\n");
	netns_run("grep -q '^" GUARDIAN_NAME "' /proc/%d/cmdline", (int)board->guardian);
	netns_run("test ! -e /proc/%d/fd/100", (int)board->guardian);
	netns_run("test \"$(ls /proc/%d/fd | wc -l)\" -le 12", (int)board->guardian);
}

/*
 * A main process that was killed but does not end, as one that hangs in the kernel: the tracer holds it at its exit.
 * What comes back meanwhile is taken away again.
 */
static void what_reappears_before_the_end_is_removed(void **state)
{
	pid_t guardian;
	int status;

	(void)state;
	start_main();
	guardian = board->guardian;
	assert_int_equal(ptrace(PTRACE_SEIZE, main_pid, NULL, PTRACE_O_TRACEEXIT), 0);
	kill(main_pid, SIGKILL);
	assert_int_equal(waitpid(main_pid, &status, __WALL), main_pid);
	assert_int_equal(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	/* Held in its exit it makes no progress, and the guardian cannot know that it will not. */
	assert_true(netns_wait(vip_is_gone, NULL, PATIENCE_NS, NULL));
	assert_goodbye_was_heard();
	for (int i = 0; i < 3; i++) {
		netns_run("ip address add 192.0.2.101/32 dev host");
		assert_true(netns_wait(vip_is_gone, NULL, PATIENCE_NS, NULL));
		assert_int_equal(kill(guardian, 0), 0);
	}
	assert_int_equal(ptrace(PTRACE_DETACH, main_pid, NULL, NULL), 0);
	assert_killed(main_pid);
	assert_exited(guardian);
}

static void await_former(int64_t at_least_ns, int64_t at_most_ns)
{
	struct mono start = clock_mono();
	int64_t waited_ns;

	assert_int_equal(guardian_await_former(run_dir), 0);
	waited_ns = mono_diff(clock_mono(), start);
	assert_true(waited_ns >= at_least_ns && waited_ns < at_most_ns);
}

static void the_next_vrrpd_waits_for_the_former_guardian(void **state)
{
	pid_t guardian;

	(void)state;
	await_former(0, 500 * NS_PER_MS);
	board->record = true;
	start_main();
	guardian = board->guardian;
	kill(main_pid, SIGKILL);
	assert_int_equal(guardian_await_former(run_dir), 0);
	assert_true(vip_is_gone(NULL));
	assert_exited(guardian);
	assert_killed(main_pid);
	/* The pid is nobody's now. */
	await_former(0, 500 * NS_PER_MS);
}

static void a_former_guardian_that_does_not_go_is_killed(void **state)
{
	pid_t first, guardian;

	(void)state;
	board->record = true;
	start_main();
	/* The record follows a replacement. */
	first = board->guardian;
	kill(first, SIGKILL);
	assert_true(netns_wait(another_guardian_is_there, &first, PATIENCE_NS, NULL));
	assert_guardian_works();
	guardian = board->guardian;
	kill(guardian, SIGSTOP);
	kill(main_pid, SIGKILL);
	assert_killed(main_pid);
	await_former(900 * NS_PER_MS, PATIENCE_NS);
	assert_killed(guardian);
}

static void a_record_of_somebody_else_is_not_believed(void **state)
{
	(void)state;
	netns_run("echo '%d 1' > %s/vrrpd.guardian", (int)getpid(), run_dir);
	await_former(0, 500 * NS_PER_MS);
	netns_run("echo garbage > %s/vrrpd.guardian", run_dir);
	await_former(0, 500 * NS_PER_MS);
	netns_run(": > %s/vrrpd.guardian", run_dir);
	await_former(0, 500 * NS_PER_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_main_is_fenced),
		TEST(what_main_ran_is_killed),
		TEST(a_stopped_main_is_killed_and_fenced),
		TEST(an_idle_main_has_longer),
		TEST(a_main_that_goes_on_is_left_alone),
		TEST(a_pause_of_both_is_no_hang),
		TEST(a_dismissed_guardian_goes_quietly),
		TEST(a_dismissed_guardian_removes_what_was_forgotten),
		TEST(a_killed_guardian_is_replaced),
		TEST(a_stopped_guardian_is_replaced),
		TEST(signals_do_not_end_it),
		TEST(it_has_its_name_and_nothing_of_the_main_process),
		TEST(what_reappears_before_the_end_is_removed),
		TEST(the_next_vrrpd_waits_for_the_former_guardian),
		TEST(a_former_guardian_that_does_not_go_is_killed),
		TEST(a_record_of_somebody_else_is_not_believed),
	};

	if (argc > 0 && strcmp(argv[0], GUARDIAN_NAME) == 0)
		return guardian_main(argc, argv);
	netns_enter();
	/* Orphaned guardians come to us, so that their end is seen and nobody is left. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

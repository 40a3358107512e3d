/* SPDX-License-Identifier: MIT */
/*
 * The control thread of vrrpd with its server and commands, over a real socket; a thread here stands for that of the
 * adverts, and answers or does not.
 */
#include "vrrpd/commands.h"

#include "common/shell/client.h"
#include "common/system/thread.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define ASKERS 20
#define VIPS 3

static struct fixture {
	char dir[32];
	char path[64];
	struct desk *desk;
	struct commands *commands;
	struct loop *loop; /* of the thread of the adverts */
	pthread_t thread;
	struct mailbox *farewell;

	struct recorder recorder;
	struct vip_conf vip_confs[VIPS];
	struct conf conf;
	struct node_conf node;
	_Atomic bool deaf;
	_Atomic bool slow;
	_Atomic unsigned views;
	_Atomic unsigned requests;
} * fixture;

/* The other side. */

static void fill_view(struct view *view)
{
	view->vip_count = VIPS;
	view->track_count = 1;
	if (view->vip_capacity < VIPS || view->track_capacity < 1)
		return;
	view->conf = conf_ref(&fixture->conf);
	view->self = &fixture->node;
	view->tracks[0] = (struct view_track){
		.kind = "interface", .name = "eth1", .state = TRACK_DOWN, .penalty = 60, .why = "no carrier"};
	for (size_t i = 0; i < VIPS; i++)
		view->vips[i] = (struct view_vip){.conf = &fixture->vip_confs[i], .fsm = {.reason = "a reason"}};
	view->vips[1].track_count = 1;
}

static void on_request(void *context, void *message)
{
	struct request *request = message;
	struct view_request *view;
	struct events_request *events;
	struct timespec moment = {.tv_nsec = 50 * NS_PER_MS};
	struct order *order;

	(void)context;
	atomic_fetch_add(&fixture->requests, 1);
	if (atomic_load(&fixture->deaf))
		return;
	if (atomic_load(&fixture->slow))
		nanosleep(&moment, NULL);
	switch (request->kind) {
	case REQUEST_VIEW:
		view = CONTAINER_OF(request, struct view_request, request);
		fill_view(&view->view);
		view->error = view->view.conf != NULL ? 0 : -ENOSPC;
		atomic_fetch_add(&fixture->views, 1);
		break;
	case REQUEST_EVENTS:
		events = CONTAINER_OF(request, struct events_request, request);
		recorder_copy(&fixture->recorder, events->page.first, &events->page);
		break;
	case REQUEST_FAILOVER:
	case REQUEST_MAINTENANCE:
		order = CONTAINER_OF(request, struct order, request);
		order->refused = request->kind == REQUEST_MAINTENANCE;
		snprintf(order->text, sizeof order->text, "%s to %s%s", order->vip, order->to,
			order->dry_run ? " (dry run)" : "");
		break;
	case REQUEST_RELOAD:
		order = CONTAINER_OF(request, struct order, request);
		order->failed = !order->dry_run;
		snprintf(order->text, sizeof order->text, "%s", order->failed ? "a mistake" : "a plan");
		break;
	}
	assert_true(mailbox_post(desk_answers(fixture->desk), request));
}

static void on_farewell(void *context, void *message)
{
	(void)context;
	(void)message;
	loop_stop(fixture->loop);
}

static void *run_other(void *context)
{
	(void)context;
	assert_int_equal(loop_run(fixture->loop), 0);
	return NULL;
}

/* Ends the other side, as the end of the main loop does. */
static void end_other(void)
{
	if (fixture->farewell == NULL)
		return;
	assert_true(mailbox_post(fixture->farewell, fixture));
	pthread_join(fixture->thread, NULL);
	mailbox_free(TAKE(fixture->farewell));
}

static int set_up(void **state)
{
	static const char *const names[VIPS] = {"web", "mail", "shop"};

	(void)state;
	fixture = calloc(1, sizeof *fixture);
	strcpy(fixture->dir, "/tmp/lbpair-desk.XXXXXX");
	if (mkdtemp(fixture->dir) == NULL)
		return -1;
	snprintf(fixture->path, sizeof fixture->path, "%s/vrrpd.sock", fixture->dir);
	fixture->node.name = "lb1";
	for (size_t i = 0; i < VIPS; i++)
		fixture->vip_confs[i] = (struct vip_conf){.name = names[i], .vrid = (uint8_t)(i + 1), .interface = "e"};
	if (desk_new(&fixture->desk) < 0 || loop_new(&fixture->loop) < 0 || mailbox_new(1, &fixture->farewell) < 0 ||
		mailbox_open(fixture->farewell, fixture->loop, on_farewell, NULL) < 0 ||
		mailbox_open(desk_questions(fixture->desk), fixture->loop, on_request, NULL) < 0 ||
		commands_serve(fixture->desk, &fixture->recorder, fixture->dir, &fixture->commands) < 0)
		return -1;
	if (thread_start(&fixture->thread, "test-adverts", run_other, NULL) < 0)
		return -1;
	return desk_start(fixture->desk);
}

static int tear_down(void **state)
{
	(void)state;
	end_other();
	desk_stop(fixture->desk);
	commands_end(fixture->commands);
	desk_free(fixture->desk);
	loop_free(fixture->loop);
	rmdir(fixture->dir);
	free(fixture);
	return 0;
}

/* The answer, or NULL with the error's text in `error`. Takes the parameters. */
static json_t *ask(const char *method, json_t *params, char error[static CLIENT_ERROR_MAX])
{
	json_t *result = NULL;

	return client_call(fixture->path, method, params, PATIENCE_MS, &result, error) == 0 ? result : NULL;
}

static json_t *ask_well(const char *method, json_t *params)
{
	char error[CLIENT_ERROR_MAX] = "";
	json_t *result = ask(method, params, error);

	if (result == NULL)
		fail_msg("%s: %s", method, error);
	return result;
}

/* Tests. */

static void the_status_is_of_all_vips(void **state)
{
	json_t *status = ask_well("status", NULL);
	json_t *vips = json_object_get(status, "vips");
	const char *name = NULL, *tracked = NULL;

	(void)state;
	assert_int_equal(json_array_size(vips), VIPS);
	assert_int_equal(
		json_unpack(json_array_get(vips, 1), "{s:s, s:[{s:s}]}", "name", &name, "tracks", "name", &tracked), 0);
	assert_string_equal(name, "mail");
	assert_string_equal(tracked, "eth1");
	assert_int_equal(json_array_size(json_object_get(json_array_get(vips, 2), "tracks")), 0);
	json_decref(status);
}

static void explain_is_of_one_or_all(void **state)
{
	char error[CLIENT_ERROR_MAX];
	json_t *all, *one;

	(void)state;
	recorder_add(&fixture->recorder, (struct mono){1}, 0, "mail", "something happened");
	all = ask_well("explain", NULL);
	one = ask_well("explain", json_pack("{s:s}", "vip", "mail"));
	assert_non_null(strstr(json_string_value(json_object_get(all, "text")), "vip shop is"));
	assert_null(strstr(json_string_value(json_object_get(one, "text")), "vip shop is"));
	assert_non_null(strstr(json_string_value(json_object_get(one, "text")), "something happened"));
	assert_null(ask("explain", json_pack("{s:s}", "vip", "nobody"), error));
	assert_non_null(strstr(error, "there is no vip nobody"));
	json_decref(all);
	json_decref(one);
}

static void a_reload_has_a_plan_or_errors(void **state)
{
	static const struct {
		int dry_run, done;
		const char *errors, *plan;
	} cases[] = {{1, 1, "", "a plan"}, {0, 0, "a mistake", ""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *result = ask_well("reload", json_pack("{s:b}", "dry_run", cases[i].dry_run));

		assert_int_equal(json_is_true(json_object_get(result, "done")), cases[i].done);
		assert_string_equal(json_string_value(json_object_get(result, "errors")), cases[i].errors);
		assert_string_equal(json_string_value(json_object_get(result, "plan")), cases[i].plan);
		json_decref(result);
	}
}

static void orders_come_back_with_what_became_of_them(void **state)
{
	char error[CLIENT_ERROR_MAX];
	json_t *result = ask_well("failover", json_pack("{s:s, s:s, s:b}", "vip", "web", "to", "lb2", "dry_run", 1));

	(void)state;
	assert_string_equal(json_string_value(json_object_get(result, "message")), "web to lb2 (dry run)");
	assert_null(ask("maintenance", json_pack("{s:b}", "on", 1), error));
	assert_non_null(strstr(error, " to "));
	json_decref(result);
}

/* More than one page, over and over the ring's end. */
static void events_are_all_there_and_numbered(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		json_int_t next = 0, lost = 0;
		size_t count = 0, total;

		for (int i = 0; i < RECORDER_ENTRIES - 100; i++)
			recorder_add(&fixture->recorder, (struct mono){i}, 0, NULL, "event %zu",
				(size_t)fixture->recorder.count);
		total = fixture->recorder.count;
		while ((size_t)next < total) {
			json_t *result = ask_well("events", json_pack("{s:I}", "after", next));
			json_t *list = json_object_get(result, "events"), *entry;
			size_t i;

			lost += json_integer_value(json_object_get(result, "lost"));
			json_array_foreach(list, i, entry)
			{
				char text[64];

				snprintf(text, sizeof text, "event %lld",
					(long long)json_integer_value(json_object_get(entry, "number")));
				assert_string_equal(json_string_value(json_object_get(entry, "event")), text);
				count++;
			}
			next = json_integer_value(json_object_get(result, "next"));
			json_decref(result);
		}
		assert_int_equal(count, MIN(total, (size_t)RECORDER_ENTRIES));
		assert_int_equal((size_t)lost + count, total);
	}
}

static void *follow(void *context)
{
	(void)context;
	return ask_well("events", json_pack("{s:i, s:b}", "after", 0, "wait", 1));
}

static void who_follows_is_answered_when_there_is_something(void **state)
{
	struct timespec moment = {.tv_nsec = 50 * NS_PER_MS};
	json_t *status;
	void *result = NULL;
	pthread_t thread;

	(void)state;
	assert_int_equal(thread_start(&thread, "test-follower", follow, NULL), 0);
	nanosleep(&moment, NULL);
	status = ask_well("status", NULL);
	recorder_add(&fixture->recorder, (struct mono){1}, 0, NULL, "now");
	pthread_join(thread, &result);
	assert_int_equal(json_array_size(json_object_get(result, "events")), 1);
	json_decref(result);
	json_decref(status);
}

static void *ask_once(void *context)
{
	(void)context;
	json_decref(ask_well("status", NULL));
	return NULL;
}

/* However many ask while a copy is made, the thread of the adverts makes one more for all of them. */
static void many_share_a_copy(void **state)
{
	pthread_t threads[ASKERS];

	(void)state;
	json_decref(ask_well("status", NULL));
	atomic_store(&fixture->views, 0);
	atomic_store(&fixture->slow, true);
	for (size_t i = 0; i < ASKERS; i++)
		assert_int_equal(thread_start(&threads[i], "test-asker", ask_once, NULL), 0);
	for (size_t i = 0; i < ASKERS; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(fixture->views, 1, ASKERS / 2);
}

/* Nobody waits for ever for a thread that hangs, and the next one is served when it goes on. */
static void a_hanging_thread_is_told_of(void **state)
{
	char error[CLIENT_ERROR_MAX];

	(void)state;
	atomic_store(&fixture->deaf, true);
	assert_null(ask("status", NULL, error));
	assert_non_null(strstr(error, "the thread of its adverts does not answer"));
	assert_null(ask("events", NULL, error));
	assert_non_null(strstr(error, "the thread of its adverts does not answer"));
}

static void *expect_refusal(void *context)
{
	char error[CLIENT_ERROR_MAX];

	(void)context;
	assert_null(ask("failover", NULL, error));
	assert_non_null(strstr(error, "vrrpd is stopping"));
	return NULL;
}

/* What is under way when it stops is refused, and freed. */
static void a_stop_answers_those_who_wait(void **state)
{
	struct timespec moment = {.tv_nsec = NS_PER_MS};
	pthread_t thread;

	(void)state;
	atomic_store(&fixture->deaf, true);
	assert_int_equal(thread_start(&thread, "test-waiter", expect_refusal, NULL), 0);
	for (int i = 0; i < PATIENCE_MS && fixture->requests == 0; i++)
		nanosleep(&moment, NULL);
	end_other();
	desk_stop(fixture->desk);
	commands_end(TAKE(fixture->commands));
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_status_is_of_all_vips, set_up, tear_down),
		cmocka_unit_test_setup_teardown(explain_is_of_one_or_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reload_has_a_plan_or_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(orders_come_back_with_what_became_of_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_are_all_there_and_numbered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_follows_is_answered_when_there_is_something, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_share_a_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hanging_thread_is_told_of, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stop_answers_those_who_wait, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

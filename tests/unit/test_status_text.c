/* SPDX-License-Identifier: MIT */
#include "lbctl/status_text.h"

#include "lbctl/status.h"
#include "lbctl/table.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const char lbd_half[] =
	"{'node':'lb1','version':'0.1.0','config_hash':'1f2e3d4c5b6a7988','generation':0,'pid':1234,'services':["
	"{'name':'web','protocol':'tcp','listen':['192.0.2.100:80','[2001:db8::100]:80'],"
	"'pools':[{'name':'blue','share':100}],'connections':12,'connections_total':4711,'refused_total':0,"
	"'bytes_in':999,'bytes_out':123456789}],"
	"'pools':[{'name':'blue','servers':["
	"{'name':'app1','address':'192.0.2.21:8080','admin':'enabled','health':'up','weight':100,'connections':6,"
	"'connections_total':2300,'check':'HTTP 200 in 1 ms'},"
	"{'name':'app2','address':'192.0.2.22:8080','admin':'drain','health':'up','weight':100,'connections':6,"
	"'connections_total':2411,'check':'HTTP 200 in 1 ms'},"
	"{'name':'app3','address':'192.0.2.23:8080','admin':'enabled','health':'up','weight':100,'share':35,"
	"'backup':false,'connections':0,'connections_total':1,'check':''},"
	"{'name':'app4','address':'192.0.2.24:8080','admin':'enabled','health':'up','weight':50,'share':0,"
	"'backup':true,'connections':0,'connections_total':0,'check':''}]}]}";

static const char vrrpd_half[] =
	"{'node':'lb1','version':'0.1.0','config_hash':'1f2e3d4c5b6a7988','pids':{'vrrpd':1235,'guardian':1236},"
	"'peer':{'node':'lb2','config_hash':'1f2e3d4c5b6a7988','drift':false,'clock_offset_ms':-3,"
	"'seen':[{'path':'192.0.2.12','alive':true}]},"
	"'vips':[{'name':'web','state':'active','priority':150,'effective_priority':150,'active_node':'lb1',"
	"'addresses':['192.0.2.100/32'],'transitions':1,'reason':'higher "
	"priority','counters':{'discarded':{'ttl':0}}}]}";

static const char healthy_page[] =
	"node lb1: lbpair 0.1.0, configuration 1f2e3d4c5b6a7988, generation 0, pids: lbd 1234, vrrpd 1235, guardian "
	"1236\n"
	"peer lb2: heard on 1 of 1 paths, link down, configuration the same, clock -3 ms\n"
	"no problems\n"
	"\n"
	"VIP  STATE   ACTIVE ON  PRIORITY  CHANGES  ADDRESSES       REASON\n"
	"web  ACTIVE  lb1             150        1  192.0.2.100/32  higher priority\n"
	"\n"
	"SERVICE  PROTOCOL  LISTEN             POOL  OPEN  TOTAL  REFUSED     IN       OUT\n"
	"web      tcp       192.0.2.100:80 +1  blue    12   4711        0  999 B  123.5 MB\n"
	"\n"
	"SERVER     ADDRESS          ADMIN    HEALTH     WEIGHT  OPEN  TOTAL  CHECK\n"
	"blue/app1  192.0.2.21:8080  enabled  up            100     6   2300  HTTP 200 in 1 ms\n"
	"blue/app2  192.0.2.22:8080  DRAIN    up            100     6   2411  HTTP 200 in 1 ms\n"
	"blue/app3  192.0.2.23:8080  enabled  up      35 of 100     0      1  -\n"
	"blue/app4  192.0.2.24:8080  enabled  up      50 backup     0      0  -\n";

/* JSON with ' for ", so that it can be read here. */
static json_t *json_of(const char *text)
{
	char *copy = strdup(text);
	json_t *value;

	assert_non_null(copy);
	for (char *at = copy; *at != '\0'; at++) {
		if (*at == '\'')
			*at = '"';
	}
	value = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	free(copy);
	return value;
}

static void expect_page(const json_t *status, bool colour, const char *page)
{
	AUTO_TEXT out = {0};

	status_text(status, colour, &out);
	assert_false(out.failed);
	assert_string_equal(text_get(&out), page);
}

static json_t *merged(const char *lbd_text, const char *vrrpd_text)
{
	json_t *lbd = lbd_text != NULL ? json_of(lbd_text) : NULL;
	json_t *vrrpd = vrrpd_text != NULL ? json_of(vrrpd_text) : NULL;
	json_t *status = status_merge(lbd, vrrpd);

	json_decref(lbd);
	json_decref(vrrpd);
	assert_non_null(status);
	return status;
}

static void both_halves_make_one_page(void **state)
{
	json_t *status = merged(lbd_half, vrrpd_half);

	(void)state;
	expect_page(status, false, healthy_page);
	json_decref(status);
}

/* The order is the contract's too: people read it. */
static void the_document_has_every_field(void **state)
{
	static const char *const keys[] = {"node", "version", "config_hash", "generation", "maintenance", "peer",
		"vips", "services", "pools", "pids", "daemons", "mismatch"};
	static const struct {
		const char *lbd, *vrrpd;
	} halves[] = {{lbd_half, vrrpd_half}, {lbd_half, NULL}, {NULL, vrrpd_half}, {"{}", "{}"}, {"[]", "3"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		json_t *status = merged(halves[i].lbd, halves[i].vrrpd);
		void *iterator = json_object_iter(status);

		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			assert_string_equal(json_object_iter_key(iterator), keys[k]);
			iterator = json_object_iter_next(status, iterator);
		}
		assert_null(iterator);
		json_decref(status);
	}
}

static void a_missing_half_is_null(void **state)
{
	static const struct {
		const char *lbd, *vrrpd;
		const char *nulls[6];
	} cases[] = {
		{lbd_half, vrrpd_half, {NULL}},
		{lbd_half, NULL, {"peer", "vips"}},
		{NULL, vrrpd_half, {"services", "pools"}},
	};
	static const char *const keys[] = {
		"node", "version", "config_hash", "generation", "peer", "vips", "services", "pools"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *status = merged(cases[i].lbd, cases[i].vrrpd);

		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			bool null = false;

			for (size_t n = 0; cases[i].nulls[n] != NULL; n++)
				null |= strcmp(cases[i].nulls[n], keys[k]) == 0;
			assert_true(json_is_null(json_object_get(status, keys[k])) == null);
		}
		assert_int_equal(json_array_size(json_object_get(status, "mismatch")), 0);
		json_decref(status);
	}
}

static void the_peer_is_completed(void **state)
{
	json_t *status = merged(lbd_half, vrrpd_half);
	json_t *wanted = json_of("{'node':'lb2','link':'down','config_hash':'1f2e3d4c5b6a7988','drift':false,"
				 "'generation':0,'clock_offset_ms':-3,'seen':[{'path':'192.0.2.12','alive':true}]}");

	(void)state;
	assert_true(json_equal(json_object_get(status, "peer"), wanted));
	json_decref(wanted);
	wanted = json_of("{'lbd':1234,'vrrpd':1235,'guardian':1236}");
	assert_true(json_equal(json_object_get(status, "pids"), wanted));
	json_decref(wanted);
	json_decref(status);
}

static void daemons_that_disagree_are_named(void **state)
{
	json_t *status = merged("{'node':'lb1','version':'0.1.0','config_hash':'a'}",
		"{'node':'lb1','version':'0.2.0','config_hash':'b'}");
	json_t *wanted = json_of("['version','config_hash']");
	AUTO_TEXT out = {0};

	(void)state;
	assert_true(json_equal(json_object_get(status, "mismatch"), wanted));
	assert_string_equal(json_string_value(json_object_get(status, "config_hash")), "b");
	status_text(status, false, &out);
	assert_non_null(strstr(
		text_get(&out), "  lbd and vrrpd differ in config_hash (a, b): restart the one that is behind\n"));
	json_decref(wanted);
	json_decref(status);
}

/* Pieces of a status, and what the page says first. */
static const struct {
	const char *status;
	const char *problem;
} troubles[] = {
	{"{'daemons':{'lbd':{},'vrrpd':null}}", "  vrrpd does not answer: this node holds no vip\n"},
	{"{'daemons':{'lbd':{},'vrrpd':{}},'pids':{'guardian':0}}",
		"  vrrpd has no guardian: should it die or hang, its vips stay until their lease ends\n"},
	{"{'daemons':{'lbd':null,'vrrpd':{}}}", "  lbd does not answer: this node forwards nothing\n"},
	{"{'peer':{'node':'lb2','seen':[{'path':'192.0.2.12','alive':false}]}}", "  the peer lb2 is not heard\n"},
	{"{'peer':{'node':'lb2','seen':[{'path':'a','alive':true},{'path':'b','alive':false}]}}",
		"  the peer lb2 is not heard on its path b\n"},
	{"{'peer':{'node':'lb2','seen':[{'path':'a','alive':true},{'path':'b','alive':false,'unanswered':true}]}}",
		"  the peer lb2 does not hear this node on its path b, and may hear nobody there\n"},
	{"{'config_hash':'x','peer':{'drift':true,'config_hash':'y'}}",
		"  the peer's configuration differs (y, here x)\n"},
	{"{'peer':{'clock_offset_ms':-7300}}",
		"  the peer's clock is off by -7.3 s: see to the clock synchronisation of both nodes\n"},
	{"{'vips':[{'name':'web','conflict':true}]}", "  vip web: two nodes are active\n"},
	{"{'vips':[{'name':'web','lan_alarm':'nobody on its LAN answers'}]}", "  vip web: nobody on its LAN answers\n"},
	{"{'vips':[{'name':'web','state':'fault','reason':'no interface eth0'}]}",
		"  vip web: fault: no interface eth0\n"},
	{"{'vips':[{'name':'web','active_node':null}]}", "  vip web: no node is active\n"},
	{"{'pools':[{'name':'blue','servers':[{'name':'app1','health':'down','check':'connection refused'}]}]}",
		"  server blue/app1 is down: connection refused\n"},
	{"{'pools':[{'name':'blue','servers':[{'name':'app1','admin':'drain','health':'up','weight':1}]}]}",
		"  pool blue: no server takes connections\n"},
	{"{'pools':[{'name':'blue','servers':[{'name':'app1','admin':'enabled','health':'up','weight':0}]}]}",
		"  pool blue: no server takes connections\n"},
	{"{'pools':[{'name':'blue','servers':[]}]}", "  pool blue: no server takes connections\n"},
	{"{'services':[{'name':'web','pools':[{'name':'blue','share':0},{'name':'sorry','share':100,'backup':true}]}]}",
		"  service web: no server of pool blue takes connections, pool sorry answers\n"},
};

static void what_is_wrong_comes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
		json_t *status = json_of(troubles[i].status);
		AUTO_TEXT out = {0};
		const char *problems, *tables, *found;

		status_text(status, false, &out);
		problems = strstr(text_get(&out), "PROBLEMS\n");
		assert_non_null(problems);
		found = strstr(problems, troubles[i].problem);
		if (found == NULL)
			print_error("%s in %s", troubles[i].problem, text_get(&out));
		assert_non_null(found);
		tables = strstr(problems, "\n\n");
		assert_true(tables == NULL || found < tables);
		json_decref(status);
	}
}

static void a_split_shows_its_shares(void **state)
{
	json_t *status = json_of("{'services':[{'name':'web','pools':[{'name':'blue','share':99.9},"
				 "{'name':'green','share':0.1},{'name':'red','share':0}]}]}");
	AUTO_TEXT out = {0};

	(void)state;
	status_text(status, false, &out);
	assert_non_null(strstr(text_get(&out), " blue:99.9 green:0.1 red:0 "));
	json_decref(status);
}

static void what_is_well_is_no_problem(void **state)
{
	static const struct {
		const char *status;
		const char *not_said;
	} cases[] = {
		{"{'peer':{'clock_offset_ms':999}}", "clock is off"},
		{"{'peer':{'clock_offset_ms':null}}", "clock is off"},
		{"{'peer':{'drift':false}}", "differs"},
		{"{'daemons':{'lbd':{},'vrrpd':{}},'pids':{'guardian':7}}", "no guardian"},
		{"{'daemons':{'lbd':{},'vrrpd':{}},'pids':{'guardian':null}}", "no guardian"},
		{"{'peer':{'node':'lb2','seen':[]}}", "not heard"},
		{"{'peer':{'node':'lb2'}}", "not heard"},
		{"{'peer':null}", "peer"},
		{"{'vips':[{'name':'web','state':'backup','active_node':'lb2','conflict':false}]}", "vip web"},
		{"{'pools':[{'servers':[{'admin':'enabled','health':'unknown','weight':1},{'admin':'drain'}]}]}",
			"connections"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *status = json_of(cases[i].status);
		AUTO_TEXT out = {0};

		status_text(status, false, &out);
		assert_null(strstr(text_get(&out), cases[i].not_said));
		json_decref(status);
	}
}

static void many_problems_are_counted(void **state)
{
	json_t *vips = json_array();
	json_t *status = json_pack("{so}", "vips", vips);
	AUTO_TEXT out = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(json_array_append_new(vips, json_pack("{sb}", "conflict", 1)), 0);
	status_text(status, false, &out);
	/* 18 of the vips', and the two daemons' */
	assert_non_null(strstr(text_get(&out), "  vip -: two nodes are active\n  and 82 more\n\n"));
	json_decref(status);
}

static void discarded_adverts_are_told_by_reason(void **state)
{
	json_t *status = json_of("{'vips':[{'name':'web','counters':{'discarded':{'ttl':0,'auth':3,'replay':1}}},"
				 "{'name':'mail','counters':{'discarded':{'auth':0}}}]}");
	AUTO_TEXT out = {0};

	(void)state;
	status_text(status, false, &out);
	assert_non_null(strstr(text_get(&out), "\ndiscarded adverts of vip web: 3 auth, 1 replay\n"));
	assert_null(strstr(text_get(&out), "vip mail"));
	json_decref(status);
}

/* Whatever a daemon of another version says, the operator gets a page. */
static void bad_fields_are_shown_as_unknown(void **state)
{
	static const char *const bad[] = {
		"{}",
		"[]",
		"null",
		"3",
		"{'vips':3,'pools':{},'services':'x','peer':[],'pids':1,'daemons':[]}",
		"{'vips':[3,null,[],{}],'services':[[],{'pools':[{},3]}],'pools':[{'servers':[3,{}]},3]}",
		"{'peer':{'seen':[3,{}],'drift':3,'clock_offset_ms':'x'},'mismatch':[3,null]}",
		"{'vips':[{'counters':{'discarded':[1]}},{'counters':{'discarded':{'auth':'x'}}}]}",
		"{'vips':[{'addresses':[1]},{'addresses':{}}],'services':[{'bytes_in':-1,'bytes_out':1.5}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *status = json_of(bad[i]);
		AUTO_TEXT out = {0};

		status_text(status, false, &out);
		assert_false(out.failed);
		assert_non_null(strstr(text_get(&out), "node -: lbpair -,"));
		json_decref(status);
	}
}

static void an_empty_row_is_dashes(void **state)
{
	json_t *status = json_of("{'daemons':{'lbd':{},'vrrpd':{}},'services':[{}],'vips':[{}]}");

	(void)state;
	expect_page(status, false,
		"node -: lbpair -, configuration -, generation -, pids: lbd -, vrrpd -, guardian -\n"
		"no problems\n"
		"\n"
		"VIP  STATE  ACTIVE ON  PRIORITY  CHANGES  ADDRESSES  REASON\n"
		"-    -      -                 -        -  -          -\n"
		"\n"
		"SERVICE  PROTOCOL  LISTEN  POOL  OPEN  TOTAL  REFUSED  IN  OUT\n"
		"-        -         -       -        -      -        -   -    -\n");
	json_decref(status);
}

static void colour_and_control_characters(void **state)
{
	static const struct column columns[] = {{"A", false}, {"B", true}, {"C", false}};
	struct table table = table_of(columns, ARRAY_LEN(columns));
	AUTO_TEXT out = {0};

	(void)state;
	table_add(&table, STYLE_BAD, "caf\xc3\xa9");
	table_add(&table, STYLE_PLAIN, "1");
	table_add(&table, STYLE_PLAIN, "\033[2J");
	table_add(&table, STYLE_PLAIN, "xxxxx");
	table_add(&table, STYLE_GOOD, "22");
	table_add(&table, STYLE_PLAIN, "");
	table_add(&table, STYLE_PLAIN, "half a row");
	table_finish(&table, true, &out);
	assert_string_equal(text_get(&out), "\033[1mA\033[0m            \033[1mB\033[0m  \033[1mC\033[0m\n"
					    "\033[1;31mcaf\xc3\xa9\033[0m         1  ?[2J\n"
					    "xxxxx       \033[32m22\033[0m  -\n");
}

static void bytes_have_units(void **state)
{
	static const struct {
		const char *bytes;
		const char *shown;
	} cases[] = {{"0", " 0 B"}, {"999", "999 B"}, {"1000", "1.0 kB"}, {"999949", "999.9 kB"}, {"999950", "1.0 MB"},
		{"9223372036854775807", "9.2 EB"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[128];
		json_t *status;
		AUTO_TEXT out = {0};

		snprintf(text, sizeof text, "{'services':[{'bytes_in':%s}]}", cases[i].bytes);
		status = json_of(text);
		status_text(status, false, &out);
		assert_non_null(strstr(text_get(&out), cases[i].shown));
		json_decref(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_halves_make_one_page),
		cmocka_unit_test(the_document_has_every_field),
		cmocka_unit_test(a_missing_half_is_null),
		cmocka_unit_test(the_peer_is_completed),
		cmocka_unit_test(daemons_that_disagree_are_named),
		cmocka_unit_test(what_is_wrong_comes_first),
		cmocka_unit_test(a_split_shows_its_shares),
		cmocka_unit_test(what_is_well_is_no_problem),
		cmocka_unit_test(many_problems_are_counted),
		cmocka_unit_test(discarded_adverts_are_told_by_reason),
		cmocka_unit_test(bad_fields_are_shown_as_unknown),
		cmocka_unit_test(an_empty_row_is_dashes),
		cmocka_unit_test(colour_and_control_characters),
		cmocka_unit_test(bytes_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What happens behind the pair: a server dies and comes back, one is drained and enabled, one answers its checks with
# an error, all are gone. The pair itself stays as it is all the while.
#
#      client ---- VIP 192.0.2.100 ---- lb1 ----+---- s1 app1
#                                               +---- s2 app2
#                                               +---- s3 app3
. "$(dirname "$0")/lab.sh"

ask() { lbctl lb1 "$@" >"$LAB_DIR/answer.txt" 2>&1; }
requests_grow() { [ "$(server_requests "$1")" -gt "$2" ]; }
server_field() { pick lb1 ".pools[].servers[] | select(.name == \"$1\") | .$2"; }
field_is() { is "$(server_field "$1" "$2")" "$3"; }

lab_up
servers_start
start_pair
probe_start client
wait_for 5 "the client is answered" answers_flow client
for host in s1 s2 s3; do wait_for 5 "$host gets its share" requests_grow $host 20; done
expect "the shares are even" at_most "$(($(server_requests s1) - $(server_requests s2)))" 2

say "== a server is killed"
probe_mark client
server_kill s1
wait_for 5 "app1 is down on lb1" server_is lb1 app1 down
wait_for 5 "app1 is down on lb2" server_is lb2 app1 down
# A connection to a dead port is refused and tried again elsewhere, so the detection costs next to nothing.
probe_mark client
say "until it was seen: $(of_mark .failed) of $(of_mark .sent) requests failed"
nap 1
probe_mark client
expect "no request fails after the detection" is "$(of_mark .failed)" 0
expect "requests were sent meanwhile" at_most 100 "$(of_mark .sent)"
say "check: $(server_field app1 check)"

say "== it comes back"
requests=$(server_requests s1)
server_start s1
wait_for 10 "app1 is up again" server_is lb1 app1 up
wait_for 5 "it is asked again" requests_grow s1 "$requests"

say "== a server is drained"
expect "drain is accepted" ask drain blue/app2
expect "and says that it holds for this node alone" grep -qi 'this node' "$LAB_DIR/answer.txt"
expect "status says so" field_is app2 admin drain
wait_for 5 "its last connection ends" field_is app2 connections 0
requests=$(server_requests s2)
probe_mark client
nap 1
expect "it gets no request" is "$(server_requests s2)" "$requests"
probe_mark client
expect "no request failed" is "$(of_mark .failed)" 0
expect "enable is accepted" ask enable blue/app2
expect "status says so" field_is app2 admin enabled
wait_for 5 "it is asked again" requests_grow s2 "$requests"

say "== words that lbctl refuses"
refused() { # STATUS PATTERN WORD...
	local status=$1 pattern=$2 got=0
	shift 2
	lbctl lb1 "$@" >"$LAB_DIR/answer.txt" 2>&1 || got=$?
	[ $got = "$status" ] && grep -q "$pattern" "$LAB_DIR/answer.txt" && return
	cat "$LAB_DIR/answer.txt"
	echo "exit status $got"
	return 1
}
expect "an unknown server is named" refused 1 'app9' drain blue/app9
expect "an unknown pool is named" refused 1 'green' drain green/app1
expect "a missing word is a usage error" refused 2 '' drain

say "== every server is gone"
for host in s1 s2 s3; do server_kill $host; done
wait_for 5 "every server is down" servers_up lb1 0
probe_mark client
nap 0.5
probe_mark client
expect "clients are told at once, not left waiting" at_most "$(of_mark .timeout)" 0
expect "the VIP stays: the peer is no better off" settled lb1
servers_start
wait_for 10 "every server is up again" servers_up lb1 3
wait_for 5 "the client is answered" answers_flow client
probe_stop client

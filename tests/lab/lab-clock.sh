#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The nodes' clocks are further apart than the window of the signed adverts (5 s). That must never make two active
# nodes: freshness is settled by a nonce over state-port. The wall clock of lb2's daemons is wrong by a preloaded
# clock_gettime (clockshift.c).
#
#      lb1 (150, right) ---- LAN ---- lb2 (100, +120 s, then -86400 s)
. "$(dirname "$0")/lab.sh"

clock_of_lb2() { # SECONDS
	# Before ASan's own library, which would object.
	LAB_ENV[lb2]="LD_PRELOAD=$LBPAIR_BUILD/tests/lab/clockshift.so CLOCKSHIFT_S=$1 ASAN_OPTIONS=verify_asan_link_order=0"
}
# `status` of both nodes has to say by how much: the difference in whole seconds stands in it somewhere.
says_offset() { lbctl "$1" status 2>/dev/null | grep -i clock | grep -Eq "[^0-9]$2([^0-9]|$)"; }
one_is_active() { pair_is lb1 lb2 && holders_are lb1; }

lab_up
servers_start
clock_of_lb2 120
for node in $NODES; do start_node $node; done
wait_until 20 pair_is_or_died lb1 lb2
wait_for 5 "exactly one node is active, the one with the greater priority" one_is_active || die "no pair"
for node in $NODES; do wait_for 10 "$node has every server up" servers_up $node 3; done
stays_for 3 "and it stays so" one_is_active
for node in $NODES; do
	wait_for 5 "$node says by how much the peer's clock is off" says_offset $node '(119|120|121)'
	grep -qi 'clock' "$LAB_DIR/$node-vrrpd.log" || fail "$node's log does not speak of the clock"
done
lbctl lb1 status | grep -i clock

say "== failover between wrong clocks"
probe_start client
wait_for 5 "the client is answered" answers_flow client
expect "planned, to lb2" lbctl lb1 failover
wait_for 5 "lb2 has it" settled lb2
expect "planned, back" lbctl lb2 failover
wait_for 5 "lb1 has it" settled lb1
kill_role lb1 KILL vrrpd
wait_for 5 "after a kill lb2 has it" settled lb2
start_daemon lb1 vrrpd
wait_for 20 "lb1 takes it back" settled lb1
stays_for 2 "and keeps it" one_is_active
probe_stop client

say "== a clock a day behind, started from nothing"
old=$(pid_of lb2 vrrpd)
kill_role lb2 TERM vrrpd lbd
wait_for 5 "lb2 has stopped" gone "$old"
clock_of_lb2 -86400
start_node lb2
wait_for 15 "exactly one node is active" one_is_active
for node in $NODES; do wait_for 5 "$node says so" says_offset $node '8(639[89]|640[0-2])'; done
stays_for 2 "and it stays so" one_is_active

say "== the state-port is closed as well: nothing can prove freshness but the pace"
for node in $NODES; do
	on $node ip rule add ipproto udp dport 3780 blackhole || say "no rule can be made here"
done
stays_for 5 "one node is active" one_is_active
kill_role lb1 KILL vrrpd
wait_for 8 "after a kill lb2 has it" settled lb2
start_daemon lb1 vrrpd
# lb1 has the greater priority, however it finds out that lb2 is there.
wait_for 20 "one node has it, the one with the greater priority" one_is_active
stays_for 3 "and it alone" one_is_active

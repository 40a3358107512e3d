#!/bin/bash
# SPDX-License-Identifier: MIT
#
# 250 vips with 900 addresses, 100 of them on one LAN and the others on three more: they move as one does. Each goes
# exactly once, no node gives one back, no address is at two nodes afterwards, and once a node has said its first advert of
# a vip it goes on at the interval, while it installs and announces all the others. And then 50 vips, ten times as fast.
#
#   ON_FIRST=N ON_OTHERS=N   how many vips on the first LAN, up to 255, and on each of the three others
. "${0%/*}/many.sh"

# Three intervals: after so long a backup claims.
GAP_MS=300

# moved_by NODE N: the node's transitions since the mark are N for each vip, no more.
declare -A MOVES=()
mark_moves() { for node in $NODES; do MOVES[$node]=$(transitions_of $node); done; }
moved_by() { is "$(($(transitions_of "$1") - MOVES[$1]))" $(($2 * VIPS)); }

# The adverts of the node that has taken over since the mark, from its first on: all VRIDs of both families go on.
unbroken() {
	local gap silent
	nap 1 # the span to look at
	ear_marks || die "the ear does not answer"
	gap=$(heard_most "$1" .gap_ms) silent=$(heard_most "$1" .silent_ms)
	expect "$1 sends for $VIPS vips, $STREAMS VRIDs of a family" is "$(heard_sum "$1" .vrids)" $STREAMS
	expect "none of them was silent for over $GAP_MS ms: $gap, and now $silent" \
		at_most "$(jq -n "[$gap, $silent] | max")" $GAP_MS
}

fail_over() { lbctl lb2 failover >"$LAB_DIR/moved"; } # a line a vip

# taken_by NODE: it has all; the other one has nothing left.
taken_by() {
	local other
	other=$(peer_of "$1")
	wait_for 20 "$1 is active for all" states_are "$1" "$VIPS active"
	wait_for 10 "$1 holds every address" holds_all "$1"
	wait_for 10 "$other holds none" holds_none "$other"
}

lab_up
lans_up 4
many_config "${ON_FIRST:-100}" 100ms "${ON_OTHERS:-50}"
ear_start
for node in $NODES; do start_daemon $node vrrpd; done
wait_for 60 "lb1 is active for all, lb2 backup" many_are lb1 lb2
taken_by lb1
unbroken lb1
mark_moves
say "  processor time: active $(cpu_of "$(pid_of lb1 vrrpd)" 2) %, backup $(cpu_of "$(pid_of lb2 vrrpd)" 2) %"
unbroken lb1
for node in $NODES; do expect "$node has not moved" moved_by $node 0; done

say "== planned: all at once, from the backup's side"
ear_marks
expect "lbctl failover" fail_over
taken_by lb2
for node in $NODES; do expect "$node has moved each vip once" moved_by $node 1; done
unbroken lb2
expect "lbctl failover, back" fail_over
taken_by lb1
for node in $NODES; do expect "$node has moved each vip twice" moved_by $node 2; done

say "== SIGKILL of the main process"
mark_moves
ear_marks
kill_role lb1 KILL vrrpd
taken_by lb2
expect "lb2 has moved each vip once" moved_by lb2 1
unbroken lb2
ear_marks
start_daemon lb1 vrrpd
wait_for 60 "lb1 is active for all again" many_are lb1 lb2
taken_by lb1
unbroken lb1

say "== SIGTERM"
mark_moves
ear_marks
kill_role lb1 TERM vrrpd
taken_by lb2
expect "lb2 has moved each vip once" moved_by lb2 1
unbroken lb2
start_daemon lb1 vrrpd
wait_for 60 "lb1 is active for all again" many_are lb1 lb2
taken_by lb1

say "== SIGKILL of both processes: the leases end by themselves, 2 s and at most 1.3 s more"
began=$(now_ms)
kill_role lb1 KILL guardian vrrpd
wait_for 10 "lb1 holds none" holds_none lb1
took=$(($(now_ms) - began))
say "  two nodes had a VIP for at most $took ms"
expect "that is within the bound, and a breath" at_most $took 5000
wait_for 20 "lb2 is active for all" states_are lb2 "$VIPS active"

say "== 50 vips on four LANs, an advert every 10 ms"
kill_role lb2 TERM vrrpd
wait_for 10 "lb2 holds none" holds_none lb2
# Its addresses go first; the next one finds the run dir locked until it has said so for all vips, and ended.
wait_for 10 "lb2 has ended" gone "${DAEMON_PID[lb2-vrrpd]}"
many_config 20 10ms 10
for node in $NODES; do start_daemon $node vrrpd; done
wait_for 60 "lb1 is active for all, lb2 backup" many_are lb1 lb2
taken_by lb1
ear_marks
unbroken lb1
say "  processor time: active $(cpu_of "$(pid_of lb1 vrrpd)" 2) %, backup $(cpu_of "$(pid_of lb2 vrrpd)" 2) %"
ear_marks
expect "lbctl failover" fail_over
taken_by lb2
unbroken lb2
ear_marks
kill_role lb2 KILL vrrpd
taken_by lb1
unbroken lb1

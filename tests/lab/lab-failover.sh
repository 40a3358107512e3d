#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What comes after a failover: who yields, who comes back, who takes the place of a guardian. What the client sees of
# each fault is the matter of lab-matrix; the bounds here hold under sanitizers and on a loaded machine.
#
#      client ---- VIP 192.0.2.100 ----+---- lb1 (150) ----+---- s1 s2 s3
#      a request each 5 ms             +---- lb2 (100) ----+
. "$(dirname "$0")/lab.sh"

# goes_over NAME WINNER BOUND_MS COMMAND...: the command takes the service to WINNER; BOUND_MS for the client's gap.
goes_over() {
	local name=$1 winner=$2 bound=$3 gap
	shift 3
	say "== $name"
	probe_mark client
	"$@" || fail "$name: the action itself failed"
	wait_for 10 "$winner is active" node_is "$winner" active
	wait_for $((LEASE + 2)) "exactly $winner holds the VIP" holders_are "$winner"
	wait_for 10 "answers flow" answers_flow client
	stays_for 1 "it stays with $winner" settled "$winner"
	probe_mark client
	gap=$(of_mark .longest_gap_ms)
	expect "the client waited $gap ms at most (bound $bound)" at_most "$gap" "$bound"
}

resume_lbd() { kill -CONT "$STOPPED_LBD"; }

lab_up
servers_start
start_pair
probe_start client
wait_for 5 "the client is answered" answers_flow client

goes_over "planned failover, asked of the active node" lb2 500 lbctl lb1 failover
expect "the old node yields although its priority is greater" pair_is lb2 lb1
old=$(pid_of lb1 vrrpd)
kill_role lb1 TERM vrrpd
wait_for 5 "its vrrpd has ended" gone "$old"
start_daemon lb1 vrrpd
wait_for 10 "and is started again" node_is lb1 backup
stays_for 2 "it yields after the restart, too" pair_is lb2 lb1
goes_over "planned failover, asked of the backup" lb1 500 lbctl lb1 failover
back_to_normal

STOPPED_LBD=$(pid_of lb1 lbd)
goes_over "hang of lbd (SIGSTOP)" lb2 3000 kill_role lb1 STOP lbd
goes_over "lbd continues, and the node with the greater priority is active again" lb1 3000 resume_lbd
back_to_normal

goes_over "cable cut" lb2 3000 cable_cut lb1
expect "the node without a carrier says so" node_is lb1 fault
goes_over "cable returns" lb1 2000 cable_mend lb1
back_to_normal

# A guardian that dies is replaced, and nobody notices.
say "== SIGKILL of the guardian"
old=$(pid_of lb1 guardian)
probe_mark_calm client
kill_role lb1 KILL guardian
replaced() {
	local pid
	pid=$(pid_of lb1 guardian)
	[ -n "$pid" ] && [ "$pid" != "$old" ]
}
wait_for 5 "there is another guardian" replaced
stays_for 1 "lb1 stays active" settled lb1
probe_mark client
expect "no request failed" is "$(of_mark .failed)" 0

# The new guardian does its work.
guardian=$(pid_of lb1 guardian)
goes_over "SIGKILL of vrrpd under the second guardian" lb2 2000 kill_role lb1 KILL vrrpd
wait_for 5 "that guardian has gone after it" gone "$guardian"
back_to_normal

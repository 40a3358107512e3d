#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Nodes that one direction of the LAN is cut for, with a second way between them: an active node that hears nothing finds
# it out and gives up; whatever is the matter with the backup, or with everybody else, moves nothing, and is an alarm.
#
#      client ---- LAN 192.0.2.0/24 ----+---- lb1 (150) ----- eth1
#     s1 s2 s3                          |                      | 198.51.100.0/24
#                                       +---- lb2 (100) ----- eth1
. "$(dirname "$0")/lab.sh"

problem_is() { lbctl "$1" status | grep -qF "$2"; }
paths_are() { is "$(pick "$1" '[.peer.seen[].alive] | tostring')" "$2"; }

lab_up
command -v nft >/dev/null || skip_lab "no nft(8)"
second_cable
heartbeat_by_cable
servers_start
start_pair
wait_for 10 "both paths live" eval 'paths_are lb1 "[true,true]" && paths_are lb2 "[true,true]"'

say "== the active node hears nothing on the LAN"
probe_start client
wait_for 5 "the client is answered" answers_flow client
probe_mark client
port_drop lb1 to
wait_for 10 "lb2 is active" node_is lb2 active
wait_for 10 "answers flow" answers_flow client
wait_for 5 "exactly lb2 holds the VIP" holders_are lb2
probe_mark client
gap=$(of_mark .longest_gap_ms)
expect "the client waited $gap ms at an advert-interval of $ADVERT_INTERVAL" at_most "$gap" 6000
expect "lb1 has given up" node_is lb1 fault
expect "and says why" reason_has lb1 "its LAN is dead"
stays_for 2 "the VIP stays at lb2" settled lb2
ports_open
wait_for 30 "lb1 hears again, and is active" settled lb1
wait_for 10 "both paths live" eval 'paths_are lb1 "[true,true]" && paths_are lb2 "[true,true]"'

say "== the backup sends nothing to the LAN"
wait_for 10 "answers flow" answers_flow client
probe_mark client
port_drop lb2 from
wait_for 10 "lb1 misses it on the LAN" paths_are lb1 "[false,true]"
stays_for 2 "lb1 stays active: the hosts answer it" settled lb1
expect "and has no doubts" eval '! reason_has lb1 "nobody on its LAN answers"'
ports_open
wait_for 10 "lb2 is heard again" paths_are lb1 "[true,true]"

say "== the backup hears nothing on the LAN"
port_drop lb2 to
wait_for 10 "it misses lb1 there" paths_are lb2 "[false,true]"
stays_for 2 "lb1 stays active" settled lb1
ports_open
wait_for 10 "it hears lb1 again" paths_are lb2 "[true,true]"
probe_mark client
expect "no request failed in all that" is "$(of_mark .failed)" 0

say "== the other way between the nodes is cut, and nothing else"
ip -n "$(ns lb1)" link set eth1 down
wait_for 10 "it is seen" eval 'paths_are lb1 "[true,false]" && paths_are lb2 "[true,false]"'

say "== and the active node hears nothing: neither node can do anything about it, and both say so"
port_drop lb1 to
wait_for 20 "lb1 says that it may be cut off" reason_has lb1 "nor is the peer heard"
expect "status has the alarm" problem_is lb1 "nobody on its LAN answers"
expect "and explain" explains lb1 "ALARM: nobody on its LAN answers"
wait_for 10 "lb2 says that it is not heard" problem_is lb2 "does not hear this node on its path 192.0.2.11"
expect "and explain" explains lb2 "answers nothing that this node sends"
stays_for 2 "the VIP stays at lb1" settled lb1
ports_open
wait_for 10 "no doubt is left" eval '! reason_has lb1 "nobody on its LAN answers"'
ip -n "$(ns lb1)" link set eth1 up
wait_for 10 "both paths live" eval 'paths_are lb1 "[true,true]" && paths_are lb2 "[true,true]"'

say "== nobody else is there, and the nodes' datagrams are lost on the LAN"
for host in client s1 s2 s3; do cable_cut "$host"; done
on lan nft "add table bridge lost; add chain bridge lost quiet { type filter hook forward priority 0; };
	add rule bridge lost quiet udp dport 3780 drop"
wait_for 10 "lb1 cannot tell" reason_has lb1 "names nobody who answers there"
stays_for 2 "and stays" settled lb1
expect "lb2 is a backup" node_is lb2 backup
ports_open
for host in client s1 s2 s3; do cable_mend "$host"; done
wait_for 20 "no doubt is left" eval '! reason_has lb1 "nobody on its LAN answers"'

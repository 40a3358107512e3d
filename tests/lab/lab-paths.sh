#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two ways between the nodes: one that breaks is an alarm and no failover, and what happens on the LAN is told over the
# other one at once.
#
#      client ---- LAN 192.0.2.0/24 ----+---- lb1 (150) ----- eth1
#                                       |                      | 198.51.100.0/24
#                                       +---- lb2 (100) ----- eth1
ADVERT_INTERVAL=1s
. "$(dirname "$0")/lab.sh"

LAN=192.0.2 CABLE=198.51.100
path_is() { is "$(pick "$1" ".peer.seen[] | select(.path | startswith(\"$2.\")) | .alive")" "$3"; } # NODE NET ALIVE
paths_are() { path_is "$1" $LAN "$2" && path_is "$1" $CABLE "$3"; }
explains() { lbctl "$1" explain web | grep -qF "$2"; }
both() { "$@" && "${@/lb1/lb2}"; }

lab_up
ip -n "${LAB_PREFIX}lb1" link add eth1 type veth peer name eth1 netns "${LAB_PREFIX}lb2" || die "no second cable"
for node in $NODES; do
	ip -n "$LAB_PREFIX$node" addr add "$CABLE.${HOST_NUMBER[$node]}/24" dev eth1 &&
		ip -n "$LAB_PREFIX$node" link set eth1 up || die "no address on the second cable"
done
sed -i "s/priority = \(150\|100\) *}/priority = \1  heartbeat = { @ } }/; /node lb1/s/@/$CABLE.11/; /node lb2/s/@/$CABLE.12/" \
	"$CONFIG"
servers_start
start_pair
wait_for 10 "both paths live" both paths_are lb1 true true

say "== the second cable is cut"
ip -n "${LAB_PREFIX}lb1" link set eth1 down
wait_for 10 "both nodes see it" both paths_are lb1 true false
expect "explain has the alarm" explains lb1 "ALARM: not on its path $CABLE.12"
stays_for 3 "nothing else happens" settled lb1
ip -n "${LAB_PREFIX}lb1" link set eth1 up
wait_for 10 "both paths live again" both paths_are lb1 true true

say "== the LAN's cable of the active node is cut"
probe_start client
wait_for 5 "the client is answered" answers_flow client
probe_mark client
cable_cut lb1
wait_for 10 "lb2 is active" node_is lb2 active
wait_for 10 "answers flow" answers_flow client
probe_mark client
gap=$(of_mark .longest_gap_ms)
# Silence alone would take three intervals and the skew.
expect "lb2 was told at once: the client waited $gap ms" at_most "$gap" 2000
wait_for 5 "lb1 is at fault" node_is lb1 fault
wait_for 10 "it is heard over the other path" paths_are lb2 false true
cable_mend lb1
wait_for 30 "lb1 is active again" settled lb1
wait_for 10 "both paths live again" both paths_are lb1 true true

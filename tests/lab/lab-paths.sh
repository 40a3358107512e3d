#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two ways between the nodes: one that breaks is an alarm and no failover, and what happens on the LAN is told over the
# other one at once.
#
#      client ---- LAN 192.0.2.0/24 ----+---- lb1 (150) ----- eth1
#                                       |                      | 198.51.100.0/24
#                                       +---- lb2 (100) ----- eth1
. "$(dirname "$0")/lab.sh"
ADVERT_INTERVAL=500ms

LAN=192.0.2
path_is() { is "$(pick "$1" ".peer.seen[] | select(.path | startswith(\"$2.\")) | .alive")" "$3"; } # NODE NET ALIVE
paths_are() { path_is "$1" $LAN "$2" && path_is "$1" $CABLE "$3"; }
both() { "$@" && "${@/lb1/lb2}"; }

lab_up
second_cable
heartbeat_by_cable
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
# Silence alone would take three intervals and the skew: 1.8 s.
expect "lb2 was told at once: the client waited $gap ms" at_most "$gap" 1200
wait_for 5 "lb1 is at fault" node_is lb1 fault
wait_for 10 "it is heard over the other path" paths_are lb2 false true
cable_mend lb1
wait_for 30 "lb1 is active again" settled lb1
wait_for 10 "both paths live again" both paths_are lb1 true true

say "== a dead switch port, its carrier up"
no_carrier_lost() { is "$(ip -n "${LAB_PREFIX}lb1" -br link show eth0 | awk '{ print $2 }')" UP; }
# Hosts are known by what they say, and servers that are checked do.
probe_mark client
port_mute lb1
expect "the link is up" no_carrier_lost
wait_for 15 "lb2 is active: lb1 hears nobody on the LAN" node_is lb2 active
wait_for 15 "answers flow" answers_flow client
probe_mark client
say "the client waited $(of_mark .longest_gap_ms) ms at an advert-interval of $ADVERT_INTERVAL"
wait_for 10 "lb1 has given up: what answers lb2 does not answer there" node_is lb1 fault
expect "the reason says so" reason_has lb1 "its LAN is dead"
stays_for 3 "exactly lb2 holds the VIP" holders_are lb2
port_unmute lb1
wait_for 30 "the port works again: lb1 is active" settled lb1

say "== adverts are lost, and nothing else"
probe_mark_calm client
adverts_drop lb2
stays_for 8 "lb1 stays active: it is on its LAN" settled lb1
wait_for 5 "lb2 says what it waits for" reason_has lb2 "adverts are lost"
probe_mark client
expect "no request failed" is "$(of_mark .failed)" 0
adverts_pass lb2
stays_for 2 "and lb1 stays when they are back" settled lb1

say "== a rival on the LAN"
rogue_mac=$(on client cat /sys/class/net/eth0/address)
sleep 1.5 # the last words of a former owner, right after a takeover, are no rival's
# It asks for a server's address, and says by it that the VIP is its own: everybody takes that over.
on client ip addr add "$VIP/32" dev eth0
on client ip route add 192.0.2.21/32 dev eth0 src "$VIP"
on client ip neigh flush all
on client timeout 2 bash -c 'exec 3<>/dev/tcp/192.0.2.21/8080' 2>/dev/null
wait_for 5 "the log of lb1 names it" grep -q "another host says that it has the address.*$rogue_mac" "$LAB_DIR/lb1-vrrpd.log"
expect "and so does the status" reason_has lb1 "$rogue_mac"
lb1_mac=$(on lb1 cat /sys/class/net/eth0/address)
neighbour_is() { on "$1" ip neigh show "$VIP" | grep -q "$2"; }
wait_for 5 "s1 knows the VIP at lb1" neighbour_is s1 "$lb1_mac"
on client ip route del 192.0.2.21/32 dev eth0
on client ip addr del "$VIP/32" dev eth0
wait_for 10 "the rival is forgotten" eval '! reason_has lb1 "$rogue_mac"'

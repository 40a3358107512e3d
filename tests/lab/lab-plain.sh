#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The pair where less is shared: a node with another configuration is told of, and a pair without a key speaks VRRP
# alone, fails over, and refuses what wants the other's consent.
#
#      lb1 (150) ---- LAN ---- lb2 (100)
. "$(dirname "$0")/lab.sh"

heard() { is "$(pick "$1" '.peer.seen[0].alive')" true; } # heard BY
drift_is() { is "$(pick "$1" .peer.drift)" "$2"; }

# restart_vrrpd NODE FILE: with that configuration
restart_vrrpd() {
	local node=$1 pid
	CONFIG=$2
	pid=$(pid_of "$node" vrrpd)
	kill_role "$node" TERM vrrpd
	wait_for 5 "$node's vrrpd has ended" gone "$pid"
	start_daemon "$node" vrrpd
}

lab_up
servers_start
start_pair
for node in $NODES; do expect "$node sees the same configuration at its peer" drift_is $node false; done

say "== layout does not count, content does"
same=$LAB_DIR/same.conf other=$LAB_DIR/other.conf
{ echo "# a comment"; sed 's/  */   /g' "$CONFIG"; } >"$same"
sed 's/vrid = 51/vrid = 51\n    preempt-delay = 1s/' "$CONFIG" >"$other"
restart_vrrpd lb2 "$same"
wait_for 10 "lb2 is heard again" heard lb1
stays_for 1 "lb1 sees no drift" drift_is lb1 false
restart_vrrpd lb2 "$other"
for node in $NODES; do wait_for 10 "$node sees the drift" drift_is $node true; done
expect "lb1 is active all the same" settled lb1
expect "the log says so" grep -q "configurations of the two nodes differ" "$LAB_DIR/lb1-vrrpd.log"

say "== without a key"
plain=$LAB_DIR/plain.conf
sed "s/vrid = 51/vrid = 51\n    authentication = none/; s#key-file = .*#key-file = $LAB_DIR/no-such-key#" "$other" >"$plain"
kill_role lb2 TERM vrrpd
restart_vrrpd lb1 "$plain"
start_daemon lb2 vrrpd
wait_for 20 "lb1 is active, lb2 backup" pair_is lb1 lb2
wait_for 5 "exactly lb1 holds the VIP" holders_are lb1
why=$(lbctl lb1 failover 2>&1)
expect "a planned failover is refused: $why" is $? 1
expect "and the reason named" grep -q "no common key" <<<"$why"
kill_role lb1 KILL vrrpd
wait_for 10 "killed, it is followed by lb2" settled lb2
start_daemon lb1 vrrpd
wait_for 20 "and comes back as its priority wants" settled lb1

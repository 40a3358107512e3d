#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A node in maintenance gives its vip away and takes none, whatever happens and across restarts; and each change of
# state is told to the operator's program, in order, up to the last one of a vrrpd that is stopped.
. "$(dirname "$0")/lab.sh"

LAB_PROGRAM_DIR=$(mktemp -d /tmp/lbpair-notify.XXXXXX) || exit 1
lab_notify_down() { rm -rf "$LAB_PROGRAM_DIR"; }

told() { cat "$LAB_PROGRAM_DIR/$1" 2>/dev/null; }
was_told() { told "$1" | grep -qF "$2"; } # was_told NODE WHAT
last_told() { told "$1" | tail -n 1 | grep -qF "$2"; }
in_maintenance() { is "$(pick "$1" .maintenance)" true; }
vip_is() { is "$(vip_state "$1")" "$2"; }
nobody_holds() { is "$(holders_of_vip)" ''; }

lab_up
trap 'lab_notify_down; lab_down' EXIT
# A slow program: what comes later must not overtake it.
cat >"$LAB_PROGRAM_DIR/notify" <<-END
	#!/bin/sh
	node=lb2; ! grep -q ' 192\\.0\\.2\\.11\$' /proc/net/fib_trie || node=lb1
	[ "\$3" != active ] || sleep 0.3
	echo "\$1 \$2 \$3 \$4" >>$LAB_PROGRAM_DIR/\$node
END
chmod 755 "$LAB_PROGRAM_DIR" "$LAB_PROGRAM_DIR/notify"
VIP_OPTIONS="notify = $LAB_PROGRAM_DIR/notify"
config_write
servers_start
start_pair
probe_start client
wait_for 5 "the client is answered" answers_flow client
wait_for 5 "lb1's program was told of the start" was_told lb1 "web initialize backup started"
wait_for 5 "and that it is active" last_told lb1 "web backup active"
wait_for 5 "lb2's that it is backup" was_told lb2 "web initialize backup started"

say "== maintenance"
probe_mark client
expect "lb1 goes into maintenance" lbctl lb1 maintenance on
expect "status says so" in_maintenance lb1
wait_for 5 "lb2 has the vip" holders_are lb2
expect "lb1 is at fault" vip_is lb1 fault
expect "explain says why" eval 'lbctl lb1 explain web | grep -qF "maintenance off"'
probe_mark client
# What the old node held when the address went is reset; whoever came after that found the new one.
expect "no connect failed meanwhile" is "$(of_mark '.refused + .timeout + .unreachable')" 0
wait_for 5 "the program was told in words" last_told lb1 "web backup fault this node is in maintenance"
expect "it is refused a second node" eval '! lbctl lb2 maintenance on 2>"$LAB_DIR/refused"'
expect "with the reason" grep -q "it is in maintenance" "$LAB_DIR/refused"
expect "lb2 is not in maintenance" is "$(pick lb2 .maintenance)" false
expect "nor does a failover go there" eval '! lbctl lb2 failover 2>/dev/null'

say "== across a restart, and a peer that dies"
pid=$(pid_of lb1 vrrpd)
kill_role lb1 TERM vrrpd
wait_for 10 "lb1's vrrpd has ended, its program told" gone "$pid"
start_daemon lb1 vrrpd
wait_for 10 "lb1 is in maintenance again" in_maintenance lb1
kill_role lb2 KILL guardian vrrpd lbd
wait_for $((LEASE + 3)) "nobody holds the vip" nobody_holds
stays_for 2 "lb1 takes none" vip_is lb1 fault
expect "maintenance ends" lbctl lb1 maintenance off
wait_for 10 "lb1 takes the vip" settled lb1
start_daemon lb2 lbd
start_daemon lb2 vrrpd
wait_for 15 "the pair is well" pair_is lb1 lb2
for node in $NODES; do
	wait_for 10 "$node has every server up" servers_up $node 3
done

say "== what was lent comes back"
expect "lb1 goes into maintenance again" lbctl lb1 maintenance on
wait_for 5 "lb2 has the vip" settled lb2
expect "and out of it" lbctl lb1 maintenance off
wait_for 15 "lb1 preempts, as configured" settled lb1

say "== the last word of a vrrpd that is stopped"
: >"$LAB_PROGRAM_DIR/lb1"
kill_role lb1 TERM vrrpd
wait_for 5 "lb2 is active" node_is lb2 active
wait_for 5 "lb1's program was told" last_told lb1 "web active initialize stopped"

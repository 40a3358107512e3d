#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The pair in the ways of speaking that are not the usual one: version 2, unicast, either checksum. In each, one of the
# two is active, a SIGKILL is told of by its guardian, and the one that comes back takes over again.
#
#      lb1 (150) ---- LAN ---- lb2 (100)
. "$(dirname "$0")/lab.sh"

no_conflict() { is "$(pick lb1 .vips[0].conflict)$(pick lb2 .vips[0].conflict)" falsefalse; }
discarded() { pick "$1" "[.vips[0].counters.discarded[]] | add"; }

# config NODE OPTIONS: that node's file
config() {
	cat >"$LAB_DIR/$1.conf" <<-END
		pair {
		    key-file = $LAB_DIR/pair.key
		    node lb1 { address = 192.0.2.11  priority = 150 }
		    node lb2 { address = 192.0.2.12  priority = 100 }
		}
		vip web { vrid = 51  interface = eth0  addresses = { $VIP }  $2 }
	END
}
start_mode() { # start_mode NODE
	CONFIG=$LAB_DIR/$1.conf
	start_daemon "$1" vrrpd
}

# mode NAME SKEW-MS OPTIONS [OPTIONS-OF-LB2]: SKEW-MS is less than what silence would take
mode() {
	local name=$1 skew=$2 began node
	say "== $name"
	config lb1 "$3"
	config lb2 "${4-$3}"
	for node in $NODES; do
		: >"$LAB_DIR/$node-vrrpd.log"
		start_mode "$node"
	done
	wait_for 20 "lb1 is active, lb2 backup" pair_is lb1 lb2
	wait_for 10 "exactly lb1 holds the VIP" settled lb1
	stays_for 1 "and only lb1" holders_are lb1
	began=$(now_ms)
	kill_role lb1 KILL vrrpd
	wait_for 10 "killed, it is followed by lb2" settled lb2
	expect "by its goodbye, not by silence" at_most $(($(now_ms) - began)) "$skew"
	start_mode lb1
	wait_for 20 "it comes back, and takes over" settled lb1
	wait_for 5 "with nobody else" no_conflict
	for node in $NODES; do expect "$node has discarded nothing" is "$(discarded $node)" 0; done
	for node in $NODES; do kill_role $node TERM vrrpd; done
	for node in $NODES; do wait_for 5 "$node has ended" gone "${DAEMON_PID[$node-vrrpd]}"; done
}

lab_up
SECOND='advert-interval = 1s  authentication'
mode "version 2" 2800 "version = 2  $SECOND = none"
mode "version 2 with a password" 2800 "version = 2  $SECOND = password  password = \"s e\""
mode "version 2, unicast" 2800 "version = 2  $SECOND = none  unicast = yes"
mode "unicast, signed" 2800 "advert-interval = 1s  unicast = yes"
mode "two checksums" 2800 "$SECOND = none  checksum = rfc9568" "$SECOND = none  checksum = pseudo-header"
mode "the one follows the other" 2800 "$SECOND = none  checksum = pseudo-header" "$SECOND = none"
expect "and says so" grep -q 'answered in it.*before=rfc9568 now=pseudo-header' "$LAB_DIR/lb2-vrrpd.log"

say "== a wrong password is no password"
config lb1 "version = 2  $SECOND = password  password = right"
config lb2 "version = 2  $SECOND = password  password = wrong"
for node in $NODES; do start_mode "$node"; done
wait_for 20 "each is counted as such" eval '[ "$(pick lb2 .vips[0].counters.discarded.auth)" -gt 0 ]'

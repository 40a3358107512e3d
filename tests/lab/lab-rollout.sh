#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Signatures come to a pair that runs, and a key is replaced by another, one node after the other: at no step is the vip
# without an owner for longer than a takeover takes, nor have two nodes it.
#
#      client ----+---- lb1 (150)
#                 +---- lb2 (100)
. "$(dirname "$0")/lab.sh"

discarded() { pick "$1" '.vips[0].counters.discarded.auth'; }

# goes_on NODE WHAT SCRIPT: its configuration is edited, and its vrrpd restarted with it.
goes_on() {
	local node=$1 what=$2 pid
	sed -i "$3" "$LAB_DIR/$node.conf"
	CONFIG=$LAB_DIR/$node.conf
	pid=$(pid_of "$node" vrrpd)
	kill_role "$node" TERM vrrpd
	wait_for 5 "$node's vrrpd has ended" gone "$pid"
	start_daemon "$node" vrrpd
	wait_for 20 "$node $what: the pair is well" pair_is lb1 lb2
	stays_for 1 "and stays so" holders_are lb1
}
both_go_on() { # the backup first
	goes_on lb2 "$@"
	goes_on lb1 "$@"
}

VIP_OPTIONS="authentication = none"
lab_up
servers_start
start_pair
for node in $NODES; do cp "$CONFIG" "$LAB_DIR/$node.conf"; done
probe_start client
wait_for 5 "the client is answered" answers_flow client
probe_mark client

say "== from none to hmac"
both_go_on "knows signatures" 's/authentication = none/authentication = hmac  rollout = receive-only/'
both_go_on "signs" 's/receive-only/permissive/'
both_go_on "wants signatures" 's/permissive/enforce/'
expect "nothing was discarded for its signature" is "$(discarded lb1),$(discarded lb2)" 0,0

say "== from one key to another"
echo "2 $(printf '%064d' 7)" >>"$LAB_DIR/pair.key"
both_go_on "knows both keys" 's/key-id = .*//'
both_go_on "signs with the new one" 's#\(key-file = .*\)#\1\n    key-id = 2#'
sed -i '/^2 /!d' "$LAB_DIR/pair.key"
both_go_on "has the new one alone" 's/^$//'
expect "nothing was discarded for its signature" is "$(discarded lb1),$(discarded lb2)" 0,0
probe_mark client
gap=$(of_mark .longest_gap_ms)
expect "the client waited $gap ms at most" at_most "$gap" 5000

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The guardian's own death, or standstill, again and again and in the middle of a takeover: there is always another one,
# and it does its work.
#
#      lb1 (150) ---- LAN ---- lb2 (100)
. "$(dirname "$0")/lab.sh"

# another_than NODE PID: a guardian that is not that one.
another_than() {
	local pid
	pid=$(pid_of "$1" guardian)
	[ -n "$pid" ] && [ "$pid" != 0 ] && [ "$pid" != "$2" ] && kill -0 "$pid" 2>/dev/null
}
guardians() { # guardians NODE: how many there are
	local pid count=0
	for pid in $(ip netns pids "$(ns "$1")"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = vrrpd-guard ] && count=$((count + 1))
	done
	echo $count
}

lab_up
pair_section >"$CONFIG"
cat >>"$CONFIG" <<-END
	vip web { vrid = 51  interface = eth0  addresses = { $VIP }  advert-interval = 1s }
END
for node in $NODES; do start_daemon "$node" vrrpd; done
wait_for 20 "lb1 is active, lb2 backup" pair_is lb1 lb2
wait_for 5 "exactly lb1 holds the VIP" holders_are lb1

say "== a guardian dies and stands still, again and again"
for signal in KILL KILL STOP STOP KILL STOP; do
	former=$(pid_of lb1 guardian)
	kill "-$signal" "$former"
	wait_for 10 "SIG$signal: another one watches" another_than lb1 "$former"
	expect "and the former is gone" gone "$former"
done
expect "there is one" is "$(guardians lb1)" 1
expect "the vip has not moved" is "$(pick lb1 '.vips[0].transitions')" 2

say "== the last of them does its work"
kill_role lb1 KILL vrrpd
wait_for 10 "lb2 is active" node_is lb2 active
expect "because lb1 said goodbye" is "$(pick lb2 '.vips[0].reason')" "the active node resigned"
expect "exactly lb2 holds the VIP" holders_are lb2
start_daemon lb1 vrrpd
wait_for 20 "lb1 is active again" settled lb1

# The adverts come once a second, so that a backup that is not told waits for over three of them.
for signal in KILL STOP; do
	say "== in the middle of a takeover: SIG$signal for the guardian of who takes over"
	former=$(pid_of lb2 guardian)
	kill "-$signal" "$former"
	kill_role lb1 TERM vrrpd
	wait_for 10 "lb2 is active" node_is lb2 active
	wait_for 10 "another one watches" another_than lb2 "$former"
	expect "the former is gone" gone "$former"
	kill_role lb2 STOP vrrpd
	wait_for 5 "it takes the VIP from who hangs" holders_are ""
	for node in $NODES; do start_daemon "$node" vrrpd; done
	wait_for 20 "lb1 is active again" settled lb1
	wait_for 10 "lb2 is a backup" node_is lb2 backup
	wait_for 5 "each node has one guardian" eval 'is "$(guardians lb1) $(guardians lb2)" "1 1"'
done

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The rows of the fault matrix. A row is a line and a function act_NAME, which does the fault to $SUBJECT's node $A while
# $A is active (or to both); before_NAME, where there is one, makes what the row begins with and is not measured; after_NAME says
# whether what else has to be so is so. What a row leaves broken is mended by `mend` and the subject's `normal`.
#
# "two": how long two nodes may have the VIP: the lease of 2 s and 0.2 s. In a partition both have it, each in its part.

row planned over "planned failover" 15 15 -
act_planned() { subject planned "$A" "$B"; }

row planned-back back "planned failover, back" 15 15 -
before_planned-back() { subject planned "$A" "$B" && over_and_calm; }
act_planned-back() { subject planned "$B" "$A"; }

# ---- processes

row term-vrrp over "SIGTERM of vrrpd" - - 2200
act_term-vrrp() { subject hurt "$A" TERM vrrp; }

row kill-vrrp over "SIGKILL of vrrpd" 100 100 2200
act_kill-vrrp() { subject hurt "$A" KILL vrrp; }

row stop-vrrp over "SIGSTOP of vrrpd" 400 400 2200
act_stop-vrrp() { subject hurt "$A" STOP vrrp; }

row kill-guardian stay "SIGKILL of the guardian" - - 2200
act_kill-guardian() { subject hurt "$A" KILL guardian; }

row stop-guardian stay "SIGSTOP of the guardian" - - 2200
act_stop-guardian() { subject hurt "$A" STOP guardian; }

row term-lbd over "SIGTERM of lbd" - - 2200
act_term-lbd() { subject hurt "$A" TERM forwarder; }

row kill-lbd over "SIGKILL of lbd" 100 100 2200
act_kill-lbd() { subject hurt "$A" KILL forwarder; }

row stop-lbd over "SIGSTOP of lbd" 400 400 2200
act_stop-lbd() { subject hurt "$A" STOP forwarder; }

row term-all over "SIGTERM of all" - - 2200
act_term-all() { subject hurt "$A" TERM vrrp forwarder; }

row kill-all over "SIGKILL of all" 400 400 2200
act_kill-all() { subject hurt "$A" KILL guardian vrrp forwarder; }

row stop-all over "SIGSTOP of all" - - 2200
act_stop-all() { subject hurt "$A" STOP guardian vrrp forwarder; }

# ---- the network

row cable-cut over "cable cut (carrier lost)" 400 60 2200
act_cable-cut() { cable_cut "$A"; }

# Nothing of the node is heard any more, by any path, and its last word was that all is well: the second cable goes first.
row power over "power loss: all paths cut at once" 400 60 2200
before_power() { subject second_path; }
act_power() {
	ip -n "$(ns "$A")" link set eth1 down 2>/dev/null # keepalived's have none
	cable_cut "$A"
}

row heartbeat-cut stay "heartbeat path cut alone" - - 0
only heartbeat-cut lbpair
before_heartbeat-cut() { subject second_path; }
act_heartbeat-cut() { ip -n "$(ns "$A")" link set eth1 down; }
after_heartbeat-cut() { wait_until 5 subject alarms "$A" && wait_until 5 subject alarms "$B"; }

row cable-back back "cable returns" 50 50 -
before_cable-back() { cable_cut "$A" && over_and_calm; }
act_cable-back() { cable_mend "$A"; }

row mute apart "link cut both ways, carrier up" 400 60 -
act_mute() { port_mute "$A"; }

row heal back "partition heals" 50 50 -
before_heal() { port_mute "$A" && over_and_calm; }
act_heal() { port_unmute "$A"; }

row mute-out apart "link cut one way: sends nothing" - - -
act_mute-out() { port_drop "$A" from; }

row mute-in over "link cut one way: hears nothing" - - -
act_mute-in() { port_drop "$A" to; }

# By the other path it learns who answers there.
row deaf over "hears nothing, with a second path" - - 2200
before_deaf() { subject second_path; }
act_deaf() { port_drop "$A" to; }

row flap back "cable flaps five times" - - 2200
act_flap() {
	local i
	for i in 1 2 3 4 5; do
		cable_cut "$A"
		nap 0.1
		cable_mend "$A"
		nap 0.1
	done
}

row down over "interface down" 400 60 2200
act_down() { ip -n "$(ns "$A")" link set eth0 down; }

row up back "interface up" 50 50 -
before_up() { ip -n "$(ns "$A")" link set eth0 down && over_and_calm; }
act_up() { ip -n "$(ns "$A")" link set eth0 up; }

row delete stay "address deleted" 50 50 2200
act_delete() {
	local at
	at=$(ip -n "$(ns "$A")" -o addr show to "$VIP" | awk '{ print $4, "dev", $2; exit }')
	# shellcheck disable=SC2086 # ADDRESS dev NAME
	ip -n "$(ns "$A")" addr del $at
}

# ---- both nodes

row restart-both back "restart of both" - - 2200
act_restart-both() { subject restart; }

row start-both back "simultaneous start" - - 2200
before_start-both() { subject kill_both && wait_until 10 nobody_has; }
act_start-both() { subject start_both; }

# ---- what rows share

# The other node has taken over, and what was asked meanwhile is answered or has failed.
over_and_calm() { wait_until 10 has "$B" && wait_until 10 flows && nap $WATCH; }

# Nothing of a row is left of the network.
mend() {
	local node
	ports_open
	for node in $NODES; do
		ip -n "$(ns "$node")" link set eth0 up
		ip -n "$(ns "$node")" link set eth1 up 2>/dev/null
		port_unmute "$node"
		cable_mend "$node"
	done
}

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# lbpair in the fault matrix: lab.sh's pair, with patient checks: no server fails here, and a node that was cut off
# shall not take its servers for dead as well.

POOL_OPTIONS='check http { path = /healthz  interval = 200ms  timeout = 200ms  rise = 2  fall = 50 }'

lbpair_names() { A=lb1 B=lb2 VIP=192.0.2.100; }
lbpair_version() { "$VRRPD" --version | head -n 1; }

lbpair_up() {
	start_node "$A"
	start_node "$B"
	lbpair_normal
}

declare -A LBPAIR_ROLE=([vrrp]=vrrpd [guardian]=guardian [forwarder]=lbd)
lbpair_hurt() { # lbpair_hurt NODE SIGNAL WHAT...
	local node=$1 signal=$2 what roles=
	shift 2
	for what in "$@"; do roles="$roles ${LBPAIR_ROLE[$what]}"; done
	# shellcheck disable=SC2086 # words
	kill_role "$node" "$signal" $roles
}

LBPAIR_LENT=
lbpair_planned() { # lbpair_planned FROM TO
	lbctl "$1" failover --to="$2" >/dev/null && LBPAIR_LENT=$2
}

# Whatever was stopped goes on, whatever is gone is started, and the pair is as it was in the beginning.
lbpair_normal() {
	lbpair_continue
	# What was given away comes back only when it is asked for.
	[ "$LBPAIR_LENT" != "$B" ] || lbpair_planned "$B" "$A"
	wait_until 40 lbpair_is_normal && lbpair_first_path_alone
}
lbpair_continue() {
	local node
	for node in $NODES; do
		# shellcheck disable=SC2046 # a list of pids
		kill -CONT $(ip netns pids "$(ns "$node")") 2>/dev/null
	done
}
lbpair_is_normal() {
	lbpair_start_gone
	pair_is "$A" "$B" && holders_are "$A" && servers_up "$A" 3 && servers_up "$B" 3
}
lbpair_start_gone() {
	local node role
	for node in $NODES; do
		for role in lbd vrrpd; do
			! gone "${DAEMON_PID[$node-$role]}" || start_daemon "$node" "$role"
		done
	done
}

# The second cable is used by rows that ask for it, since with it a LAN that is cut is another matter.
LBPAIR_PATHS=1
lbpair_second_path() { heartbeat_by_cable && lbpair_paths 2; }
lbpair_first_path_alone() { [ $LBPAIR_PATHS = 1 ] || { heartbeat_by_lan_alone && lbpair_paths 1; }; }
lbpair_paths() {
	LBPAIR_PATHS=$1
	local node
	for node in $NODES; do lbctl "$node" reload >/dev/null || return 1; done
	wait_until 10 lbpair_has_paths "$A" && wait_until 10 lbpair_has_paths "$B"
}
lbpair_has_paths() { is "$(paths_alive "$1")" "$LBPAIR_PATHS"; }
lbpair_alarms() { [ "$(paths_alive "$1")" -lt "$LBPAIR_PATHS" ] && explains "$1" "ALARM: not on its path"; }

lbpair_each() { # lbpair_each SIGNAL
	local node
	for node in $NODES; do kill "-$1" "${DAEMON_PID[$node-lbd]}" "${DAEMON_PID[$node-vrrpd]}"; done
}
lbpair_restart() {
	lbpair_each TERM
	local end=$(($(now_ms) + 10000)) node role left=4
	declare -A left_of=()
	while [ $left -gt 0 ] && [ "$(now_ms)" -lt $end ]; do
		for node in $NODES; do
			for role in lbd vrrpd; do
				[ -z "${left_of[$node-$role]-}" ] && gone "${DAEMON_PID[$node-$role]}" || continue
				left_of[$node-$role]=started
				left=$((left - 1))
				start_daemon "$node" "$role"
			done
		done
		nap 0.01
	done
}
# The guardians first, or they would tell the other node.
lbpair_kill_both() {
	local node
	for node in $NODES; do kill_role "$node" KILL guardian vrrpd lbd; done
}
lbpair_start_both() { lbpair_start_gone; }

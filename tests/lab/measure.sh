#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The figures of the pair: the longest time between two answers that a client sees when the active node goes away in one
# way or another, medians of several runs. Wants a build without sanitizers, and a machine that does nothing else.
#
#   measure.sh [RUNS]        in the build directory, or with LBPAIR_BUILD
#
# The lab is that of lab.sh; each run starts with lb1 active and ends so. --interval=10ms sets the adverts' interval.
case ${1-} in --interval=*)
	ADVERT=${1#*=}
	shift
	;;
esac
RUNS=${1:-5}
. "$(dirname "$0")/lab.sh"
ADVERT_INTERVAL=${ADVERT:-100ms}
# Patient checks: no server fails here, and a node that was cut off shall not take its servers for dead as well.
POOL_OPTIONS='check http { path = /healthz  interval = 200ms  timeout = 200ms  rise = 2  fall = 50 }'
ok() { :; }

declare -A GAPS=()
declare -a ORDER=()

# measure NAME WINNER COMMAND...
measure() {
	local name=$1 winner=$2
	shift 2
	[ -n "${GAPS[$name]-}" ] || ORDER+=("$name")
	probe_mark client
	"$@" || fail "$name"
	wait_for 10 "$name: $winner is active" settled "$winner" || die "no recovery"
	wait_for 10 "answers flow" answers_flow client
	nap 1.2 # a request fails after a second
	probe_mark client
	GAPS[$name]="${GAPS[$name]-} $(of_mark .longest_gap_ms)"
	GAPS["$name/failed"]="${GAPS["$name/failed"]-} $(of_mark .failed)"
}
median() { tr ' ' '\n' | sed '/^$/d' | sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
greatest() { tr ' ' '\n' | sed '/^$/d' | sort -n | tail -n 1; }

# Both are active meanwhile, each alone in its part; what is measured is from the healing on.
heal_a_partition() {
	port_mute lb1
	wait_until 10 node_is lb2 active
	wait_until 10 answers_flow client
	nap 1.2
	probe_mark client
	port_unmute lb1
}

# And how long two nodes have the VIP then.
all_of_timed() {
	local began
	began=$(now_ms)
	all_of "$1"
	wait_until 10 node_is lb2 active
	wait_until 10 holders_are lb2
	GAPS[two hold the VIP]="${GAPS[two hold the VIP]-} $(($(now_ms) - began))"
}

lab_up
servers_start
start_pair
probe_start client
wait_for 5 "the client is answered" answers_flow client
for ((run = 1; run <= RUNS; run++)); do
	say "run $run of $RUNS"
	measure "planned failover" lb2 lbctl lb1 failover
	measure "planned failover, back" lb1 lbctl lb2 failover
	back_to_normal
	measure "SIGTERM of vrrpd" lb2 kill_role lb1 TERM vrrpd
	back_to_normal
	measure "SIGKILL of vrrpd's main process" lb2 kill_role lb1 KILL vrrpd
	back_to_normal
	measure "hang of vrrpd's main process" lb2 kill_role lb1 STOP vrrpd
	back_to_normal
	measure "SIGKILL of every lbpair process" lb2 all_of_timed lb1
	back_to_normal
	measure "SIGKILL of lbd" lb2 kill_role lb1 KILL lbd
	back_to_normal
	stopped=$(pid_of lb1 lbd)
	measure "hang of lbd" lb2 kill_role lb1 STOP lbd
	kill -CONT "$stopped"
	back_to_normal
	measure "link cut" lb2 cable_cut lb1
	measure "cable returns" lb1 cable_mend lb1
	back_to_normal
	measure "partition heals" lb1 heal_a_partition
	back_to_normal
done
echo
printf 'advert-interval %s, %s runs, a request each 5 ms\n' "$ADVERT_INTERVAL" "$RUNS"
printf '%-36s %10s %10s %14s\n' "longest time between two answers" "median ms" "worst ms" "failed, median"
for name in "${ORDER[@]}"; do
	printf '%-36s %10.1f %10.1f %14s\n' "$name" "$(median <<<"${GAPS[$name]}")" "$(greatest <<<"${GAPS[$name]}")" \
		"$(median <<<"${GAPS["$name/failed"]}")"
done
printf '%-36s %10.1f %10.1f\n' "(all killed) two nodes had the VIP" "$(median <<<"${GAPS[two hold the VIP]}")" \
	"$(greatest <<<"${GAPS[two hold the VIP]}")"

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# syscalls.sh [requests|connections|download|upload]
#
# How many system calls of which kind lbd, HAProxy and nginx make for each request, connection or MB, counted by the
# kernel's tracepoints (perf) while bench.sh's load runs. What is called fewer times than once in a hundred is left out.

here=$(dirname "$(readlink -f "$0")")
BENCH_ONLY_SOURCE=yes
# shellcheck source=tests/bench/bench.sh
. "$here/bench.sh"

command -v perf >/dev/null || skip_lab "perf is needed (Debian: linux-perf)"

count_calls() { # count_calls SUBJECT MODE [OPTION...]
	local subject=$1 mode=$2 line done_count
	shift 2
	local front=$FRONT:${PORT[$subject]}
	case $mode in download | upload) front=$(bulk_front "$subject") ;; esac
	local options=(--front "$front" --server 0.0.0.0:8080 --milliseconds 1000
		--client-netns "$(ns client)" --server-netns "$(ns server)")
	perf stat -x, -o "$LAB_DIR/calls" -e 'syscalls:sys_enter_*' -p "$(tr ' ' , <<<"${PIDS[$subject]% }")" -- \
		taskset -c "$BENCH_LOAD_PROCESSOR" "$LOAD" "$mode" "${options[@]}" "$@" >"$LAB_DIR/line" || return
	line=$(cat "$LAB_DIR/line")
	case $mode in
	download | upload) done_count=$(jq '.total_bytes / 1e6' <<<"$line") ;;
	*) done_count=$(jq .answered <<<"$line") ;;
	esac
	awk -F, -v n="$done_count" -v name="$subject" '
		$1 > 0 && $1 / n >= 0.005 { sub(/.*sys_enter_/, "", $3); printf "%9.2f  %s\n", $1 / n, $3; sum += $1 }
		END { printf "%9.2f  all of %s\n", sum / n, name }' "$LAB_DIR/calls" | sort -rn
}

bench_up
for subject in $SUBJECTS; do subject_start "$subject" "$subject" "${PORT[$subject]}"; done
for mode in "${@:-connections}"; do
	for connections in 1 64; do
		for subject in $SUBJECTS; do
			say "$mode, $connections at once, $subject: calls for each"
			count_calls "$subject" "$mode" --connections $connections
		done
	done
done

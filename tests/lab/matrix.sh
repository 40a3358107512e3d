#!/bin/bash
# SPDX-License-Identifier: MIT
#
# matrix.sh [--rounds N] [--interval TIME] [--rows NAME,...] [--subjects lbpair,keepalived] [--json FILE]
# matrix.sh [--json FILE] --report FILE...
# matrix.sh --list
#
# The fault matrix: everything that can happen to the active node of a pair, and what a client sees of it. Each row is
# a fault; it is done to lbpair and to keepalived in turn, in one lab, and the table says for each the longest time
# between two answers, and how long two nodes had the VIP at once, as median and maximum of all rounds.
#
#      client          lb1    lb2          ka1    ka2         s1   s2   s3
#        |              |      |            |      |           |    |    |
#   -----+--------------+------+--- LAN ----+------+-----------+----+----+-----
#                   VIP 192.0.2.100      VIP 192.0.2.101
#                 lbd and vrrpd, 150/100   keepalived and HAProxy, 150/100
#
# A request goes to each VIP every 5 ms, over a connection of its own. Who has an address is the kernels' word. Rows are
# The two nodes of lbpair have a cable of their own besides, eth1, which rows that speak of a second path use. Rows are
# in matrix-rows.sh, how a subject is started, hurt and mended in matrix-lbpair.sh and matrix-keepalived.sh.
#
# A run may be done in pieces: other rows, other intervals, more rounds. Each leaves what it measured with --json, after
# each round; --report makes of all of their lines one table for each interval.
#
# Wants a build without sanitizers, and a machine that does nothing else: make failover-matrix.
#
# Environment: LBPAIR_BUILD (where the programs are, else the working directory).

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lab/lab.sh
. "$here/lab.sh"

ROUNDS=10 ROWS= SUBJECTS=lbpair,keepalived JSON= REPORTS=()
# How long a second holder is waited for to go, and how long a row that should change nothing is watched.
HOLD_BOUND_MS=5000 WATCH=0.6

declare -a ROW_NAMES=()
declare -A ROW_GOAL=() ROW_FACTS=() ROW_ONLY=()
# row NAME GOAL TITLE FIGURE_100MS FIGURE_10MS FIGURE_TWO
#
# GOAL: who has the VIP in the end: `over` the other node, `apart` the other one and perhaps both, as the nodes cannot know
# of each other, `stay` the same one all the time, `back` the same one again.
# The figures are DESIGN's, in ms: the longest gap at either interval, and how long two may have the VIP; `-` is none.
row() {
	ROW_NAMES+=("$1")
	ROW_GOAL[$1]=$2
	ROW_FACTS[$1]=$3$'\t'$4$'\t'$5$'\t'$6
}
only() { ROW_ONLY[$1]=$2; } # only NAME SUBJECT: the other one has nothing of the kind
# shellcheck source=tests/lab/matrix-rows.sh
. "$here/matrix-rows.sh"
# shellcheck source=tests/lab/matrix-lbpair.sh
. "$here/matrix-lbpair.sh"
# shellcheck source=tests/lab/matrix-keepalived.sh
. "$here/matrix-keepalived.sh"

usage() {
	sed -n 's/^# \(matrix.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
}
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) ROUNDS=${2-} && shift ;;
	--interval) ADVERT_INTERVAL=${2-} && shift ;;
	--rows) ROWS=${2-} && shift ;;
	--subjects) SUBJECTS=${2-} && shift ;;
	--json) JSON=${2-} && shift ;;
	--report)
		shift
		[ $# -gt 0 ] || usage
		REPORTS=("$@")
		break
		;;
	--list)
		for name in "${ROW_NAMES[@]}"; do printf '%-16s %s\n' "$name" "${ROW_FACTS[$name]%%$'\t'*}"; done
		exit
		;;
	*) usage ;;
	esac
	shift
done
[ "$ROUNDS" -gt 0 ] 2>/dev/null || usage
[ -n "$ROWS" ] || ROWS=$(IFS=, && echo "${ROW_NAMES[*]}")
for name in ${ROWS//,/ }; do [ -n "${ROW_GOAL[$name]-}" ] || die "no row $name: see --list"; done
for name in ${SUBJECTS//,/ }; do case $name in lbpair | keepalived) ;; *) usage ;; esac; done

of_lines() { jq --argjson facts "$1" --arg what "$2" --arg order "${ROW_NAMES[*]}" "${@:4}" -f "$here/matrix.jq" "$3"; } # FACTS WHAT FILE
if [ ${#REPORTS[@]} -gt 0 ]; then
	pieces=$(jq -s 'flatten(1)' "${REPORTS[@]}") && merged=$(of_lines null merge - <<<"$pieces") ||
		die "not all of these are reports of --json: ${REPORTS[*]}"
	[ -z "$JSON" ] || printf '%s\n' "$merged" >"$JSON" || die "cannot write $JSON"
	of_lines null table - -r <<<"$merged"
	exit
fi

ok() { :; } # the table is what is shown

# ---- the subject of the moment: its nodes (A has the greater priority), its VIP, its namespaces

as() { # as SUBJECT
	SUBJECT=$1
	"$1_names"
	NODES="$A $B"
}
subject() { "${SUBJECT}_$1" "${@:2}"; } # subject WORD [ARGUMENT...]
in_turn() { # in_turn NUMBER WORD...: the words, from another one on each time
	local count=$1
	shift
	[ $# -eq 0 ] || [ $((count % 2)) = 0 ] || set -- "${@:2}" "$1"
	echo "$@"
}

# Who has the VIP, by the kernels' events: "lb1 lb2".
holders_now() {
	probe_peek "$SUBJECT-holders"
	local names=${MARK#*'"holders":['}
	names=${names%']'*}
	names=${names//\"/}
	HOLDERS_NOW=${names//"$LAB_PREFIX"/}
	HOLDERS_NOW=${HOLDERS_NOW//,/ }
}
has() { holders_now && [[ " $HOLDERS_NOW " == *" $1 "* ]]; }
alone() { holders_now && [ "$HOLDERS_NOW" = "$1" ]; }
nobody_has() { holders_now && [ -z "$HOLDERS_NOW" ]; }
both_have() { has "$A" && has "$B"; }
flows() { # the last answer is not old
	probe_peek "$SUBJECT-client"
	local since=${MARK#*'"since_answer_ms":'}
	[ "${since%%.*}" -lt 50 ]
}
field() { # field NAME: of MARK, without a fraction of a millisecond's thousandth
	local value=${MARK#*"\"$1\":"}
	echo "${value%%[,\}]*}"
}

# ---- one row, once

goal_comes() { # goal_comes GOAL
	case $1 in
	over) wait_until 10 has "$B" && wait_until 10 flows && wait_until $((HOLD_BOUND_MS / 1000)) alone "$B" ;;
	apart) wait_until 10 has "$B" && wait_until 10 flows && { wait_until $((HOLD_BOUND_MS / 1000)) alone "$B" || true; } ;;
	back) wait_until 15 alone "$A" && wait_until 10 flows ;;
	stay) nap $WATCH && wait_until 10 flows && wait_until $((HOLD_BOUND_MS / 1000)) alone "$A" ;;
	esac
}

measure() { # measure ROW
	local row=$1 reached=true stays=false gap failed two none
	if declare -F "before_$row" >/dev/null && ! "before_$row"; then
		fail "$row, $SUBJECT: what it begins with does not come"
		return
	fi
	probe_mark "$SUBJECT-client"
	probe_mark "$SUBJECT-holders"
	"act_$row" || fail "$row, $SUBJECT: the action itself failed"
	goal_comes "${ROW_GOAL[$row]}" || reached=false
	! declare -F "after_$row" >/dev/null || "after_$row" || reached=false
	holders_now
	[[ "$HOLDERS_NOW" != *" "* ]] || stays=true
	nap $WATCH # what was asked meanwhile is answered or has failed
	probe_mark "$SUBJECT-client"
	gap=$(field longest_gap_ms) failed=$(field failed)
	probe_mark "$SUBJECT-holders"
	two=$(field two_ms) none=$(field none_ms)
	printf '{"row":"%s","subject":"%s","round":%d,"reached":%s,"gap_ms":%s,"failed":%s,"two_ms":%s,"two_stays":%s,"none_ms":%s}\n' \
		"$row" "$SUBJECT" "$ROUND" $reached "$gap" "$failed" "$two" $stays "$none" >>"$LINES"
}

recovers() { subject normal && wait_until 10 flows; }
# A peer that needs help gets it, and the next row has a fair start; of lbpair it is a failure.
recovers_by_restart() {
	say "$SUBJECT does not recover from $row by itself: restarted"
	[ "$SUBJECT" != lbpair ] || fail "lbpair does not recover from $row"
	subject restart
	subject normal && wait_until 60 flows
}

round() {
	local row name turn=$ROUND
	for row in ${ROWS//,/ }; do
		turn=$((turn + 1))
		for name in $(in_turn $turn ${SUBJECTS//,/ }); do
			[ "${ROW_ONLY[$row]-$name}" = "$name" ] || continue
			as "$name"
			measure "$row"
			mend
			recovers || recovers_by_restart || die "$SUBJECT does not recover from $row"
		done
	done
}

# ---- the whole

facts() {
	local row
	for row in ${ROWS//,/ }; do printf '%s\t%s\t%s\n' "$row" "${ROW_GOAL[$row]}" "${ROW_FACTS[$row]}"; done |
		jq -R 'split("\t") | {row: .[0], goal: .[1], title: .[2], at_100ms: .[3], at_10ms: .[4], two: .[5]}' |
		jq -s --arg date "$(date -u +%FT%TZ)" --arg kernel "$(uname -sr)" --argjson processors "$(nproc)" \
			--arg model "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" \
			--arg load "$(cut -d' ' -f1-3 /proc/loadavg)" --arg interval "$ADVERT_INTERVAL" --argjson rounds "$ROUNDS" \
			--argjson sanitized "$(grep -qa __asan_init "$VRRPD" && echo true || echo false)" \
			--arg subjects "$(for name in ${SUBJECTS//,/ }; do "${name}_version"; done)" --argjson bound $HOLD_BOUND_MS \
			'{date: $date, kernel: $kernel, model: $model, processors: $processors, load_average_before: $load,
			interval: $interval, rounds: $rounds, sanitized: $sanitized, subjects: ($subjects | split("\n")),
			two_bound_ms: $bound, rows: .}'
}

as lbpair # the first of HOSTS; a subject that is not asked for is not made
case ,$SUBJECTS, in
*,keepalived,*)
	if missing=$(keepalived_missing); then
		say "keepalived is left out: $missing"
		SUBJECTS=${SUBJECTS//keepalived/}
	else
		LAB_HOSTS="$LAB_HOSTS ka1 ka2"
	fi
	;;
esac
NODES="lb1 lb2"
lab_up
second_cable
LINES=$LAB_DIR/matrix.lines
FACTS=$(facts)
servers_start
for name in ${SUBJECTS//,/ }; do
	as "$name"
	subject up || die "$name does not come up"
	holders_start "$name-holders"
	probe_start "$name-client" --timeout=500
	wait_until 10 flows || die "$name does not answer"
	wait_until 10 alone "$A" || die "$name: $A does not have the VIP alone"
done
for ((ROUND = 1; ROUND <= ROUNDS; ROUND++)); do
	round
	of_lines "$FACTS" report "$LINES" -s >"$LAB_DIR/report.json" || die "no report"
	[ -z "$JSON" ] || cp "$LAB_DIR/report.json" "$JSON" || fail "cannot write $JSON"
done
of_lines null table "$LAB_DIR/report.json" -r

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vrrpd costs with many vips, beside keepalived with the same in the same run; and how long a node whose processes
# were all killed goes on having addresses. Of two families, six addresses a vip (tests/lab/many.sh). Prints tables in
# Markdown: medians of the rounds.
#
#   vrrpd.sh [--rounds N] [--rows "VIPS:INTERVAL ..."] [--kills N]
. "${0%/*}/../lab/many.sh"

ROUNDS=3 ROWS="1:100ms 50:100ms 200:100ms 1:10ms 50:10ms" KILLS=10 SPAN=4
while [ $# -gt 1 ]; do
	case $1 in
	--rounds) ROUNDS=$2 ;;
	--rows) ROWS=$2 ;;
	--kills) KILLS=$2 ;;
	*) break ;;
	esac
	shift 2
done
[ $# = 0 ] || { echo "usage: vrrpd.sh [--rounds N] [--rows \"VIPS:INTERVAL ...\"] [--kills N]" >&2 && exit 2; }

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
times_of() { # PID...: of the user and of the system, in ticks
	local of=("${@/#//proc/}")
	awk '{ sub(/.*\) /, ""); u += $12; s += $13 } END { print u, s }' "${of[@]/%//stat}"
}
memory_of() { # PID...: in MB, shared pages by their share
	local of=("${@/#//proc/}")
	awk '/^Pss:/ { kb += $2 } END { printf "%.1f", kb / 1024 }' "${of[@]/%//smaps_rollup}"
}

# ---- the two of them

lbpair_start() {
	local node
	many_config "$1" "$2"
	for node in $NODES; do start_daemon "$node" vrrpd; done
	wait_until 60 many_are lb1 lb2 || die "the pair does not come up"
}
lbpair_pids() { echo "$(pid_of "$1" vrrpd) $(pid_of "$1" guardian)"; }
lbpair_stop() {
	local node pids=
	for node in $NODES; do pids="$pids $(pid_of "$node" vrrpd)"; done
	# shellcheck disable=SC2086 # a list of pids
	kill -TERM $pids
}

keepalived_instance() { # NAME VRID PRIORITY SECONDS ADDRESS...
	printf 'vrrp_instance %s {\n    state BACKUP\n    interface eth0\n    virtual_router_id %s\n' "$1" "$2"
	printf '    priority %s\n    advert_int %s\n    virtual_ipaddress {\n' "$3" "$4"
	printf '        %s\n' "${@:5}"
	printf '    }\n}\n'
}
keepalived_config() { # PRIORITY VIPS SECONDS: an instance for each family
	local vip
	printf 'global_defs {\n vrrp_version 3\n vrrp_rt_priority 50\n vrrp_rlimit_rttime 10000000\n vrrp_no_swap\n vrrp_garp_master_refresh 60\n}\n'
	for ((vip = 1; vip <= $2; vip++)); do
		keepalived_instance "v$vip" "$vip" "$1" "$3" "10.0.$vip.1/32" "10.0.$vip.2/32" "10.0.$vip.3/32"
		keepalived_instance "w$vip" "$vip" "$1" "$3" "fe80::200:5eff:fe00:2$(printf %02x "$vip")/128" \
			"2001:db8:$vip::1/128" "2001:db8:$vip::2/128"
	done
}
keepalived_start() {
	local node seconds
	VIPS=$1 # for holds_all
	seconds=$(awk -v t="${2%ms}" 'BEGIN { print t / 1000 }')
	for node in $NODES; do
		keepalived_config "$([ "$node" = lb1 ] && echo 150 || echo 100)" "$1" "$seconds" >"$LAB_DIR/$node/keepalived.conf"
		rm -f "$LAB_DIR/$node"/*.pid
		start "$node" "$node-keepalived.log" keepalived -f "$LAB_DIR/$node/keepalived.conf" -n -l -P \
			-p "$LAB_DIR/$node/main.pid" -r "$LAB_DIR/$node/vrrp.pid"
	done
	wait_until 20 holds_all lb1 && wait_until 10 holds_none lb2
}
keepalived_pids() { cat "$LAB_DIR/$1/vrrp.pid" "$LAB_DIR/$1/main.pid" | tr '\n' ' '; }
keepalived_stop() {
	# shellcheck disable=SC2046 # a list of pids
	kill -TERM $(cat "$LAB_DIR"/lb?/main.pid)
}

# ---- one measurement: "user system memory" of both nodes, and the longest gap between two adverts of a virtual router

none_left() { ! ip netns pids "$(ns lb1)" | grep -q . && ! ip netns pids "$(ns lb2)" | grep -q .; }

measure() { # SUBJECT VIPS INTERVAL FILE
	local active backup a0 b0 a1 b1
	if ! "$1_start" "$2" "$3"; then # as many at 10 ms on a busy machine
		say "$1 does not settle with $2 vips at $3"
		"$1_stop"
		wait_until 20 none_left || die "$1 does not end"
		return
	fi
	wait_until 20 holds_all lb1 || die "lb1 does not hold every address"
	nap 1.5
	active=$("$1_pids" lb1) backup=$("$1_pids" lb2)
	ear_marks || die "the ear does not answer"
	# shellcheck disable=SC2086 # lists of pids
	{
		a0=$(times_of $active) b0=$(times_of $backup)
		nap $SPAN
		a1=$(times_of $active) b1=$(times_of $backup)
		ear_marks || die "the ear does not answer"
		echo "$a0 $a1 $b0 $b1 $(memory_of $active) $(memory_of $backup) $(heard_most lb1 .gap_ms)" |
			awk -v s=$SPAN '{ print ($3 - $1) / s, ($4 - $2) / s, ($7 - $5) / s, ($8 - $6) / s, $9, $10, $11 }' >>"$4"
	}
	"$1_stop"
	wait_until 20 none_left || die "$1 does not end"
}

rounds_of() { if [ -s "$1" ]; then wc -l <"$1"; else echo 0; fi; } # those in which it settled
column() { if [ -s "$1" ]; then awk -v n="$2" '{ print $n }' "$1" | median; else echo -; fi; } # FILE N

table() {
	local row subject round file
	for ((round = 1; round <= ROUNDS; round++)); do
		for row in $ROWS; do
			for subject in lbpair keepalived; do
				measure $subject "${row%:*}" "${row#*:}" "$LAB_DIR/result-$subject-$row"
			done
		done
	done
	say "| vips | interval | | active: user, system % | backup: user, system % | memory MB, active / backup | longest gap ms | rounds |"
	say "|---|---|---|---|---|---|---|---|"
	for row in $ROWS; do
		for subject in lbpair keepalived; do
			file=$LAB_DIR/result-$subject-$row
			say "| ${row%:*} | ${row#*:} | $subject | $(column "$file" 1), $(column "$file" 2) | $(column "$file" 3), $(column "$file" 4) | $(column "$file" 5) / $(column "$file" 6) | $(column "$file" 7) | $(rounds_of "$file") |"
		done
	done
	say "medians of $ROUNDS rounds of $SPAN s; load $(cut -d' ' -f1-3 /proc/loadavg)"
}

# ---- SIGKILL of all of the active node's processes: its kernel alone takes the addresses away

# Seconds from the kill to the last address' end.
lapsed() { # KILLED
	awk -v killed="$1" '/Deleted/ { split(substr($1, 2), d, "[T:]"); last = d[2] * 3600 + d[3] * 60 + d[4] }
		END { span = last - killed % 86400; printf "%.3f\n", span < 0 ? span + 86400 : span }' "$LAB_DIR/events"
}

kills() {
	local round pids killed watcher file=$LAB_DIR/lapsed
	[ "$KILLS" -gt 0 ] || return 0
	lbpair_start 200 100ms
	for ((round = 1; round <= KILLS; round++)); do
		wait_until 20 holds_all lb1 || die "lb1 does not hold every address"
		nap "1.$((RANDOM % 900 + 100))"
		pids=$(lbpair_pids lb1)
		TZ=UTC ip -n "$(ns lb1)" -ts monitor address >"$LAB_DIR/events" &
		watcher=$!
		nap 0.2
		killed=$EPOCHREALTIME
		# shellcheck disable=SC2086 # a list of pids
		kill -KILL $pids
		wait_until 10 holds_none lb1 || die "lb1 keeps addresses"
		nap 0.1
		kill $watcher
		lapsed "$killed" >>"$file"
		start_daemon lb1 vrrpd
		wait_until 60 many_are lb1 lb2 || die "lb1 does not come back"
	done
	say "| 200 vips, lease 2 s: from SIGKILL of all to the last address' end | median s | longest s | rounds |"
	say "|---|---|---|---|"
	say "| lbpair | $(median <"$file") | $(sort -n "$file" | tail -n 1) | $KILLS |"
	expect "at most lease + 0.2 s + 1.1 s" at_most "$(sort -n "$file" | tail -n 1)" 3.3
	lbpair_stop
}

command -v keepalived >/dev/null || skip_lab "keepalived is not installed"
lab_up
ear_start
table
kills

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vrrpd against the others' VRRP: Debian's keepalived and FRR, in every mode that both have, each as the active and as
# the backup side. Each mode has two namespaces of its own, and all run at the same time:
#
#      us (lbpair, 192.0.2.11) eth0 ------------ eth0 (keepalived or FRR, 192.0.2.12) them
#
#      VIP 192.0.2.100 or 2001:db8::100, VRID 51; our priority 150, theirs 100 or 200
#
# Prints a row for each mode and step, and PASS or FAIL. A partner that is not installed is skipped, aloud.
set -u
export LC_ALL=C

PREFIX=lbi-$$-
BUILD=${LBPAIR_BUILD:-$PWD}
VRRPD=${VRRPD:-$BUILD/vrrpd/vrrpd}
FRR=/usr/lib/frr
DIR=
# Ours asks for real-time priority by itself; a partner that waits for a processor for three intervals is silent, and
# then we claim, as we should.
FIRST="nice -n -15"

# keepalived 2.2.7 sends unicast IPv6 with the host's hop limit of 64, which nobody may take: that mode is not shared.
# name, partner, version, family, interval in ms, and what else
MODES="
keepalived-v2            keepalived 2 4 1000 none
keepalived-v2-password   keepalived 2 4 1000 password
keepalived-v2-unicast    keepalived 2 4 1000 unicast
keepalived-v3-ipv4       keepalived 3 4  200 none
keepalived-v3-pseudo     keepalived 3 4  200 pseudo-header
keepalived-v3-unicast    keepalived 3 4  200 unicast
keepalived-v3-ipv6       keepalived 3 6  200 none
frr-v2                   frr 2 4 1000 none
frr-v3-ipv4              frr 3 4  200 none
frr-v3-ipv6              frr 3 6  200 none
"

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t%.*} * 1000 + 10#${t#*.} / 1000))
}
nap() { sleep "$1"; }
wait_until() { # wait_until MS COMMAND...
	local end=$(($(now_ms) + $1))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		nap 0.05
	done
}
stays_for() { # stays_for MS COMMAND...
	local end=$(($(now_ms) + $1))
	shift
	while [ "$(now_ms)" -lt "$end" ]; do
		"$@" || return 1
		nap 0.05
	done
}

# ---- one mode; everything below runs in its own subshell

on() { ip netns exec "$PREFIX$MODE-$1" "${@:2}"; } # on us|them COMMAND...

mode_up() {
	local host number
	for host in us them; do
		ip netns add "$PREFIX$MODE-$host" || return 1
		on $host sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
		ip -n "$PREFIX$MODE-$host" link set lo up
	done
	ip -n "$PREFIX$MODE-us" link add eth0 type veth peer name eth0 netns "$PREFIX$MODE-them" || return 1
	for host in us them; do
		[ $host = us ] && number=11 || number=12
		# One link-local address that we know, and no other.
		ip -n "$PREFIX$MODE-$host" link set eth0 addrgenmode none up
		ip -n "$PREFIX$MODE-$host" addr add "192.0.2.$number/24" dev eth0
		ip -n "$PREFIX$MODE-$host" addr add "2001:db8::$number/64" dev eth0 nodad
		ip -n "$PREFIX$MODE-$host" addr add "fe80::$number/64" dev eth0 nodad
	done
	[ "$FAMILY" = 4 ] && VIP=192.0.2.100/32 || VIP=2001:db8::100/128
}

mode_down() {
	local host pid
	for host in us them; do
		for pid in $(ip netns pids "$PREFIX$MODE-$host" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
	done
	for host in us them; do
		wait_until 3000 empty $host
		ip netns del "$PREFIX$MODE-$host" 2>/dev/null
	done
}
empty() { [ -z "$(ip netns pids "$PREFIX$MODE-$1" 2>/dev/null)" ]; }

row() { # row STEP COMMAND...: prints it with its verdict
	local step=$1 began
	shift
	began=$(now_ms)
	if "$@"; then
		printf '%-28s %-52s PASS  %5d ms\n' "$MODE" "$step" $(($(now_ms) - began))
	else
		printf '%-28s %-52s FAIL  %5d ms\n' "$MODE" "$step" $(($(now_ms) - began))
		touch "$DIR/$MODE.failed"
	fi
}

# ---- us

us_start() { # us_start yes|no: preempt
	local v2= auth=none extra= us=192.0.2.11 them=192.0.2.12
	[ "$EXTRA" = password ] && auth='password  password = secret'
	[ "$EXTRA" = unicast ] && extra='unicast = yes'
	[ "$EXTRA" = pseudo-header ] && extra='checksum = pseudo-header'
	[ "$EXTRA-$FAMILY" = unicast-6 ] && us=fe80::11 them=fe80::12
	[ "$VERSION" = 2 ] && v2='version = 2'
	cat >"$DIR/$MODE.conf" <<-END
		pair {
		    key-file = $DIR/$MODE.nokey
		    node us { address = $us  priority = 150 }
		    node them { address = $them  priority = 100  foreign = yes }
		}
		vip web {
		    vrid = 51  interface = eth0  addresses = { $VIP }  advert-interval = ${INTERVAL}ms
		    authentication = $auth  preempt = $1  $v2  $extra
		}
	END
	ip netns exec "$PREFIX$MODE-us" "$VRRPD" -c "$DIR/$MODE.conf" -n us --run-dir "$DIR/$MODE.run" --state-dir "$DIR/$MODE.state" \
		</dev/null >>"$DIR/$MODE.us.log" 2>&1 &
	US=$!
}
us_stop() {
	"${LBCTL:-$BUILD/lbctl/lbctl}" --run-dir "$DIR/$MODE.run" status --json 2>/dev/null | jq -c '.vips[].counters' >>"$DIR/$MODE.us.log"
	kill -TERM $US 2>/dev/null
	wait $US 2>/dev/null
	return 0
}
us_has() { ip -n "$PREFIX$MODE-us" -o addr show to "${VIP%/*}" | grep -q .; }

# ---- them

them_start() { "${PARTNER}_start" "$@"; } # them_start PRIORITY yes|no
them_stop() { "${PARTNER}_stop"; }
them_has() { "${PARTNER}_has"; }

keepalived_start() {
	local interval
	interval=$(awk "BEGIN { print $INTERVAL / 1000 }")
	{
		echo "global_defs { router_id them  vrrp_version $VERSION }"
		echo "vrrp_instance web {"
		echo "  state BACKUP"
		echo "  interface eth0"
		echo "  virtual_router_id 51"
		echo "  priority $1"
		echo "  advert_int $interval"
		[ "$VERSION" = 3 ] && echo "  version 3"
		[ "$2" = no ] && echo "  nopreempt"
		[ "$FAMILY" = 6 ] && echo "  native_ipv6"
		[ "$EXTRA" = password ] && echo "  authentication { auth_type PASS
 auth_pass secret
 }"
		[ "$EXTRA-$FAMILY" = unicast-4 ] && echo "  unicast_src_ip 192.0.2.12
  unicast_peer { 192.0.2.11
 }"
		[ "$EXTRA-$FAMILY" = unicast-6 ] && echo "  unicast_src_ip fe80::12
  unicast_peer { fe80::11
 }"
		echo "  virtual_ipaddress {"
		[ "$FAMILY" = 6 ] && echo "    fe80::200:5eff:fe00:233/128"
		echo "    $VIP"
		echo "  }"
		echo "}"
	} >"$DIR/$MODE.keepalived.conf"
	ip netns exec "$PREFIX$MODE-them" $FIRST keepalived -f "$DIR/$MODE.keepalived.conf" -n -l -D -P -p "$DIR/$MODE.ka.pid" -r "$DIR/$MODE.ka-vrrp.pid" \
		</dev/null >>"$DIR/$MODE.them.log" 2>&1 &
	THEM=$!
}
keepalived_stop() {
	kill -TERM $THEM 2>/dev/null
	wait $THEM 2>/dev/null
	return 0
}
keepalived_has() { ip -n "$PREFIX$MODE-them" -o addr show dev eth0 to "${VIP%/*}" | grep -q .; }

# FRR puts the addresses on a macvlan that the operator makes, and takes it down while it is a backup.
frr_start() {
	local run=$DIR/$MODE.frr word=ip
	[ "$FAMILY" = 6 ] && word=ipv6
	mkdir -p "$run" && chmod 777 "$run"
	if ! ip -n "$PREFIX$MODE-them" link show vrrp >/dev/null 2>&1; then
		ip -n "$PREFIX$MODE-them" link add vrrp link eth0 type macvlan mode bridge
		ip -n "$PREFIX$MODE-them" link set dev vrrp addrgenmode none
		ip -n "$PREFIX$MODE-them" link set dev vrrp address "00:00:5e:00:0$([ "$FAMILY" = 4 ] && echo 1 || echo 2):33"
		ip -n "$PREFIX$MODE-them" addr add "$VIP" dev vrrp
		ip -n "$PREFIX$MODE-them" addr add fe80::5:12/64 dev vrrp nodad
		ip -n "$PREFIX$MODE-them" link set vrrp up
		on them "$FRR/zebra" -d -i "$run/zebra.pid" -z "$run/zserv" --vty_socket "$run" -P 0 \
			--log "file:$run/zebra.log" </dev/null >>"$DIR/$MODE.them.log" 2>&1
	fi
	cat >"$run/vrrpd.conf" <<-END
		interface eth0
		 vrrp 51 version $VERSION
		 vrrp 51 priority $1
		 vrrp 51 advertisement-interval $INTERVAL
		 $([ "$2" = no ] && echo no) vrrp 51 preempt
		 vrrp 51 $word ${VIP%/*}
		exit
	END
	ip netns exec "$PREFIX$MODE-them" $FIRST "$FRR/vrrpd" -i "$run/vrrpd.pid" -z "$run/zserv" --vty_socket "$run" -P 0 \
		-f "$run/vrrpd.conf" --log "file:$run/vrrpd.log" </dev/null >>"$DIR/$MODE.them.log" 2>&1 &
	THEM=$!
}
frr_stop() {
	kill -TERM $THEM 2>/dev/null
	wait $THEM 2>/dev/null
	# What an FRR that ends leaves up would answer for ever.
	ip -n "$PREFIX$MODE-them" link set vrrp protodown on 2>/dev/null
	return 0
}
frr_has() { ! ip -n "$PREFIX$MODE-them" link show vrrp | grep -qE 'protodown on|state DOWN|NO-CARRIER'; }

only_us() { us_has && ! them_has; }
only_them() { them_has && ! us_has; }
alive() { kill -0 $US 2>/dev/null && kill -0 $THEM 2>/dev/null; }
we_hold() { only_us && alive; }
they_hold() { only_them && alive; }

mode_run() {
	read -r MODE PARTNER VERSION FAMILY INTERVAL EXTRA <<<"$1"
	# A claim by silence takes more than three intervals, one by priority 0 less than one.
	local silence=$((INTERVAL * 3)) patience=$((INTERVAL * 5 + 10000))
	trap mode_down EXIT
	mode_up || { row "the namespaces" false; return; }
	mkdir -p "$DIR/$MODE.run" "$DIR/$MODE.state"
	us_start yes
	row "alone we become active" wait_until $patience us_has
	them_start 100 yes
	row "they start lower, and stay backup" wait_and_stay $patience $((INTERVAL * 6 + 1500)) we_hold
	us_stop
	row "our priority 0: they take over before silence tells" wait_until $silence them_has
	us_start yes
	row "we are back, and preempt" wait_and_stay $patience $((INTERVAL * 4)) we_hold
	them_stop
	them_start 200 yes
	row "they come back higher, and preempt" wait_and_stay $patience $((INTERVAL * 4)) they_hold
	them_stop
	row "their priority 0: we take over before silence tells" wait_until $silence us_has
	them_start 200 no
	row "they do not preempt where they are told not to" wait_and_stay $patience $((INTERVAL * 6 + 1500)) we_hold
	us_stop
	row "but take what is given up" wait_until $patience them_has
	us_start yes
	row "we leave a higher one alone" wait_and_stay $patience $((INTERVAL * 6 + 1000)) they_hold
	them_stop
	us_stop
	them_start 100 yes
	wait_until $patience them_has
	us_start no
	row "we do not preempt where we are told not to" wait_and_stay $patience $((INTERVAL * 6)) they_hold
	them_stop
	row "but take what is given up" wait_until $patience us_has
	us_stop
}
# The condition comes within so long, and then holds for so long.
wait_and_stay() { wait_until "$1" "${@:3}" && stays_for "$2" "${@:3}"; }

# ---- all of them

skip() {
	echo "${LAB_CANNOT:-SKIP}: $*"
	exit 77
}
[ "${LBPAIR_LAB-}" != no ] || skip "the lab is switched off (LBPAIR_LAB=no)"
[ "$(id -u)" = 0 ] || skip "namespaces need root"
ip netns add "${PREFIX}probe" 2>/dev/null || skip "no network namespace can be made"
ip netns del "${PREFIX}probe"
[ -x "$VRRPD" ] || { echo "FAILED: no program $VRRPD"; exit 1; }
DIR=$(mktemp -d "${TMPDIR:-/tmp}/lbpair-interop.XXXXXX") || exit 1
chmod 755 "$DIR"
pids=
cleanup() {
	local pid
	for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done
	wait
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

skipped=0
while read -r line; do
	[ -n "$line" ] || continue
	read -r name partner _ <<<"$line"
	case ${1-} in "" | "$name" | "$partner") ;; *) continue ;; esac
	if [ "$partner" = keepalived ] && ! command -v keepalived >/dev/null ||
		{ [ "$partner" = frr ] && [ ! -x $FRR/vrrpd ]; }; then
		echo "SKIP: $name: $partner is not installed (Debian's package $partner)"
		skipped=$((skipped + 1))
		continue
	fi
	(mode_run "$line") >"$DIR/$name.rows" 2>"$DIR/$name.err" &
	pids="$pids $!"
done <<<"$MODES"
for pid in $pids; do wait "$pid"; done
pids=
cat "$DIR"/*.rows 2>/dev/null
passed=$(cat "$DIR"/*.rows 2>/dev/null | grep -c ' PASS ')
failed=$(cat "$DIR"/*.rows 2>/dev/null | grep -c ' FAIL ')
echo "interoperation: $passed rows pass, $failed fail, $skipped modes skipped"
for mode in "$DIR"/*.failed; do
	[ -e "$mode" ] || continue
	mode=${mode%.failed}
	for log in us.log them.log err frr/vrrpd.log; do
		[ -s "$mode.$log" ] && echo "---- the end of ${mode##*/}.$log" && tail -n 25 "$mode.$log" | cut -c 1-220
	done
done
[ -n "${LBPAIR_LAB_KEEP-}" ] && cp -a "$DIR" "$LBPAIR_LAB_KEEP"
[ "$failed" = 0 ] || exit 1
[ "$passed" != 0 ] || exit 77

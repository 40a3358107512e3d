#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The pair in the ways of speaking that are not the usual one: version 2, unicast, either checksum, a vip for each. In
# each, one of the two is active, a SIGKILL is told of by its guardian, and the one that comes back takes over again.
#
#      lb1 (150) ---- LAN ---- lb2 (100)
. "$(dirname "$0")/lab.sh"

SECOND='advert-interval = 1s  authentication'
# vip, its address' last byte, and its options; for lb2 other ones after a bar
MODES=(
	"v2 101 version = 2  $SECOND = none"
	"v2-password 102 version = 2  $SECOND = password  password = \"s e\""
	"v2-unicast 103 version = 2  $SECOND = none  unicast = yes"
	"unicast-signed 104 advert-interval = 1s  unicast = yes"
	"two-checksums 105 $SECOND = none  checksum = rfc9568 | $SECOND = none  checksum = pseudo-header"
	"one-follows 106 $SECOND = none  checksum = pseudo-header | $SECOND = none"
)
# What silence would take at least: three intervals and a skew of 0.6 s, from an advert that came up to 1 s before.
SILENCE_MS=2500

config() { # config NODE VIP...: that node's file, a vip a word list as in MODES
	local node=$1 mode name number options
	shift
	{
		pair_section
		for mode; do
			read -r name number options <<<"$mode"
			if [ "$node" = lb1 ]; then options=${options%% | *}; else options=${options##* | }; fi
			echo "vip $name { vrid = $((number - 50))  interface = eth0  addresses = { 192.0.2.$number }  $options }"
		done
	} >"$LAB_DIR/$node.conf"
}
start_mode() { # start_mode NODE
	CONFIG=$LAB_DIR/$1.conf
	start_daemon "$1" vrrpd
}

of() { pick "$1" ".vips[] | select(.name == \"$2\") | $3"; } # of NODE VIP FILTER
# For the vip of the moment, NAME and ADDRESS:
held_by() { is "$(of "$1" "$NAME" .state)" active && has_address "$1" "192.0.2.$ADDRESS" && ! has_address "$(peer_of "$1")" "192.0.2.$ADDRESS"; }
mode_is() { is "$(of "$1" "$NAME" .state)" active && is "$(of "$2" "$NAME" .state)" backup; } # ACTIVE BACKUP
no_conflict() { is "$(of lb1 "$NAME" .conflict)$(of lb2 "$NAME" .conflict)" falsefalse; }
discarded() { of "$1" "$NAME" "[.counters.discarded[]] | add"; }
each_mode() { # each_mode COMMAND...: with NAME and ADDRESS set
	local mode
	for mode in "${MODES[@]}"; do
		read -r NAME ADDRESS _ <<<"$mode"
		"$@"
	done
}

# Whose kernel has how many of the addresses; asked often, so in one go.
held() { ip -n "$(ns "$1")" -o addr show | grep -cE ' 192\.0\.2\.10[1-6]/32 '; }
all_at() { is "$(held "$1")" ${#MODES[@]} && is "$(held "$(peer_of "$1")")" 0; }

up() { wait_for 20 "$NAME: lb1 is active, lb2 backup" mode_is lb1 lb2 && wait_for 10 "$NAME: exactly lb1 holds it" held_by lb1; }
followed() { wait_for 10 "$NAME: killed, it is followed by lb2" held_by lb2; }
back() {
	local node
	wait_for 20 "$NAME: it comes back, and takes over" held_by lb1
	wait_for 5 "$NAME: with nobody else" no_conflict
	for node in $NODES; do expect "$NAME: $node has discarded nothing" is "$(discarded $node)" 0; done
}
ended() {
	local node
	for node in $NODES; do kill_role $node TERM vrrpd; done
	for node in $NODES; do wait_for 5 "$node has ended" gone "${DAEMON_PID[$node-vrrpd]}"; done
}

lab_up
for node in $NODES; do
	config "$node" "${MODES[@]}"
	start_mode "$node"
done
each_mode up
stays_for 1 "lb1 alone holds each" all_at lb1
began=$(now_ms)
kill_role lb1 KILL vrrpd
wait_until 10 all_at lb2
expect "each goes over by its goodbye, not by silence" at_most $(($(now_ms) - began)) $SILENCE_MS
each_mode followed
start_mode lb1
each_mode back
expect "who follows the other's checksum says so" \
	grep -q 'answered in it.*vip=one-follows .*before=rfc9568 now=pseudo-header' "$LAB_DIR/lb2-vrrpd.log"
# counted NODE VIP FORM COMPARISON: how many adverts came in that form.
counted() { is "$(of "$1" "$2" ".counters.checksums.\"$3\" $4")" true; }
expect "and counts each form" eval 'counted lb2 one-follows pseudo-header "> 0" && counted lb2 one-follows rfc9568 "== 0" &&
	counted lb2 two-checksums rfc9568 "> 0"'
ended

say "== a wrong password is no password"
config lb1 "web 101 version = 2  $SECOND = password  password = right"
config lb2 "web 101 version = 2  $SECOND = password  password = wrong"
for node in $NODES; do start_mode "$node"; done
wait_for 20 "each is counted as such" eval 'at_most 1 "$(of lb2 web .counters.discarded.auth)"'

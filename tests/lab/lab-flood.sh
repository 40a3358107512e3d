#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Somebody floods the LAN, 20,000 packets a second of each kind for some seconds: forged adverts (and a replayed one),
# datagrams for the state port that nobody signed, claims of the VIPs by ARP; the same over IPv6, with claims by neighbour
# advertisements; and a client with a stream of requests meanwhile. No vip moves, no advert is missed, what is thrown away
# is counted. Prints what the flood costs.
. "${0%/*}/many.sh"

RATE=20000
SPAN_S=3
# An advert may be late by one interval; a third one is what a slower machine that does other things may take besides.
GAP_MS=300
# The stream of requests: to one VIP, whose host answers by itself.
VIP=10.0.8.1
VIP_PORT=8080
ANSWER_GAP_MS=1000

discarded_by() { pick "$1" "[.vips[].counters.discarded.$2] | add"; } # NODE REASON
unsigned_at() { pick "$1" '.peer.discarded'; }                       # NODE: datagrams
has_moved_none() { is "$(transitions_of lb1),$(transitions_of lb2)" "$MOVES"; }

# flood WHAT COMMAND...: by two programs at once, since one may not be fast enough.
flood() {
	local what=$1 gap pids=() half i
	declare -A ticks_before=()
	shift
	half=$((RATE / 2))
	say "== $what"
	for node in $NODES; do ticks_before[$node]=$(ticks "$(pid_of $node vrrpd)"); done
	ear_marks
	for i in 1 2; do
		on client "$FORGE" "$@" --rate=$half --seconds=$SPAN_S >"$LAB_DIR/flood.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || fail "forge $*"; done
	ear_marks || die "the ear does not answer"
	gap=$(heard_most lb1 "[.gap_ms, .silent_ms] | max")
	say "  sent: $(paste -sd ';' "$LAB_DIR/flood.1" "$LAB_DIR/flood.2")"
	for node in $NODES; do
		say "  processor time of $node: $(($(ticks "$(pid_of $node vrrpd)") - ticks_before[$node])) ticks of 10 ms"
	done
	expect "lb1 has sent for $VIPS VRIDs of two families" is "$(heard_sum lb1 .vrids)" $((2 * VIPS))
	expect "the longest time between two adverts of one was $gap ms, of at most $GAP_MS" at_most "$gap" $GAP_MS
	expect "nobody has moved" has_moved_none
	probe_mark stream
	expect "requests were answered meanwhile, $(of_mark .total.answered) so far" is "$(of_mark '.total.answered > 0')" true
	expect "and never none for over $ANSWER_GAP_MS ms: $(of_mark .longest_gap_ms)" at_most "$(of_mark .longest_gap_ms)" $ANSWER_GAP_MS
}

lab_up
many_config 50 100ms
ear_start
for node in $NODES; do start_daemon $node vrrpd; done
wait_for 60 "lb1 is active for all, lb2 backup" many_are lb1 lb2
wait_for 10 "lb1 holds every address" holds_all lb1
server_start lb1
wait_for 10 "a server answers on lb1" server_answers lb1
on client ip route add 10.0.0.0/16 dev eth0 || die "no route"
probe_start stream
MOVES=$(transitions_of lb1),$(transitions_of lb2)
on client "$FORGE" capture "$LAB_DIR/advert" --source=192.0.2.11 || die "nothing was overheard"

flood "claims of a VIP by ARP" claims --address=10.0.7.1
expect "lb1 named the rival" grep -q "another host says.*vip=v7 " "$LAB_DIR/lb1-vrrpd.log"

# Of eight kinds, each in turn: two are behind a router, one is a vip's own advert once more, which is no news to the peer.
reasons="auth version length checksum vrid ttl"
declare -A before=()
for node in $NODES; do
	for reason in $reasons; do before[$node.$reason]=$(discarded_by $node $reason); done
done
replayed=$(discarded_by lb2 replay)
flood "adverts" flood "$LAB_DIR/advert" --source=192.0.2.50 --vrid=$VIPS
each=$((RATE * SPAN_S / 8))
for node in $NODES; do
	for reason in $reasons; do
		expect "$node counted them under '$reason'" \
			at_most $((before[$node.$reason] + each / 2)) "$(discarded_by $node $reason)"
	done
done
expect "lb2 counted what was replayed" at_most $((replayed + each / 2)) "$(discarded_by lb2 replay)"

for node in $NODES; do before[$node]=$(unsigned_at $node); done
flood "datagrams for lb2's state port" datagrams --address=192.0.2.12 --port=3780
expect "lb2 counted them" at_most $((before[lb2] + RATE / 2)) "$(unsigned_at lb2)"
flood "datagrams for lb1's state port" datagrams --address=192.0.2.11 --port=3780
expect "lb1 counted them" at_most $((before[lb1] + RATE / 2)) "$(unsigned_at lb1)"

declare -A before6=()
for node in $NODES; do
	for reason in auth version checksum vrid ttl; do before6[$node.$reason]=$(discarded_by $node $reason); done
done
flood "IPv6: adverts, and claims of a VIP by neighbour advertisements" flood6 --address6=2001:db8:9::1 --vrid=$VIPS
expect "lb1 named the rival" grep -q "another host says.*vip=v9 " "$LAB_DIR/lb1-vrrpd.log"
for node in $NODES; do
	for reason in auth version checksum vrid ttl; do
		expect "$node counted them under '$reason'" \
			at_most $((before6[$node.$reason] + each / 2)) "$(discarded_by $node $reason)"
	done
done

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Others keep the kernel's network configuration lock: 50 vips of two families at an interval of 10 ms, while somebody
# makes and deletes interfaces again and again, which keeps the one lock of all namespaces for tens or
# hundreds of milliseconds. Renewals and deleted addresses wait for that, and adverts do not (scribe.c): what the ear
# hears longest apart is less than the longest that an address's own write had to wait.
#
#   VIPS=N INTERFACES=N ROUNDS=N MEASURE=yes   how much of it; and print the figures alone, for what cannot hold
. "$(dirname "$0")/many.sh"

LAB_HOSTS="client lb1 lb2"
VIPS=${VIPS:-50}
ADVERT_INTERVAL=10ms
INTERFACES=${INTERFACES:-20}
ROUNDS=${ROUNDS:-15}

# In the namespace of the bridge, which is no node's. One request deletes the whole group, in one go.
hammer() {
	local round i
	for ((round = 0; round < ROUNDS; round++)); do
		for ((i = 0; i < INTERFACES; i++)); do echo "link add hammer$i group 77 type bridge"; done |
			ip -n "${LAB_PREFIX}lan" -batch - && ip -n "${LAB_PREFIX}lan" link del group 77
	done
}

# The longest that somebody else's address, written again and again, waits.
longest_write() {
	local began ms longest=0
	while [ -e "$LAB_DIR/hammering" ]; do
		began=$(date +%s%N)
		ip -n "$LAB_PREFIX"client addr replace 203.0.113.1/32 dev eth0 valid_lft 60 preferred_lft 60
		ms=$((($(date +%s%N) - began) / 1000000))
		longest=$((ms > longest ? ms : longest))
		nap 0.002
	done
	echo "$longest" >"$LAB_DIR/longest"
}

gap_of() { # NODE: ms
	ear_marks || die "the ear does not answer"
	heard_most "$1" .gap_ms
}

lab_up
many_config "$VIPS" "$ADVERT_INTERVAL"
ear_start
for node in $NODES; do start_daemon $node vrrpd; done
wait_for 60 "lb1 is active for all, lb2 backup" many_are lb1 lb2
wait_for 20 "lb1 holds every address" holds_all lb1
moves=$(transitions_of lb2)
ear_marks
nap 3
say "  left alone: the longest gap between two adverts of a vip was $(gap_of lb1) ms"

touch "$LAB_DIR/hammering"
longest_write &
prober=$!
hammer
rm "$LAB_DIR/hammering"
gap=$(gap_of lb1)
wait "$prober"
wait=$(cat "$LAB_DIR/longest")
say "  $((ROUNDS * INTERFACES)) interfaces were made and deleted: the longest gap was $gap ms; a write of somebody else's address waited for $wait ms at most"
[ "${MEASURE:-no}" = no ] || exit 0
[ "$wait" -ge 40 ] || skip_lab "the lock was not kept for long: $wait ms"
expect "adverts did not wait for the lock: $gap ms, and $wait ms for who does" [ "$(jq -n "$gap < $wait / 2")" = true ]
expect "lb2 took nothing for dead" is "$(transitions_of lb2)" "$moves"
expect "lb1 was not taken for one that hangs" [ "$(grep -c 'the main process hangs' "$LAB_DIR/lb1-vrrpd.log")" = 0 ]

say "== an address is deleted under the hammer, and the vips move"
hammer &
hammering=$!
ip -n "$LAB_PREFIX"lb1 addr del 10.0.1.1/32 dev eth0
wait_for 20 "what was deleted is back" holds_all lb1
lbctl lb1 failover >/dev/null || fail "the failover was refused"
wait_for 30 "lb2 is active for all, lb1 backup" many_are lb2 lb1
wait_for 20 "lb2 holds every address" holds_all lb2
wait_for 20 "lb1 holds none" holds_none lb1
wait "$hammering"
expect "no lease has lapsed" [ "$(cat "$LAB_DIR"/lb?-vrrpd.log | grep -c 'fenced')" = 0 ]

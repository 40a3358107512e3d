#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The backup's host stands still for longer than its Active_Down_Interval while somebody floods the LAN with forged
# adverts. When it goes on, the active node's adverts stand somewhere in the queue, or behind its end: it claims nothing
# before it has looked at all of it, and not at once where some did not fit. The state port is closed, so that it has
# nothing but adverts to go by. Then the active node dies in the middle of such a flood, and is found out all the same.
. "${0%/*}/many.sh"

RATE=40000
STALL_S=1
DEATH_S=5

flood_begin() { # flood_begin SECONDS: by two programs at once, since one may not be fast enough
	local i
	FLOODS=()
	for i in 1 2; do
		on client "$FORGE" flood "$LAB_DIR/advert" --source=192.0.2.50 --vrid=$VIPS --rate=$((RATE / 2)) --seconds="$1" \
			>"$LAB_DIR/flood.$i" &
		FLOODS+=($!)
	done
}
flood_end() {
	local pid
	for pid in "${FLOODS[@]}"; do wait "$pid" || fail "a flood did not go as asked"; done
	say "  sent: $(paste -sd ';' "$LAB_DIR/flood.1" "$LAB_DIR/flood.2")"
}
has_moved_none() { is "$(transitions_of lb1),$(transitions_of lb2)" "$MOVES"; }
# As a host that is paused: the guardian lives through as little as the main process.
pause() {
	local pids
	pids="$(pid_of lb2 guardian) $(pid_of lb2 vrrpd)"
	# shellcheck disable=SC2086 # two pids
	kill -STOP $pids
	nap "$1"
	# shellcheck disable=SC2086
	kill -CONT $pids
}

lab_up
many_config 50 100ms
# By one family alone: an advert of the other, which nobody floods, would do as well.
sed -i 's/, 2001:db8:[^}]*//' "$CONFIG"
for node in $NODES; do
	on $node nft 'add table inet shut; add chain inet shut in { type filter hook input priority 0; };
		add rule inet shut in udp dport 3780 drop'
	start_daemon $node vrrpd
done
wait_for 60 "lb1 is active for all, lb2 backup" many_are lb1 lb2
MOVES=$(transitions_of lb1),$(transitions_of lb2)
on client "$FORGE" capture "$LAB_DIR/advert" --source=192.0.2.11 || die "nothing was overheard"

for round in 1 2 3; do
	say "== lb2 stands still in a flood, round $round"
	flood_begin $((STALL_S + 1))
	nap 0.2
	pause $STALL_S
	flood_end
	nap 0.5
	expect "nobody has moved" has_moved_none || sed -n '/moved\|active\|fenced/p' "$LAB_DIR/lb2-vrrpd.log" | tail -n 5 >&2
done

say "== lb1 is killed in a flood"
flood_begin $DEATH_S
nap 0.5
kill_role lb1 KILL guardian vrrpd
wait_for $DEATH_S "lb2 is active for all" states_are lb2 "$VIPS active"
flood_end

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A vip with both families, and one with IPv6 alone: each moves as one, and no crash leaves IPv6 behind either.
#
#      lb1 (150) ---- LAN ---- lb2 (100)      both: 192.0.2.100, 2001:db8::100      six: 2001:db8::200
. "$(dirname "$0")/lab.sh"

BOTH="192.0.2.100 2001:db8::100 fe80::200:5eff:fe00:233"
SIX="2001:db8::200 fe80::200:5eff:fe00:234"

holds() { # holds NODE ADDRESS...: all of them
	local node=$1 address
	shift
	for address; do has_address "$node" "$address" eth0 || return 1; done
}
lacks() { # lacks NODE ADDRESS...: each of them
	local node=$1 address
	shift
	for address; do ! has_address "$node" "$address" eth0 || return 1; done
}
# alone NODE: it has everything, the other nothing.
# shellcheck disable=SC2086 # lists of addresses
alone() { holds "$1" $BOTH $SIX && lacks "$(peer_of "$1")" $BOTH $SIX; }
flags_are() { # of the VIP on that node: no DAD, deprecated, and it ends
	ip -n "$(ns "$1")" -j addr show dev eth0 to 2001:db8::100 |
		jq -e '.[].addr_info[]? | select(.nodad and .deprecated and .preferred_life_time == 0 and .valid_life_time <= 2)' >/dev/null
}
# The hardware address that the client knows for the VIP.
neighbour_is() {
	local mac
	mac=$(ip -n "$(ns "$1")" -j link show eth0 | jq -r '.[0].address')
	ip -n "$(ns client)" -6 neigh show 2001:db8::100 | grep -q "$mac"
}

lab_up
ip -n "$(ns client)" addr show dev eth0 | grep -q 'inet6 2001' || skip_lab "no IPv6 here"
pair_section >"$CONFIG"
cat >>"$CONFIG" <<-END
	vip both { vrid = 51  interface = eth0  addresses = { 192.0.2.100, 2001:db8::100 } }
	vip six { vrid = 52  interface = eth0  addresses = { 2001:db8::200 } }
END
for node in $NODES; do start_daemon "$node" vrrpd; done
wait_for 20 "lb1 is active for both" all_are lb1 active
wait_for 10 "and holds everything, lb2 nothing" alone lb1
wait_for 5 "the client is answered" answers 2001:db8::100
expect "the VIP is without DAD, deprecated, and a lease" flags_are lb1
stays_for 3 "renewed, it stays" alone lb1
expect "and is still deprecated" flags_are lb1
expect "the node's own traffic has another source" \
	grep -q "src 2001:db8::11 " <<<"$(ip -n "$(ns lb1)" -6 route get 2001:db8::50)"

say "== the main process is killed, and the guardian cleans up"
kill_role lb1 KILL vrrpd
wait_for 5 "lb2 has everything" alone lb2
wait_for 5 "the client is answered by lb2" answers 2001:db8::100
expect "whose hardware address it knows" neighbour_is lb2
start_daemon lb1 vrrpd
wait_for 20 "lb1 takes it back" alone lb1

say "== an address of either family is deleted by somebody"
ip -n "$(ns lb1)" addr del 2001:db8::100/128 dev eth0
wait_for 2 "it is back" has_address lb1 2001:db8::100 eth0
expect "and told of" grep -q "deleted by somebody else.*2001:db8::100" "$LAB_DIR/lb1-vrrpd.log"

say "== everything is killed, and the leases end"
kill_role lb1 KILL guardian vrrpd
wait_for 6 "lb2 has everything, lb1 nothing" alone lb2

say "== it is stopped, and says goodbye"
start_daemon lb1 vrrpd
wait_for 20 "lb1 takes it back" alone lb1
kill_role lb1 TERM vrrpd
wait_for 5 "lb2 has everything" alone lb2
expect "by priority 0 in both" is "$(pick lb2 '[.vips[].reason] | unique | join(" ")')" "the active node resigned"

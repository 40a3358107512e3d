#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Other hands than ours on addresses and interfaces: what they take away comes back, what they put where it must not be
# goes, and an interface that cannot be used is a fault that says so.
#
#      lb1 (150) ---- LAN ---- lb2 (100)      web: on eth0    mac: on macvlans above it    late: on eth7, not there yet
. "$(dirname "$0")/lab.sh"

WEB="192.0.2.100 2001:db8::100"
MAC="192.0.2.101 2001:db8::101"
LATE=198.51.100.100
# What the design promises, and what a loaded machine may make of it.
PROMISE_MS=50 BOUND_MS=500

l1() { ip -n "$(ns lb1)" "$@"; }
l2() { ip -n "$(ns lb2)" "$@"; }
has() { has_address "$1" "$3" "$2"; } # has NODE INTERFACE ADDRESS
macvlan() { ip -n "$(ns "$1")" -o link show type macvlan | sed -n "s/^[0-9]*: \(vr$2[^@]*\)@.*/\1/p"; } # macvlan NODE 4|6
is_up() { ip -n "$(ns "$1")" -o link show dev "$2" | grep -q '[<,]UP[,>]'; }
web_at() { has "$1" eth0 192.0.2.100 && has "$1" eth0 2001:db8::100; }
mac_at() {
	local v4 v6
	v4=$(macvlan "$1" 4) v6=$(macvlan "$1" 6)
	is_up "$1" "$v4" && is_up "$1" "$v6" && has "$1" "$v4" 192.0.2.101 && has "$1" "$v6" 2001:db8::101
}
held_by() { web_at "$1" && mac_at "$1" && ! has "$(peer_of "$1")" eth0 192.0.2.100; }
of_vip() { pick "$1" ".vips[] | select(.name == \"$2\") | $3"; } # of_vip NODE VIP FILTER
vip_is() { is "$(of_vip "$1" "$2" .state)" "$3"; }
vips_are() { vip_is "$1" web "$2" && vip_is "$1" mac "$2"; }
reason_is() { is "$(of_vip "$1" "$2" .reason)" "$3"; }
moves() { of_vip lb1 web .transitions; }
told() { grep -aq "$2" "$LAB_DIR/$1-vrrpd.log"; }
own_addresses() { # as whoever configures the network gives them
	l1 addr add 192.0.2.11/24 dev eth0 && l1 addr add 2001:db8::11/64 dev eth0 nodad
}

# back_after ADDRESS: ms from its last deletion to its return, by the kernel's own events; nothing: it has not returned.
back_after() {
	awk -v address=" $1/" '
		index($0, address) == 0 { next }
		{ split($1, part, /[T\]]/); split(part[2], t, ":"); at = (t[1] * 3600 + t[2] * 60 + t[3]) * 1000 }
		/Deleted/ { deleted = at; gone = 1; next }
		gone { printf "%.1f\n", at - deleted; exit }' "$LAB_DIR/monitor"
}
is_back() { [ -n "$(back_after "$1")" ]; }
SLOWEST=0
# comes_back ADDRESS WHAT COMMAND...: after the command, which takes it away.
comes_back() {
	local address=$1 what=$2 ms
	shift 2
	: >"$LAB_DIR/monitor"
	"$@" 2>/dev/null
	wait_until 5 is_back "$address"
	ms=$(back_after "$address")
	[ -n "$ms" ] || { fail "$what: $address has not come back"; return; }
	expect "$what: $address is back after $ms ms" at_most "$ms" "$BOUND_MS"
	at_most "$ms" "$SLOWEST" || SLOWEST=$ms
}

lab_up
ip -n "$(ns client)" addr show dev eth0 | grep -q 'inet6 2001' || skip_lab "no IPv6 here"
pair_section >"$CONFIG"
cat >>"$CONFIG" <<-END
	vip web { vrid = 51  interface = eth0  addresses = { ${WEB/ /, } }  advert-interval = 200ms }
	vip mac { vrid = 52  interface = eth0  addresses = { ${MAC/ /, } }  advert-interval = 200ms  virtual-mac = yes }
	vip late { vrid = 53  interface = eth7  addresses = { $LATE } }
END
for node in $NODES; do start_daemon "$node" vrrpd; done
wait_for 20 "lb1 is active" vips_are lb1 active
wait_for 5 "lb1 holds everything, lb2 nothing" held_by lb1
ip netns exec "$(ns lb1)" stdbuf -oL ip -ts monitor address >>"$LAB_DIR/monitor" &
wait_until 2 test -e "$LAB_DIR/monitor"
began=$(moves)

say "== addresses are deleted"
for address in $WEB; do comes_back "$address" "deleted" l1 addr del "$address" dev eth0; done
comes_back 192.0.2.101 "deleted from the macvlan" l1 addr del 192.0.2.101/32 dev "$(macvlan lb1 4)"
comes_back 2001:db8::101 "deleted from the macvlan" l1 addr del 2001:db8::101/128 dev "$(macvlan lb1 6)"
expect "the log tells of it" told lb1 'deleted by somebody else.*2001:db8::101'

say "== macvlans are deleted and taken down"
comes_back 192.0.2.101 "its macvlan deleted" l1 link del "$(macvlan lb1 4)"
comes_back 2001:db8::101 "its macvlan taken down" l1 link set "$(macvlan lb1 6)" down
wait_for 5 "both are up, with their addresses" mac_at lb1
for address in $MAC; do wait_for 5 "$address answers" answers "$address"; done

say "== everything is flushed, and the node's own addresses are given back"
flush_and_restore() {
	l1 addr flush dev eth0
	own_addresses
}
comes_back 192.0.2.100 "flushed" flush_and_restore
wait_for 5 "lb1 holds everything" held_by lb1
expect "all this was no failover" is "$(moves)" "$began"
say "the slowest was back after $SLOWEST ms; the promise is $PROMISE_MS ms"

say "== a network manager's bounce: flush, down, up, the addresses again"
l1 addr flush dev eth0
l1 link set eth0 down
l1 link set eth0 up
own_addresses
wait_for 20 "lb1 is active" vips_are lb1 active
wait_for 5 "lb1 holds everything, lb2 nothing" held_by lb1

say "== addresses are put where they must not be"
for address in 192.0.2.100/32 192.0.2.100/24 2001:db8::100/64 192.0.2.101/32; do
	l2 addr add "$address" dev eth0
	wait_for 5 "$address does not stay on the backup" eval "! has lb2 eth0 ${address%/*}"
done
l1 addr add 192.0.2.101/32 dev eth0
wait_for 5 "nor one of a virtual MAC on the interface below" eval "! has lb1 eth0 192.0.2.101"
expect "the log tells of it" told lb2 'added by somebody else where it must not be.*192.0.2.100/24'
expect "lb1 holds everything" held_by lb1

say "== the node's own address is gone"
l1 addr del 192.0.2.11/24 dev eth0
wait_for 5 "lb1 is at fault" vips_are lb1 fault
expect "and says why" reason_is lb1 web "interface eth0 has no IPv4 address to send from"
wait_for 5 "lb2 holds everything" held_by lb2
expect "it was told" reason_is lb2 web "the active node resigned"
l1 addr add 192.0.2.11/24 dev eth0
wait_for 20 "with the address lb1 is active again" held_by lb1

say "== the interface is renamed, and has its name again"
l1 link set eth0 name eth9
wait_for 5 "lb1 is at fault" vips_are lb1 fault
expect "and says why" reason_is lb1 web "interface eth0 does not exist"
wait_for 5 "lb2 holds everything" held_by lb2
expect "nothing is left on it" eval '! has lb1 eth9 192.0.2.100 && ! has lb1 eth9 2001:db8::100'
l1 link set eth9 name eth0
wait_for 20 "lb1 is active again" held_by lb1

say "== an interface that comes later"
expect "without it the vip is at fault" reason_is lb1 late "interface eth7 does not exist"
explained() { lbctl lb1 explain late | grep -q "when interface eth7 is there and up"; }
expect "and explain says what it waits for" explained
ip -n "$(ns lan)" link add late1 type veth peer name eth7 netns "$(ns lb1)" && ip -n "$(ns lan)" link set late1 up
wait_for 5 "it is there" reason_is lb1 late "interface eth7 is down"
l1 link set eth7 up
wait_for 5 "it is up" reason_is lb1 late "interface eth7 has no IPv4 address to send from"
l1 addr add 198.51.100.11/24 dev eth7
wait_for 20 "it is taken up" vip_is lb1 late active
wait_for 5 "with the VIP" has lb1 eth7 "$LATE"
l1 link del eth7
wait_for 5 "it is gone" reason_is lb1 late "interface eth7 does not exist"
expect "the others do not mind" held_by lb1

say "== the interface is deleted"
l1 link del eth0
wait_for 5 "lb1 is at fault" reason_is lb1 web "interface eth0 does not exist"
wait_for 5 "lb2 is active" vips_are lb2 active
host_link() {
	ip -n "$(ns lan)" link add lb1 type veth peer name eth0 netns "$(ns lb1)" &&
		ip -n "$(ns lan)" link set lb1 master br0 up && l1 link set eth0 up && own_addresses
}
host_link || die "no new interface"
wait_for 20 "another of that name is taken up" held_by lb1

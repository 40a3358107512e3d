#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A LAN of IPv6 alone, where whoever is asked is asked by neighbour discovery: the gateway tells the two nodes who of
# them is still on it.
#
#      client ---- LAN 2001:db8::/64 ---+---- lb1 (150) ----- eth1
#   (the gateway)                       |                      | 198.51.100.0/24
#                                       +---- lb2 (100) ----- eth1
. "$(dirname "$0")/lab.sh"

GATEWAY=2001:db8::50
VIP=2001:db8::100
gateway_is() { is "$(pick "$1" '.vips[0].tracks[0].state')" "$2"; }
both_paths() { is "$(paths_alive "$1")" 2; }

lab_up
ip -n "$(ns client)" addr show dev eth0 | grep -q 'inet6 2001' || skip_lab "no IPv6 here"
command -v nft >/dev/null || skip_lab "no nft(8)"
second_cable
for host in $LAB_HOSTS; do ip -n "$(ns "$host")" -4 addr flush dev eth0; done
for node in $NODES; do
	ip -n "$(ns "$node")" -6 route add default via "$GATEWAY" dev eth0 || die "no gateway"
done
cat >"$CONFIG" <<-END
	pair {
	    key-file = $LAB_DIR/pair.key
	    node lb1 { address = 2001:db8::11  priority = 150  heartbeat = { $CABLE.11 } }
	    node lb2 { address = 2001:db8::12  priority = 100  heartbeat = { $CABLE.12 } }
	}
	vip six {
	    vrid = 52  interface = eth0  addresses = { $VIP }  advert-interval = 200ms
	    track-gateway $GATEWAY { penalty = 1 }
	}
END
for node in $NODES; do start_daemon "$node" vrrpd; done
wait_for 20 "lb1 is active, lb2 backup" pair_is lb1 lb2
wait_for 5 "exactly lb1 holds the VIP" holders_are lb1
wait_for 10 "both paths live" both_paths lb2

say "== the gateway is asked by neighbour discovery: a firewall that takes no echo hides nothing"
on client nft -f - <<-END || die "no nftables"
	table ip6 quiet {
		chain in {
			type filter hook input priority 0;
			icmpv6 type echo-request counter drop
		}
	}
END
for node in $NODES; do wait_for 5 "$node knows that it is there" gateway_is $node up; done
stays_for 5 "and goes on knowing" gateway_is lb1 up
expect "no echo was sent to it" is "$(on client nft -j list table ip6 quiet | jq '[.. | .counter?.packets? // empty] | add')" 0
on client nft add rule ip6 quiet in icmpv6 type nd-neighbor-solicit drop
wait_for 20 "lb1 misses it when it answers no solicitation" gateway_is lb1 down
on client nft delete table ip6 quiet
wait_for 20 "and finds it again" gateway_is lb1 up
wait_for 20 "lb1 is active" settled lb1

say "== adverts are lost, and nothing else"
adverts_drop lb2
wait_for 5 "lb2 says what it waits for" reason_has lb2 "adverts are lost"
stays_for 6 "lb1 stays active: the gateway answers it" settled lb1
adverts_pass lb2
wait_for 5 "lb2 hears adverts again" eval '! reason_has lb2 "adverts are lost"'

say "== a dead switch port, its carrier up"
port_mute lb1
wait_for 15 "lb2 is active: lb1 hears nobody on the LAN" node_is lb2 active
wait_for 10 "lb1 has given up: what answers lb2 does not answer there" node_is lb1 fault
expect "the reason says so" reason_has lb1 "its LAN is dead"
wait_for 5 "exactly lb2 holds the VIP" holders_are lb2
port_unmute lb1
wait_for 30 "the port works again: lb1 is active" settled lb1

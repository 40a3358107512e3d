#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A vip with a virtual MAC: it moves, and its hardware address does not. The backup keeps silent on it.
#
#      lb1 (150) ---- LAN ---- lb2 (100)      192.0.2.100 at 00:00:5e:00:01:33, 2001:db8::100 at 00:00:5e:00:02:33
. "$(dirname "$0")/lab.sh"

MAC4=00:00:5e:00:01:33
MAC6=00:00:5e:00:02:33

macvlans() { ip -n "$(ns "$1")" -o link show type macvlan; }
macvlans_are() { is "$(macvlans "$1" | grep -c .)" "$2"; }                 # macvlans_are NODE COUNT
up_are() { is "$(macvlans "$1" | grep -c '[<,]UP[,>]')" "$2"; }           # up_are NODE COUNT
holds() { has_address "$1" 192.0.2.100 && has_address "$1" 2001:db8::100 && up_are "$1" 2; }
lacks() { ! has_address "$1" 192.0.2.100 && ! has_address "$1" 2001:db8::100; }
silent() { up_are "$1" 0; }
alone() { holds "$1" && lacks "$(peer_of "$1")"; }
# What the client knows of the VIP.
known_at() { ip -n "$(ns client)" neigh show "$1" | grep -qi "lladdr $2"; } # known_at ADDRESS MAC
# Which port the bridge has learnt the MAC at: from adverts, since nothing else is sent by it.
learnt_at() { bridge -n "$(ns lan)" fdb show br br0 | grep -i "^$1 " | grep -q "dev $2 "; } # learnt_at MAC NODE
# Each address is answered for by one MAC: the parent keeps out of it.
own_mac() { ip -n "$(ns "$1")" -j link show eth0 | jq -r '.[0].address'; }

lab_up
command -v bridge >/dev/null || skip_lab "no bridge(8)"
pair_section >"$CONFIG"
cat >>"$CONFIG" <<-END
	vip web { vrid = 51  interface = eth0  addresses = { 192.0.2.100, 2001:db8::100 }  virtual-mac = yes }
END
for node in $NODES; do start_daemon "$node" vrrpd; done
wait_for 20 "lb1 is active, lb2 backup" pair_is lb1 lb2
wait_for 5 "lb1 alone holds both" alone lb1
expect "lb2 has its two macvlans" macvlans_are lb2 2
expect "and they are down" silent lb2
for address in 192.0.2.100/$MAC4 2001:db8::100/$MAC6; do
	wait_for 5 "${address%/*} answers" answers "${address%/*}"
	expect "at the virtual MAC" known_at "${address%/*}" "${address#*/}"
done
wait_for 5 "the switch has learnt both at lb1" eval "learnt_at $MAC4 lb1 && learnt_at $MAC6 lb1"
expect "lb1's own address is at its own MAC" eval 'answers 192.0.2.11 && known_at 192.0.2.11 "$(own_mac lb1)"'
expect "no other address came to the macvlans" \
	is "$(ip -n "$(ns lb1)" -o addr show | grep 'vr[46]\.' | grep -vcE '192.0.2.100|2001:db8::100|fe80::200:5eff:fe00:233')" 0

parent_is() { # parent_is NODE ARP_IGNORE ARP_ANNOUNCE
	is "$(on "$1" cat /proc/sys/net/ipv4/conf/eth0/arp_{ignore,announce} | tr '\n' ' ')" "$2 $3 "
}
expect "the interface below keeps to its own addresses" parent_is lb1 1 2

say "== it moves, and nobody has to learn another address"
kill_role lb1 TERM vrrpd
wait_for 5 "lb2 alone holds both" alone lb2
expect "nothing is left at lb1" macvlans_are lb1 0
wait_for 5 "and its interface is as it was" parent_is lb1 0 0
wait_for 5 "the switch has learnt both at lb2" eval "learnt_at $MAC4 lb2 && learnt_at $MAC6 lb2"
wait_for 5 "it answers" answers 192.0.2.100
expect "where it did before" eval "known_at 192.0.2.100 $MAC4 && known_at 2001:db8::100 $MAC6"
start_daemon lb1 vrrpd
wait_for 20 "lb1 takes it back" alone lb1
wait_for 5 "lb2 is silent again" silent lb2

say "== killed, the guardian takes the addresses away"
kill_role lb1 KILL vrrpd
wait_for 5 "lb2 alone holds both" alone lb2
expect "because lb1 said goodbye" is "$(pick lb2 '.vips[0].reason')" "the active node resigned"
kill_role lb2 KILL guardian vrrpd
wait_for 6 "everything killed: lb2's leases end" lacks lb2
on lb2 sysctl -qw net.ipv4.conf.eth0.arp_ignore=2 # an administrator, while nothing of ours runs
for node in $NODES; do start_daemon "$node" vrrpd; done
wait_for 20 "lb1 is active, lb2 backup" pair_is lb1 lb2
expect "what was left over is told of" grep -q "interfaces of an earlier run were removed" "$LAB_DIR/lb2-vrrpd.log"
wait_for 5 "lb1 alone holds both" alone lb1
wait_for 5 "lb2 is silent" silent lb2

say "== a macvlan is deleted by somebody"
ip -n "$(ns lb1)" link del "$(macvlans lb1 | awk -F': |@' 'NR == 1 { print $2 }')"
wait_for 5 "it is made anew" alone lb1
wait_for 5 "and answers" answers 192.0.2.100
expect "lb1 was active all the time" is "$(pick lb1 '.vips[0].transitions')" 2

say "== a reload takes the virtual MAC away, and another gives it back"
sed -i 's/virtual-mac = yes/virtual-mac = no/' "$CONFIG"
lbctl lb1 reload >/dev/null || fail "reload"
wait_for 5 "lb1's macvlans are gone" macvlans_are lb1 0
wait_for 5 "and its interface is as it was" parent_is lb1 0 0
wait_for 5 "it holds both, without them" eval 'has_address lb1 192.0.2.100 && has_address lb1 2001:db8::100'
sed -i 's/virtual-mac = no/virtual-mac = yes/' "$CONFIG"
lbctl lb1 reload >/dev/null || fail "reload"
wait_for 5 "lb1 has its macvlans again" holds lb1
wait_for 5 "and the interface below is strict again" parent_is lb1 1 2

say "== at the end each setting of the interface below is as it was, or as somebody else has set it since"
expect "lb2 left the stricter one alone" parent_is lb2 2 2
kill_role lb2 TERM vrrpd
wait_for 5 "what a crash had left and the administrator did not touch is put back" parent_is lb2 2 0
on lb1 sysctl -qw net.ipv4.conf.eth0.arp_announce=1
kill_role lb1 TERM vrrpd
wait_for 5 "on lb1 the administrator's word stays" parent_is lb1 0 1

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vrrpd says on the wire, as another program (tcpdump) reads it: the fields of the adverts, and in which order a node
# that becomes active speaks (RFC 9568 sections 5.1, 5.2, 6.4.2, 7.2, 7.3; RFC 3768 section 5).
#
#      lb1 ---- LAN ---- client: tcpdump        plain (v3, both families), old (v2), mac (v3, both, its virtual MACs)
. "$(dirname "$0")/lab.sh"

LAB_HOSTS="client lb1"
NODES=lb1
# The capture as lines of one packet each.
packets() {
	tcpdump -nn -e -v -r "$LAB_DIR/wire.pcap" 2>/dev/null | sed -E 's/^[0-9:.]+ //' |
		awk '/^[0-9a-f][0-9a-f]:/ { if (line != "") print line; line = $0; next } { sub(/^[ \t]+/, " "); line = line $0 } END { print line }'
}
listed() { packets >"$LAB_DIR/packets"; }
# each PATTERN PART...: there are packets like that, and each has every part (extended regular expressions).
each() {
	local pattern=$1 part count
	shift
	count=$(grep -cE -- "$pattern" "$LAB_DIR/packets")
	[ "$count" -gt 0 ] || { say "no packet is like: $pattern"; return 1; }
	for part; do
		[ "$(grep -E -- "$pattern" "$LAB_DIR/packets" | grep -cE -- "$part")" = "$count" ] && continue
		say "not in each of $count: $part, such as"
		grep -E -- "$pattern" "$LAB_DIR/packets" | grep -vE -- "$part" | head -n 2
		return 1
	done
}
some() { grep -qE -- "$1" "$LAB_DIR/packets"; }
none() { ! some "$1"; }
first() { grep -nE -m 1 -- "$1" "$LAB_DIR/packets" | cut -d : -f 1; } # the number of the first such packet
before() { [ -n "$(first "$1")" ] && [ -n "$(first "$2")" ] && [ "$(first "$1")" -lt "$(first "$2")" ]; }
sent() { listed && some "$1"; }

lab_up
command -v tcpdump >/dev/null || skip_lab "no tcpdump"
pair_section >"$CONFIG"
cat >>"$CONFIG" <<-END
	vip plain { vrid = 51  interface = eth0  addresses = { 192.0.2.100, 192.0.2.101, 2001:db8::100 }  advert-interval = 250ms  authentication = none }
	vip old { vrid = 52  interface = eth0  addresses = { 192.0.2.102 }  version = 2  advert-interval = 1s  authentication = none }
	vip mac { vrid = 53  interface = eth0  addresses = { 192.0.2.103, 2001:db8::103 }  virtual-mac = yes }
	vip pseudo { vrid = 54  interface = eth0  addresses = { 192.0.2.104 }  authentication = none  checksum = pseudo-header }
END
OWN=$(ip -n "$(ns lb1)" -j link show eth0 | jq -r '.[0].address')
LOCAL=$(ip -n "$(ns lb1)" -j addr show dev eth0 | jq -r '[.[].addr_info[]? | select(.scope == "link") | .local][0]')
on client tcpdump -i eth0 -U -w "$LAB_DIR/wire.pcap" 'proto 112 or ip6 proto 112 or arp or icmp6' 2>"$LAB_DIR/tcpdump.log" &
wait_for 10 "tcpdump listens" grep -q 'listening on' "$LAB_DIR/tcpdump.log"
start_daemon lb1 vrrpd
wait_for 20 "lb1 is active" all_are lb1 active
wait_for 10 "each has been heard" sent 'vrid 52'
for address in 192.0.2.10{0..4}; do
	wait_for 10 "$address has been announced" sent "who-has $address tell $address,"
done
for address in 2001:db8::100 2001:db8::103 fe80::200:5eff:fe00:23{3,5}; do
	wait_for 10 "$address has been announced" sent "tgt is $address,"
done
kill_role lb1 TERM vrrpd
wait_for 10 "and each says priority 0 at the end" sent 'vrid 54, prio 0'
wait_for 10 "lb1 has ended" gone "${DAEMON_PID[lb1-vrrpd]}"
listed

say "== adverts"
V4=' > 224\.0\.0\.18: VRRPv'
V6=' > ff02::12: VRRPv'
expect "IPv4: protocol 112, TTL 255, from the primary address, to the group and its MAC" \
	each "$V4" '> 01:00:5e:00:00:12, ethertype IPv4' 'ttl 255' 'proto VRRP \(112\)' ' 192\.0\.2\.11 > '
expect "IPv6: protocol 112, hop limit 255, from the link-local address, to the group and its MAC" \
	each "$V6" '> 33:33:00:00:00:12, ethertype IPv6' 'hlim 255' 'next-header VRRP \(112\)' " $LOCAL > "
expect "no other address of the group is spoken to" none 'VRRPv[23].*vrid 5[1-4].* > (192|2001)'
expect "version 3: VRID, priority, interval, the addresses of its family" \
	each "${V4}3.*vrid 51" 'prio (150|0), intvl 25cs, length 16,.* addrs\(2\): 192\.0\.2\.100,192\.0\.2\.101$'
expect "of IPv6 ones the link-local one is the first" \
	each "${V6}3.*vrid 51" 'prio (150|0), intvl 25cs, length 40,.* addrs\(2\): fe80::200:5eff:fe00:233,2001:db8::100$'
expect "version 2: the interval in seconds, no authentication, a checksum over the message, with 8 bytes behind it" \
	each 'vrid 52' "${V4}2, Advertisement, vrid 52, prio (150|0), authtype none, intvl 1s, length 20, addrs: 192\.0\.2\.102\$"
expect "a signed one has its trailer of 28 bytes" each "${V4}3.*vrid 53" 'length 40,'
expect "from the interface's own MAC" each 'vrid 5[124]' "^$OWN >"
expect "or from the virtual one, with virtual-mac = yes" each "${V4}3.*vrid 53" '^00:00:5e:00:01:35 >'
expect "and over IPv6 from IPv6's" each "${V6}3.*vrid 53" '^00:00:5e:00:02:35 >'
# tcpdump reads RFC 5798 the other way, and so tells the two forms apart.
expect "the checksum of version 3 over IPv4 covers the message alone" each "${V4}3.*vrid 51" 'bad vrrp cksum'
expect "or the pseudo-header too, where that is configured" each "${V4}3.*vrid 54, prio" 'addrs: 192\.0\.2\.104$'
expect "without a fault" none 'vrid 54.*bad vrrp cksum'

say "== becoming active: the adverts, then each address"
for claim in "vrid 51 192.0.2.100 2001:db8::100" "vrid 53 192.0.2.103 2001:db8::103"; do
	read -r _ vrid four six <<<"$claim"
	expect "$vrid: both families' adverts come before $four" eval "before '${V4}3.*vrid $vrid,' 'who-has $four tell $four,' && before '${V6}3.*vrid $vrid,' 'who-has $four tell $four,'"
	expect "and before $six" eval "before '${V4}3.*vrid $vrid,' 'tgt is $six,' && before '${V6}3.*vrid $vrid,' 'tgt is $six,'"
done
expect "ARP: a broadcast request for the address itself" \
	each 'who-has (192\.0\.2\.10[0-4]) tell \1' '> ff:ff:ff:ff:ff:ff, ethertype ARP'
expect "NA: to all nodes, from the address, hop limit 255, S clear, O set, R clear on a host that forwards nothing" \
	each 'tgt is (2001:db8::10[03]|fe80::200:5eff:fe00:23[35]),' '> 33:33:00:00:00:01' ' (2001:db8::10[03]|fe80::200:5eff:fe00:23[35]) > ff02::1:' \
	'hlim 255' 'icmp6 sum ok' 'Flags \[override\]'
expect "each names the MAC that it is sent from" each 'tgt is 2001:db8::100,' "^$OWN >" "option \(2\).* $OWN\$"
expect "or the virtual one" each 'tgt is 2001:db8::103,' '^00:00:5e:00:02:35 >' 'option \(2\).* 00:00:5e:00:02:35$'
expect "and ARP too" each 'who-has 192\.0\.2\.103 tell 192\.0\.2\.103' '^00:00:5e:00:01:35 >'

say "== leaving: priority 0 in both families"
for vrid in 51 53; do
	expect "$vrid over IPv4" some "${V4}3.*vrid $vrid, prio 0,"
	expect "$vrid over IPv6" some "${V6}3.*vrid $vrid, prio 0,"
done
expect "and in version 2" some "${V4}2.*vrid 52, prio 0,"

say "== a host that forwards says that it is a router"
on lb1 sysctl -qw net.ipv6.conf.eth0.forwarding=1
start_daemon lb1 vrrpd
wait_for 20 "R is set" sent 'tgt is 2001:db8::100, Flags \[router, override\]'

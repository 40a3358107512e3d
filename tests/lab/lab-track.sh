#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a vip tracks fails and comes back, each kind in turn: the priority falls by its penalty and the vip goes to the
# node that lacks nothing, or the vip is given up; where both nodes lack the same, it stays where it is.
#
#      client (.50: a gateway of the LAN) ----+---- lb1 (150) ---- eth1: a cable of its own
#      198.51.100.1: behind it                +---- lb2 (100)
. "$(dirname "$0")/lab.sh"

LAB_PROGRAM_DIR=$(mktemp -d /tmp/lbpair-track.XXXXXX) || exit 1
lab_track_down() { rm -rf "$LAB_PROGRAM_DIR"; }

effective() { pick "$1" '.vips[0].effective_priority'; }
track() { pick "$1" ".vips[0].tracks[] | select(.name == \"$2\") | .state"; }
effective_is() { is "$(effective "$1")" "$2"; }
track_is() { is "$(track "$1" "$2")" "$3"; }
all_is_well() { is "$(pick "$1" '[.vips[0].tracks[].state] | unique | join(" ")')" up; }
no_zombies() { # of vrrpd on NODE
	! ps -o stat= --ppid "$(pid_of "$1" vrrpd)" | grep -q Z
}

# fails WHAT NODE-THAT-LACKS EFFECTIVE: lb1 lacks something, and lb2 takes over.
moves_away() {
	wait_for 8 "$1: the priority of lb1 falls to $2" effective_is lb1 "$2"
	wait_for 5 "$1: lb2 is active" settled lb2
}
comes_back() {
	wait_for 20 "$1: the priority of lb1 is whole again" effective_is lb1 150
	wait_for 8 "$1: lb1 is active again" settled lb1
}

lab_up
trap 'lab_track_down; lab_down' EXIT
own_cables
on client ip addr add 198.51.100.1/32 dev lo && on client ip link set lo up || die "no far gateway"
for node in $NODES; do
	on $node ip route add 198.51.100.1/32 via 192.0.2.50 || die "no route"
done
cat >"$LAB_PROGRAM_DIR/uplink" <<-END
	#!/bin/sh
	node=lb2; ! grep -q ' 192\\.0\\.2\\.11\$' /proc/net/fib_trie || node=lb1
	[ ! -e $LAB_PROGRAM_DIR/hang-\$node ] || sleep 60
	[ ! -e $LAB_PROGRAM_DIR/bad-\$node ]
END
chmod 755 "$LAB_PROGRAM_DIR" "$LAB_PROGRAM_DIR/uplink"
VIP_OPTIONS="
	track-interface eth1 { penalty = 60 }
	track-gateway 192.0.2.50 { penalty = 70 interval = 100ms }
	track-gateway 198.51.100.1 { penalty = 80 interval = 100ms }
	track-service web { penalty = 90 }
	track-script $LAB_PROGRAM_DIR/uplink { penalty = fault  interval = 1s  timeout = 800ms }"
config_write
servers_start
start_pair
for node in $NODES; do
	wait_for 5 "$node knows that all is well" all_is_well $node
	expect "$node has its whole priority" effective_is $node "$([ $node = lb1 ] && echo 150 || echo 100)"
done
expect "explain tells of it" explains lb1 "Tracked interface eth1 is up"

ip netns exec "$LAB_PREFIX"lb1 setsid "$LBCTL" --run-dir "$LAB_DIR/lb1/run" events --follow >"$LAB_DIR/events" 2>&1 </dev/null &

say "== interface"
ip -n "$LAB_PREFIX"lb1 link set far down
moves_away "the cable of eth1 is out" 90
expect "the reason says so" reason_has lb1 "tracked interface eth1: it has no carrier"
expect "explain says what it costs" explains lb1 "it costs 60 of the priority"
wait_for 3 "who follows the events hears of it" grep -qF '"event":"tracked interface eth1 is down' "$LAB_DIR/events"
has_event() { lbctl lb1 events | jq -e 'select(.vip == "web" and (.event | contains("active")))' >/dev/null; }
expect "the events are JSON lines, and the vip's moves are among them" has_event
ip -n "$LAB_PREFIX"lb1 link set far up
comes_back "the cable of eth1 is back"

say "== a gateway on the LAN, by ARP, for lb1 alone"
on client nft -f - 2>/dev/null <<-END || NO_NFT=1
	table arp lab { chain in { type filter hook input priority 0; arp saddr ip 192.0.2.11 drop; }; }
END
if [ -n "${NO_NFT-}" ]; then
	say "no nft here: ARP of lb1 alone cannot be cut"
else
	moves_away "the gateway does not answer lb1" 80
	on client nft delete table arp lab
	comes_back "the gateway answers again"
fi

say "== both lose both gateways: nothing moves"
before=$(pick lb1 '.vips[0].transitions')
ip -n "$LAB_PREFIX"client link set eth0 down
wait_for 8 "lb1 lacks them" effective_is lb1 2
wait_for 8 "lb2 lacks them" effective_is lb2 2
ip -n "$LAB_PREFIX"client link set eth0 up
on client ip route add default dev eth0 2>/dev/null
wait_for 8 "lb1 has them again" effective_is lb1 150
wait_for 8 "lb2 has them again" effective_is lb2 100
expect "lb1 is active" settled lb1
expect "nothing moved" is "$(pick lb1 '.vips[0].transitions')" "$before"

say "== a gateway behind a router, by echo"
on client ip addr del 198.51.100.1/32 dev lo
wait_for 8 "lb1 lacks it" effective_is lb1 70
wait_for 8 "lb2 lacks it" effective_is lb2 20
expect "nothing moved" is "$(pick lb1 '.vips[0].transitions')" "$before"
on client ip addr add 198.51.100.1/32 dev lo
wait_for 8 "lb1 has it again" effective_is lb1 150
wait_for 8 "lb2 has it again" effective_is lb2 100

say "== a service without servers: both nodes see it, and nothing moves"
for host in s1 s2 s3; do server_kill $host; done
wait_for 8 "lb1 lacks it" effective_is lb1 60
wait_for 8 "lb2 lacks it" effective_is lb2 10
expect "lb1 is active" settled lb1
expect "nothing moved" is "$(pick lb1 '.vips[0].transitions')" "$before"
servers_start
wait_for 8 "lb1 has it again" effective_is lb1 150
wait_for 8 "lb2 has it again" effective_is lb2 100
wait_for 5 "lb1 is active" settled lb1

say "== a script, whose failure is a fault"
touch "$LAB_PROGRAM_DIR/bad-lb1"
wait_for 5 "lb1 is at fault" node_is lb1 fault
wait_for 3 "lb2 is active" settled lb2
expect "the reason says so" reason_has lb1 "uplink: it ended with status 1"
rm "$LAB_PROGRAM_DIR/bad-lb1"
comes_back "the script is content"
say "== a script that hangs is killed, and nothing waits for it"
sent=$(pick lb1 '.vips[0].counters.adverts_sent')
touch "$LAB_PROGRAM_DIR/hang-lb1"
wait_for 5 "lb1 is at fault" node_is lb1 fault
expect "the reason says so" reason_has lb1 "it took too long and was killed"
wait_for 3 "lb2 is active" settled lb2
wait_for 3 "no zombie stays" no_zombies lb1
rm "$LAB_PROGRAM_DIR/hang-lb1"
comes_back "the script is content"
expect "vrrpd never overslept" is "$(grep -c overslept "$LAB_DIR"/lb1-vrrpd.log)" 0

say "== a script that others can write to"
chmod 757 "$LAB_PROGRAM_DIR/uplink"
expect "is refused by --check" is "$(on lb1 "$VRRPD" -c "$CONFIG" -n lb1 --check 2>&1 | grep -c 'can be written by others')" 1
wait_for 5 "and is not run any more" node_is lb1 fault
chmod 755 "$LAB_PROGRAM_DIR/uplink"
wait_for 20 "lb1 is active again" settled lb1

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two vips of one group: what one of them lacks moves both, a planned failover takes both, and they are never apart for
# longer than a takeover takes.
#
#      client ----+---- lb1 (150) ---- eth1: a cable of its own
#                 +---- lb2 (100)
. "$(dirname "$0")/lab.sh"

SECOND=192.0.2.101
state_of() { pick "$1" ".vips[] | select(.name == \"$2\") | .state"; }
are() { is "$(state_of "$1" web)" "$2" && is "$(state_of "$1" mail)" "$2"; } # NODE STATE
at() { are "$1" active && ! are "$(peer_of "$1")" active; }
holds_both() { on "$1" ip -4 -o addr show dev eth0 | grep -qF "$VIP/32" && on "$1" ip -4 -o addr show dev eth0 | grep -qF "$SECOND/32"; }
effective_is() { is "$(pick "$1" '[.vips[].effective_priority] | unique | join(" ")')" "$2"; }
reason_has() { pick "$1" '.vips[] | select(.name == "web") | .reason' | grep -qF "$2"; }

lab_up
own_cables
VIP_OPTIONS="group = edge"
config_write
cat >>"$CONFIG" <<-END
	vip mail {
	    vrid = 52
	    interface = eth0
	    addresses = { $SECOND/32 }
	    advert-interval = $ADVERT_INTERVAL
	    group = edge
	    track-interface eth1 { penalty = fault }
	}
END
servers_start
for node in $NODES; do start_node $node; done
wait_for 20 "both vips are at lb1" at lb1
wait_for 10 "lb2 has every server up" servers_up lb2 3

say "== a fault of one is a fault of both"
ip -n "${LAB_PREFIX}lb1" link set far down
wait_for 10 "both are at lb2" at lb2
expect "lb1 has both at fault" are lb1 fault
wait_for 5 "lb2 holds both addresses" holds_both lb2
ip -n "${LAB_PREFIX}lb1" link set far up
wait_for 20 "both come back" at lb1

say "== a planned failover of one takes both"
expect "lbctl failover mail" lbctl lb1 failover mail
wait_for 10 "both are at lb2" at lb2
stays_for 2 "and stay there" at lb2
expect "lbctl failover web, back" lbctl lb1 failover web
wait_for 10 "both are at lb1" at lb1

say "== a penalty of one lowers both"
sed -i 's/penalty = fault/penalty = 60/' "$CONFIG"
for node in $NODES; do
	pid=$(pid_of $node vrrpd)
	kill_role $node TERM vrrpd
	wait_for 5 "$node's vrrpd has ended" gone "$pid"
	start_daemon $node vrrpd
done
wait_for 20 "both vips are at lb1" at lb1
ip -n "${LAB_PREFIX}lb1" link set far down
wait_for 10 "the priority of both is lower" effective_is lb1 90
wait_for 10 "both are at lb2" at lb2

say "== who asked for a failover hears of it when vrrpd stops"
offered() { [ "$(grep -c 'step="offered to the peer"' "$LAB_DIR/lb2-vrrpd.log")" -gt "$offers" ]; }
answered() { grep -qE 'vrrpd is stopping|the peer did not answer' "$LAB_DIR/answer"; }
offers=$(grep -c 'step="offered to the peer"' "$LAB_DIR/lb2-vrrpd.log")
pid=$(pid_of lb2 vrrpd)
port_mute lb1
lbctl lb2 failover web >"$LAB_DIR/answer" 2>&1 &
wait_for 5 "the peer, which hears nothing, is offered it" offered
kill -TERM "$pid"
wait_for 5 "the offer is refused" answered
wait_for 5 "lb2's vrrpd has ended" gone "$pid"

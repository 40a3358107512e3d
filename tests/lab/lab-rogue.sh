#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Somebody on the LAN sends adverts that are wrong: each is counted by its reason and changes nothing. The same somebody
# with the pair's key is obeyed, which shows that the others would have been heard.
#
#      lb1 (150, active) ---- LAN ---- lb2 (100, backup)
#                              |
#                          client: forge
. "$(dirname "$0")/lab.sh"

forge() { on client "$FORGE" "$@" || fail "forge $*"; }
discarded() { pick "$1" ".vips[0].counters.discarded.$2"; }
transitions() { echo "$(pick lb1 '.vips[0].transitions') $(pick lb2 '.vips[0].transitions')"; }
has_grown() { [ "$(discarded "$1" "$2")" -ge "$3" ]; }

# rogue WHAT REASON [OPTION...]: five packets; both nodes count them under that reason, the peer's own being told apart.
rogue() {
	local what=$1 reason=$2 node after
	declare -A before=()
	shift 2
	for node in $NODES; do before[$node]=$(discarded $node "$reason"); done
	forge send --source=192.0.2.50 --times=5 "$@"
	for node in $NODES; do
		wait_until 3 has_grown $node "$reason" $((before[$node] + 5)) ||
			fail "$what: $node has not counted 5 more under '$reason'"
		after=$(discarded $node "$reason")
		[ "$after" = $((before[$node] + 5)) ] || fail "$what: $node counted $((after - before[$node])), not 5"
	done
	expect "$what: counted under '$reason', nothing else happened" is "$(transitions)" "$TRANSITIONS"
}

lab_up
servers_start
start_pair
TRANSITIONS=$(transitions)
key=$(cut -d ' ' -f 2 "$LAB_DIR/pair.key")
other_key=$(printf '%064d' 7)

rogue "too short for a header" length --truncate=7
rogue "cut in its address" length --truncate=10
rogue "cut in its trailer" length --key="$key" --truncate=30
rogue "of version 2" version --version=2
rogue "of version 4" version --version=4
rogue "with a wrong checksum" checksum --bad-checksum
rogue "from behind a router" ttl --ttl=64
rogue "of another VRID" vrid --vrid=52
rogue "unsigned" auth
rogue "unsigned, priority 0" auth --priority=0
rogue "signed with another key" auth --key="$other_key"
rogue "of a key id that nobody has" auth --key="$key" --key-id=9
rogue "with a bit of its signature flipped" auth --key="$key" --bad-mac
rogue "with no address" count --count=0
rogue "with an interval of 0" interval --interval=0 --key="$key"
rogue "signed an hour ago" replay --key="$key" --clock=-3600

say "== overheard and sent again"
on client "$FORGE" capture "$LAB_DIR/advert" --source=192.0.2.11 || die "nothing was overheard"
before=$(discarded lb2 replay)
forge resend "$LAB_DIR/advert" --times=5
wait_for 3 "the backup counts it as a replay" has_grown lb2 replay $((before + 5))
# The kernel drops what comes in with its own address as the source, unless it is told not to.
on lb1 sysctl -qw net.ipv4.conf.all.accept_local=1 net.ipv4.conf.eth0.accept_local=1
before=$(discarded lb1 reflected)
forge resend "$LAB_DIR/advert" --times=5
wait_for 3 "the sender counts it as reflected" has_grown lb1 reflected $((before + 5))
on lb1 sysctl -qw net.ipv4.conf.all.accept_local=0 net.ipv4.conf.eth0.accept_local=0
expect "nothing happened" is "$(transitions)" "$TRANSITIONS"
expect "lb1 is active, and alone" settled lb1

say "== a replay of the dead: what lb1 said in life does not hold lb2 back"
kill_role lb1 KILL vrrpd
on client "$FORGE" resend "$LAB_DIR/advert" --times=300 --every=10 &
wait_for 3 "lb2 claims" settled lb2
wait $!
start_daemon lb1 vrrpd
wait_for 20 "lb1 is active again" settled lb1

say "== one that is weaker and does not yield is told of: the last words of a node that yields are not"
conflict_is() { is "$(pick lb1 '.vips[0].conflict')" "$1"; }
heard() { at_most $((RECEIVED + 1)) "$(pick lb1 '.vips[0].counters.adverts_received')"; }
for turn in first second; do
	RECEIVED=$(pick lb1 '.vips[0].counters.adverts_received')
	forge send --source=192.0.2.50 --key="$key" --priority=10 --times=1
	wait_for 3 "the $turn time: lb1 has heard one advert" heard
	expect "which is no conflict" conflict_is false
	(while :; do on client "$FORGE" send --source=192.0.2.50 --key="$key" --priority=10 --times=50 --every=50; done) 2>/dev/null &
	rogue_pid=$!
	wait_for 5 "but when they go on it is" conflict_is true
	expect "explain has an alarm" explains lb1 "ALARM: another node sends adverts as well"
	kill $rogue_pid
	wait $rogue_pid 2>/dev/null
	wait_for 15 "when they have ended it is over" conflict_is false
done
expect "the log has it each time" is "$(grep -c 'another node goes on sending' "$LAB_DIR/lb1-vrrpd.log")" 2

say "== with the pair's key it is obeyed"
(while :; do on client "$FORGE" send --source=192.0.2.50 --key="$key" --times=50 --every=50; done) 2>/dev/null &
rogue_pid=$!
wait_for 5 "an authentic advert of a greater priority makes lb1 a backup" node_is lb1 backup
kill $rogue_pid
wait $rogue_pid 2>/dev/null
wait_for 15 "when it is silent, the pair is itself again" settled lb1

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Configurations change under a pair that runs, on one node after the other, by lbctl and by SIGHUP: what changed is so
# in its place, and the vip that stays the same does not blink.
#
#      client ----+---- lb1 (150)     web  192.0.2.100   what is changed
#                 +---- lb2 (100)     mail 192.0.2.101   what stays where it is
. "$(dirname "$0")/lab.sh"

STAYING=192.0.2.101
WEB='.vips[] | select(.name == "web")'
MAIL='.vips[] | select(.name == "mail")'

conf_of() { echo "$LAB_DIR/$1.conf"; }
edit() { sed -i "$2" "$(conf_of "$1")"; } # edit NODE SCRIPT

# reload NODE: sets PLAN.
reload() {
	PLAN=$(lbctl "$1" reload 2>&1) || fail "$1: lbctl reload: $PLAN"
}
hash_of() { pick "$1" .config_hash; }
recorded() { lbctl "$1" events | grep -c '"reloaded'; }
has_recorded() { [ "$(recorded "$1")" -gt "$2" ]; }
# hang_up NODE: by SIGHUP to vrrpd, until it has reloaded.
hang_up() {
	local before
	before=$(recorded "$1")
	kill_role "$1" HUP vrrpd
	wait_until 10 has_recorded "$1" "$before" || fail "$1 has not reloaded at SIGHUP"
}

# changes WHAT SCRIPT: on both nodes, as an operator would do it, the active one first.
changes() {
	local node
	for node in $NODES; do
		edit "$node" "$2"
		reload "$node"
	done
	expect "$1: nobody has moved" is "$(moves)" "$MOVES"
}
moves() {
	local node
	for node in $NODES; do
		pick "$node" '[.vips[] | select(.name == "web" or .name == "mail") | .transitions] | add'
	done | paste -sd,
}
count_moves() { MOVES=$(moves); }

lifetime() { ip -n "$LAB_PREFIX$1" -o addr show to "$2" | sed -n 's/.*valid_lft \([0-9]*\)sec.*/\1/p'; }
value_is() { is "$(pick "$1" "$2")" "$3"; } # value_is NODE FILTER VALUE
advert_count() { pick "$1" "$WEB | .counters.adverts_$2"; }
web_is_at() { value_is "$1" "$WEB | .state" active && value_is "$(peer_of "$1")" "$WEB | .state" backup; }

lab_up
servers_start
cat >>"$CONFIG" <<-END
	vip mail {
	    vrid = 52
	    interface = eth0
	    addresses = { $STAYING/32 }
	}
END
for node in $NODES; do cp "$CONFIG" "$(conf_of "$node")"; done
for node in $NODES; do
	CONFIG=$(conf_of "$node")
	start_node "$node"
done
wait_for 20 "lb1 is active, lb2 backup" pair_is_or_died lb1 lb2
wait_for 10 "and so for mail" value_is lb1 "$MAIL | .state" active
for node in $NODES; do wait_for 10 "$node has every server up" servers_up "$node" 3; done
start lb1 monitor.log ip -o monitor address
probe_start client
wait_for 5 "the client is answered" answers_flow client
probe_mark client
count_moves
MAIL_MOVES=$(pick lb1 "$MAIL | .transitions"),$(pick lb2 "$MAIL | .transitions")

say "== what is said"
reload lb1
expect "nothing changes" grep -q 'nothing changes' <<<"$PLAN"
edit lb1 's/priority = 150/priority = 140/'
before=$(hash_of lb1)
plan=$(lbctl lb1 reload --dry-run)
expect "a dry run tells" is "$(grep -c 'node lb1  priority: 150 -> 140' <<<"$plan")" 1
expect "and does nothing" is "$(hash_of lb1)" "$before"

for node in $NODES; do echo 'log { level = debug }' >>"$(conf_of "$node")"; done
expect "what concerns both daemons is told once" is "$(lbctl lb1 reload --dry-run | grep -c '^[~+!] log')" 1

say "== a broken file"
cp "$(conf_of lb1)" "$LAB_DIR/good.conf"
edit lb1 's/vrid = 51/vrid = 510/'
line=$(grep -n 'vrid = 510' "$(conf_of lb1)" | cut -d: -f1)
errors=$(lbctl lb1 reload 2>&1)
expect "lbctl reload fails" is $? 1
expect "with file and line" grep -q "lb1.conf:$line: .*vrid" <<<"$errors"
kill_role lb1 HUP vrrpd
wait_for 5 "SIGHUP says so in the log" grep -q 'has not been reloaded, nothing has changed' "$LAB_DIR/lb1-vrrpd.log"
cp "$LAB_DIR/good.conf" "$(conf_of lb1)"
edit lb1 "s#key-file = .*#key-file = $LAB_DIR/none.key#"
errors=$(lbctl lb1 reload 2>&1)
expect "so does one with a key file that is not there" grep -q 'none.key' <<<"$errors"
cp "$LAB_DIR/good.conf" "$(conf_of lb1)"
edit lb1 's/node lb1/node lbx/'
errors=$(lbctl lb1 reload 2>&1)
expect "and one in which this node is not" grep -q "no node 'lb1', which this host is: restart vrrpd" <<<"$errors"
expect "nothing has changed" is "$(hash_of lb1)" "$before"
cp "$LAB_DIR/good.conf" "$(conf_of lb1)"

say "== in place"
changes "a priority" 's/priority = 150/priority = 140/'
expect "it is lb1's" value_is lb1 "$WEB | .effective_priority" 140
changes "a longer interval" '/vip web/,/^}/s/advert-interval = 100ms/advert-interval = 1s/'
stays_for 2 "lb1 has it" holders_are lb1
changes "a shorter interval" '/vip web/,/^}/s/advert-interval = 1s/advert-interval = 50ms/'
stays_for 1 "lb1 has it" holders_are lb1
changes "all of them longer" '/vrid/s/$/  advert-interval = 1s/; s/advert-interval = 50ms//'
edit lb1 's/advert-interval = 1s//'
reload lb1
stays_for 2 "the nodes hear each other at unlike intervals" value_is lb2 '.peer.seen[0].alive' true
changes "and shorter" 's/advert-interval = 1s//'
changes "a lease" '/vip web/,/^}/s/lease = 2s/lease = 9s/'
wait_for 2 "the kernel has it" eval 'at_most 3 "$(lifetime lb1 "$VIP")"'
changes "a shorter lease" '/vip web/,/^}/s/lease = 9s/lease = 1s/'
stays_for 2 "lb1 has it" holders_are lb1
changes "an address more" "s#addresses = { $VIP/32 }#addresses = { $VIP/32, 192.0.2.102/32, 2001:db8::102/128 }#"
wait_for 2 "it is installed" has_address lb1 192.0.2.102
wait_for 2 "so is the one of the other family" has_address lb1 2001:db8::102
expect "and not at the backup" eval '! has_address lb2 192.0.2.102'
wait_for 5 "adverts of the new family are heard" eval \
	'is "$(pick lb2 "$WEB | .counters.adverts_received > 0")" true && is "$(moves)" "$MOVES"'
changes "and without them" "s#, 192.0.2.102/32, 2001:db8::102/128##"
expect "they are gone" eval '! has_address lb1 192.0.2.102 && ! has_address lb1 2001:db8::102'
changes "announcements and preemption" '/vip web/,/^}/s/lease = 1s/lease = 2s  preempt = no  preempt-delay = 1s  garp { count = 2  refresh = 1s }/'
changes "and back" 's/preempt = no  preempt-delay = 1s  garp .*}$//'
changes "unicast" 's/vrid = 51/vrid = 51  unicast = yes/'
stays_for 1 "lb1 has it" holders_are lb1
expect "the nodes agree" value_is lb1 .peer.drift false

expect "and have heard each other all the time" eval '! grep -q "the peer is silent" "$LAB_DIR"/lb?-vrrpd.log'

say "== keys"
echo "2 $(printf '%064d' 7)" >>"$LAB_DIR/pair.key"
changes "both keys are known" 's/state-port = .*//'
for node in $NODES; do hang_up "$node"; done
changes "the new one signs" 's#\(key-file = .*\)#\1\n    key-id = 2#'
stays_for 1 "lb1 has it" holders_are lb1
expect "nothing was discarded for its signature" is \
	"$(pick lb1 "$WEB | .counters.discarded.auth"),$(pick lb2 "$WEB | .counters.discarded.auth")" 0,0

say "== another way between the nodes"
changes "another port" 's/key-id = 2/key-id = 2  state-port = 3999/'
wait_for 5 "they hear each other" value_is lb1 '.peer.seen[0].alive' true

say "== what is tracked"
edit lb1 '/vip web/s/$/ track-interface none { penalty = 60 }/'
reload lb1
wait_for 10 "web is at lb2" web_is_at lb2
expect "and mail at lb1" value_is lb1 "$MAIL | .state" active
edit lb1 's/penalty = 60/penalty = 5/'
hang_up lb1
wait_for 15 "a lower penalty brings it back" web_is_at lb1
edit lb1 's/ track-interface.*//'
reload lb1
expect "nothing is tracked" value_is lb1 "$WEB | .tracks | length" 0
count_moves

say "== vips come and go"
extra='vip extra { vrid = 53 interface = eth0 addresses = { 192.0.2.103/32 } }'
for node in $NODES; do
	echo "$extra" >>"$(conf_of "$node")"
	reload "$node"
done
expect "it is told" grep -q '+ vip extra' <<<"$PLAN"
wait_for 15 "a new one is at lb1" has_address lb1 192.0.2.103
for node in lb2 lb1; do
	edit "$node" '/vip extra/d'
	reload "$node"
done
expect "it is gone" eval '! has_address lb1 192.0.2.103 && ! has_address lb2 192.0.2.103'
mac='vip mac { vrid = 54 interface = eth0 virtual-mac = yes addresses = { 192.0.2.104/32 } }'
for node in $NODES; do
	echo "$mac" >>"$(conf_of "$node")"
	reload "$node"
done
wait_for 15 "one with a virtual MAC is at lb1" has_address lb1 192.0.2.104
for node in $NODES; do
	edit "$node" 's#192.0.2.104/32#192.0.2.104/32, 2001:db8::104/128#'
	reload "$node"
done
wait_for 2 "a second family has a MAC of its own" eval \
	'ip -n "${LAB_PREFIX}lb1" -o link | grep -q 00:00:5e:00:02:36 && has_address lb1 2001:db8::104'
for node in $NODES; do
	edit "$node" 's#192.0.2.104/32, ##'
	reload "$node"
done
expect "the first one takes its own along" eval \
	'! ip -n "${LAB_PREFIX}lb1" -o link | grep -q 00:00:5e:00:01:36 && ! has_address lb1 192.0.2.104'
expect "and the second is where it was" has_address lb1 2001:db8::104
for node in lb2 lb1; do
	edit "$node" '/vip mac/d'
	reload "$node"
done
expect "nothing of it stays" eval '! ip -n "${LAB_PREFIX}lb1" -o link | grep -q 00:00:5e:00:02:36'
for node in lb2 lb1; do
	edit "$node" 's/vrid = 51 /vrid = 61 /'
	reload "$node"
done
wait_for 15 "one of another number begins anew" web_is_at lb1
wait_for 5 "exactly lb1 holds it" holders_are lb1
count_moves

say "== without services, and with them again"
for node in $NODES; do
	cp "$(conf_of "$node")" "$LAB_DIR/$node.whole"
	edit "$node" '/^service/,/^}/d; /^pool/,/^}/d'
	kill_role "$node" HUP vrrpd
	wait_for 5 "$node needs no lbd" eval "lbctl $node explain web | grep -q 'has no services'"
done
for node in $NODES; do
	cp "$LAB_DIR/$node.whole" "$(conf_of "$node")"
	hang_up "$node"
	expect "$node wants lbd, and has it" eval "lbctl $node explain web | grep -q 'forwarder here is serving'"
done
expect "nobody has moved" is "$(moves)" "$MOVES"

say "== again and again"
wait_for 5 "the client is answered" answers_flow client
stays_for 2 "and what was asked without a service has come to its end" holders_are lb1
probe_mark client
for ((i = 0; i < 20; i++)); do
	node=lb$((i % 2 + 1))
	edit "$node" "s/lease = [0-9]*s/lease = $((i % 3 + 2))s/"
	if [ $((i % 4)) -lt 2 ]; then reload "$node"; else hang_up "$node"; fi
done
expect "nobody has moved" is "$(moves)" "$MOVES"
probe_stop client
expect "no request failed: $MARK" is "$(of_mark .failed)" 0
say "the client waited $(of_mark .longest_gap_ms) ms at most"

say "== and all the time"
expect "mail has not moved" is "$(pick lb1 "$MAIL | .transitions"),$(pick lb2 "$MAIL | .transitions")" "$MAIL_MOVES"
expect "its address was never gone" eval '! grep -q "Deleted.*$STAYING" "$LAB_DIR/monitor.log"'
expect "though others were" grep -q "Deleted.*192.0.2.102" "$LAB_DIR/monitor.log"
expect "lb2 missed no advert of it" is "$(lbctl lb2 events | grep -c '"mail".*claim')" 0

say "== the guardian knows"
for node in $NODES; do
	edit "$node" "s#addresses = { $VIP/32 }#addresses = { $VIP/32, 192.0.2.102/32 }#"
	reload "$node"
done
wait_for 2 "lb1 has an address more" has_address lb1 192.0.2.102
kill_role lb1 KILL vrrpd
wait_for 1 "and loses it when its vrrpd dies, before the lease has lapsed" eval '! has_address lb1 192.0.2.102'
wait_for 5 "lb2 has it" has_address lb2 192.0.2.102

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two nodes whose files do not agree: what each of them shows leads to the cause, and names both sides of it.
#
#      lb1 (150) ---- LAN ---- lb2 (100), with other options
. "$(dirname "$0")/lab.sh"

refusals() { grep -c 'adverts are refused' "$LAB_DIR/$1-vrrpd.log"; }

# config NODE ADDRESS OPTIONS: that node's file
config() {
	cat >"$LAB_DIR/$1.conf" <<-END
		pair {
		    key-file = $LAB_DIR/$1.key
		    node lb1 { address = 192.0.2.11  priority = 150 }
		    node lb2 { address = 192.0.2.12  priority = 100 }
		}
		vip web { vrid = 51  interface = eth0  addresses = { $2 }  $3 }
	END
}

# misfit NAME LB1-SAYS LB2-SAYS: with the files as they are written
misfit() {
	local node
	say "== $1"
	for node in $NODES; do
		: >"$LAB_DIR/$node-vrrpd.log"
		CONFIG=$LAB_DIR/$node.conf
		start_daemon "$node" vrrpd
	done
	[ -z "$2" ] || wait_for 20 "lb1 says why" reason_has lb1 "192.0.2.12 are refused: $2"
	wait_for 20 "lb2 says why" reason_has lb2 "192.0.2.11 are refused: $3"
	expect "so does its explanation" explains lb2 "ALARM: adverts of 192.0.2.11 are refused: $3"
	expect "its log says it once" is "$(refusals lb2)" 1
	for node in $NODES; do kill_role $node TERM vrrpd; done
	for node in $NODES; do wait_for 5 "$node has ended" gone "${DAEMON_PID[$node-vrrpd]}"; done
}

lab_up
cp "$LAB_DIR/pair.key" "$LAB_DIR/lb1.key" && cp "$LAB_DIR/pair.key" "$LAB_DIR/lb2.key" || die "no key"
SECOND='version = 2  authentication'

config lb1 "$VIP" "$SECOND = none  advert-interval = 1s"
config lb2 "$VIP" "$SECOND = none  advert-interval = 2s"
misfit "version 2, another interval" "" "they say an interval of 1000 ms, and this node's is 2000 ms"

config lb2 "192.0.2.101" "$SECOND = none  advert-interval = 1s"
misfit "version 2, another address" "" "they name other addresses than the vip has here"

config lb1 "$VIP" "$SECOND = password  password = right  advert-interval = 1s"
config lb2 "$VIP" "$SECOND = password  password = wrong  advert-interval = 1s"
misfit "another password" "" "their password is another one than this node's"

config lb1 "$VIP" "authentication = none"
config lb2 "$VIP" ""
misfit "not signed" "" "they are not signed, and this node wants authentication = hmac"

config lb1 "$VIP" ""
"$LBCTL" genkey >"$LAB_DIR/lb2.key"
chmod 600 "$LAB_DIR/lb2.key"
misfit "another key" "their signature is wrong" "their signature is wrong"

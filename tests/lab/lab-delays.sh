#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The spans that are meant to be long, with the daemons themselves and without waiting for the longest: an interval of
# 40 s, start-delay, preempt-delay.
#
#      lb1 ---- LAN ---- lb2
. "$(dirname "$0")/lab.sh"

LAB_HOSTS="client lb1 lb2"
reason_is() { is "$(pick "$1" '.vips[0].reason')" "$2"; }

config() { # config PRIORITY-OF-LB1 PRIORITY-OF-LB2 OPTIONS
	pair_section "$1" "$2" >"$CONFIG"
	cat >>"$CONFIG" <<-END
		vip web { vrid = 51  interface = eth0  addresses = { $VIP }  $3 }
	END
}
started() { # started NODE: and when; sets BEGAN
	BEGAN=$(now_ms)
	start_daemon "$1" vrrpd
}
stopped() { # stopped NODE SIGNAL
	kill_role "$1" "$2" vrrpd
	wait_for 5 "$1 has ended" gone "${DAEMON_PID[$1-vrrpd]}"
}
took_at_least() { at_most "$1" $(($(now_ms) - BEGAN)); } # took_at_least MS

lab_up

# Skew_Time is (256 - 254) / 256 of 40 s: 312 ms; of lb1's priority it would be 4 ms.
say "== an interval of 40 s: the owner is active at once, the backup waits for its skew when it leaves"
config 255 254 'advert-interval = 40s'
on client tcpdump -i eth0 -U -w "$LAB_DIR/slow.pcap" 'ip proto 112' 2>"$LAB_DIR/tcpdump.log" &
wait_until 10 grep -q 'listening on' "$LAB_DIR/tcpdump.log" || skip_lab "no tcpdump"
started lb2
wait_for 10 "lb2 is a backup" node_is lb2 backup
expect "that would claim after three intervals and its skew" explains lb2 "falls silent for 120.31 s"
started lb1
wait_for 10 "lb1, the owner, is active" settled lb1
# What kinds of adverts a capture has.
kinds() { tcpdump -nn -v -r "$LAB_DIR/$1.pcap" 2>/dev/null | grep -oE 'prio [0-9]+, intvl [0-9]+cs' | sort -u; }
said() { kinds "$1" | grep -qx "$2"; } # said CAPTURE KIND
wait_for 5 "its first advert says 4000 cs" said slow "prio 255, intvl 4000cs"
wait_for 5 "lb2 knows who is active" is "$(pick lb2 '.vips[0].active_node')" lb1
BEGAN=$(now_ms)
kill_role lb1 TERM vrrpd
wait_for 20 "lb1 says priority 0, and lb2 claims before silence would tell" settled lb2
expect "after its skew" took_at_least 312
expect "because lb1 resigned" reason_is lb2 "the active node resigned"
wait_for 5 "priority 0 says 4000 cs as well" said slow "prio 0, intvl 4000cs"
started lb1
wait_for 10 "lb1 is back, and takes what it owns at once" settled lb1
wait_for 5 "lb2 has yielded" node_is lb2 backup
stopped lb1 TERM
stopped lb2 TERM

# RFC 9568 6.4.2, 6.4.3: the skew is of the interval that was learnt; one's own adverts are of one's own.
say "== its guardian says priority 0 too, to a backup that is configured for 200 ms"
config 255 254 'advert-interval = 200ms'
started lb2
wait_for 10 "lb2 is active" settled lb2
wait_for 5 "it says 20 cs" said slow "prio 254, intvl 20cs"
config 255 254 'advert-interval = 40s'
started lb1
wait_for 10 "lb1, the owner, is active" settled lb1
wait_for 5 "lb2 has learnt its interval" explains lb2 "come every 40000 ms, this node's own would every 200 ms"
expect "and waits for three of it" explains lb2 "falls silent for 120.31 s"
on client tcpdump -i eth0 -U -w "$LAB_DIR/claim.pcap" 'ip proto 112 and ip[22] = 254' 2>"$LAB_DIR/tcpdump2.log" &
wait_for 10 "tcpdump listens to lb2" grep -q 'listening on' "$LAB_DIR/tcpdump2.log"
BEGAN=$(now_ms)
kill_role lb1 KILL vrrpd
wait_for 20 "lb1 is killed, and lb2 claims" settled lb2
expect "after the skew of 40 s" took_at_least 312
expect "because lb1 resigned" reason_is lb2 "the active node resigned"
wait_for 5 "its own adverts say 20 cs" said claim "prio 254, intvl 20cs"
expect "and nothing else" is "$(kinds claim)" "prio 254, intvl 20cs"
stopped lb2 TERM
wait_for 5 "lb1 has ended" gone "${DAEMON_PID[lb1-vrrpd]}"

say "== start-delay"
config 150 100 'advert-interval = 200ms  start-delay = 3s'
started lb2
started lb1
wait_for 10 "lb1 waits" explains lb1 "(start-delay)"
expect "as a backup" node_is lb1 backup
wait_for 20 "then it is active" settled lb1
expect "not before" took_at_least 3000
stopped lb2 TERM
stopped lb1 TERM

say "== preempt-delay"
config 150 100 'advert-interval = 200ms  preempt-delay = 4s'
started lb2
wait_for 20 "lb2 is active" settled lb2
started lb1
wait_for 20 "lb1 waits" explains lb1 "(preempt-delay)"
expect "lb2 keeps the vip" settled lb2
wait_for 30 "then lb1 takes it" settled lb1
expect "not before" took_at_least 4000
expect "by preemption" reason_is lb1 "preempted a node of lower priority"
stopped lb1 TERM
wait_for 10 "lb2 has it" settled lb2
started lb1
wait_for 20 "lb1 waits again" explains lb1 "(preempt-delay)"
BEGAN=$(now_ms)
kill_role lb2 TERM vrrpd
wait_for 20 "but not when lb2 leaves" settled lb1
expect "because lb2 resigned" reason_is lb1 "the active node resigned"

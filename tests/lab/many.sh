# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Many vips on the lab's LAN, or on several: sourced by those who measure and test them.
#
#      client: ear ----+---- lb1 (150)
#                      +---- lb2 (100)      vip N: VRID N, 10.0.N.1 to .3, 2001:db8:N::1 to ::2
#
# With several LANs, of which each host has an interface eth0, eth1 and so on, those from the second on have vips too, with
# VRIDs from 1 on: 10.LAN.VRID.1, and those of even VRIDs 2001:db8:LAN:VRID::1.
. "${BASH_SOURCE[0]%/*}/lab.sh"

EAR=${EAR:-${LBPAIR_BUILD:-$PWD}/tests/lab/ear}
LAB_HOSTS="client lb1 lb2"

LANS=1

# Further LANs beside the lab's own; called after lab_up.
lans_up() { # NUMBER OF ALL
	local lan host
	LANS=$1
	for ((lan = 1; lan < LANS; lan++)); do
		ip -n "${LAB_PREFIX}lan" link add br$lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0 &&
			ip -n "${LAB_PREFIX}lan" link set br$lan up || die "LAN $lan cannot be made"
		for host in $LAB_HOSTS; do
			ip -n "${LAB_PREFIX}lan" link add "$host$lan" type veth peer name eth$lan netns "$LAB_PREFIX$host" &&
				ip -n "${LAB_PREFIX}lan" link set "$host$lan" master br$lan up &&
				ip -n "$LAB_PREFIX$host" link set eth$lan up &&
				ip -n "$LAB_PREFIX$host" addr add "198.51.$lan.${HOST_NUMBER[$host]}/24" dev eth$lan ||
				die "$host cannot be made a host of LAN $lan"
		done
	done
}

# A script defines this anew to have more in a vip's section: vip_more NAME sets MORE.
vip_more() { :; }

many_vip() { # NAME VRID LAN ADDRESSES
	MORE=
	vip_more "$1"
	cat <<-END
		vip $1 {
		    vrid = $2
		    interface = eth$3
		    addresses = { $4 }
		    advert-interval = $INTERVAL
		    lease = 2s
		    $MORE
		}
	END
}

# many_config VIPS INTERVAL [MORE]: so many vips on the first LAN, and on each further one; without services, so that vrrpd
# is alone. STREAMS: a VRID of a family on a LAN each; ADDRESSES: with the link-local ones.
many_config() {
	local more=${3:-0} vip lan
	INTERVAL=$2
	VIPS=$(($1 + (LANS - 1) * more))
	STREAMS=$((2 * $1 + (LANS - 1) * (more + more / 2)))
	ADDRESSES=$((6 * $1 + (LANS - 1) * (more + more / 2 * 2)))
	{
		pair_section
		for ((vip = 1; vip <= $1; vip++)); do
			many_vip v$vip $vip 0 "10.0.$vip.1/32, 10.0.$vip.2/32, 10.0.$vip.3/32, 2001:db8:$vip::1/128, 2001:db8:$vip::2/128"
		done
		for ((lan = 1; lan < LANS; lan++)); do
			for ((vip = 1; vip <= more; vip++)); do
				many_vip v$lan-$vip $vip $lan \
					"10.$lan.$vip.1/32$([ $((vip % 2)) = 1 ] || echo ", 2001:db8:$lan:$vip::1/128")"
			done
		done
	} >"$CONFIG"
}

# states NODE: "200 active", or several of that kind.
states() { pick "$1" '[.vips[].state] | group_by(.) | map("\(length) \(.[0])") | join(", ")'; }
states_are() { is "$(states "$1")" "$2"; }
many_are() { states_are "$1" "$VIPS active" && states_are "$2" "$VIPS backup"; } # ACTIVE BACKUP
transitions_of() { pick "$1" '[.vips[].transitions] | add'; }
# How many VIPs the kernel has there, a link-local one of each vip among them.
addresses_of() { ip -n "$LAB_PREFIX$1" -o addr show 2>/dev/null | grep -cE ' (10\.[0-9]\.|2001:db8:[0-9:]+::[12]/128|fe80::200:5eff:fe00:)'; }
holds_all() { is "$(addresses_of "$1")" $ADDRESSES; }
holds_none() { is "$(addresses_of "$1")" 0; }
macs_of() { ip -n "$LAB_PREFIX$1" -j link show | jq -c '[.[] | select(.ifname | startswith("eth")) | .address]'; }

# The ear's word since the last mark.
ear_start() {
	local lan interfaces=
	for ((lan = 0; lan < LANS; lan++)); do interfaces="$interfaces eth$lan"; done
	# shellcheck disable=SC2086 # one a word
	start client ear "$EAR" $interfaces
	EAR_PID=$STARTED
	wait_until 5 ear_has 0 || die "the ear does not hear"
}
ear_lines() { wc -l <"$LAB_DIR/ear"; }
ear_has() { [ "$(ear_lines)" -gt "$1" ]; }
ear_marks() {
	local before
	before=$(ear_lines)
	kill -USR1 "$EAR_PID" 2>/dev/null && wait_until 2 ear_has "$before" && HEARD=$(tail -n 1 "$LAB_DIR/ear")
}
# Of what was heard of the node on all LANs: the sum, or the most. NODE FIELD
heard_sum() { jq -r --argjson macs "$(macs_of "$1")" "[.from[\$macs[]] | $2 // 0] | add" <<<"$HEARD"; }
heard_most() { jq -r --argjson macs "$(macs_of "$1")" "[.from[\$macs[]] | $2 // 0] | max" <<<"$HEARD"; }

# ticks PID: the processor's time of a process, in hundredths of a second.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
# cpu_of PID SECONDS: in percent of one processor.
cpu_of() {
	local before
	before=$(ticks "$1")
	nap "$2"
	awk -v t=$(($(ticks "$1") - before)) -v s="$2" 'BEGIN { printf "%.1f", t / s }'
}

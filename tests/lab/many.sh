# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Many vips on the lab's one LAN: sourced by those who measure and test them.
#
#      client: ear ----+---- lb1 (150)
#                      +---- lb2 (100)      vip N: VRID N, 10.0.N.1 to .3, 2001:db8:N::1 to ::2
. "${BASH_SOURCE[0]%/*}/lab.sh"

EAR=${EAR:-${LBPAIR_BUILD:-$PWD}/tests/lab/ear}
LAB_HOSTS="client lb1 lb2"

# many_config VIPS INTERVAL: without services, so that vrrpd is alone.
many_config() {
	VIPS=$1
	INTERVAL=$2
	{
		cat <<-END
			pair {
			    key-file = $LAB_DIR/pair.key
			    node lb1 { address = 192.0.2.11  priority = 150 }
			    node lb2 { address = 192.0.2.12  priority = 100 }
			}
		END
		for ((vip = 1; vip <= VIPS; vip++)); do
			cat <<-END
				vip v$vip {
				    vrid = $vip
				    interface = eth0
				    addresses = { 10.0.$vip.1/32, 10.0.$vip.2/32, 10.0.$vip.3/32, 2001:db8:$vip::1/128, 2001:db8:$vip::2/128 }
				    advert-interval = $INTERVAL
				    lease = 2s
				}
			END
		done
	} >"$CONFIG"
}

# states NODE: "200 active", or several of that kind.
states() { pick "$1" '[.vips[].state] | group_by(.) | map("\(length) \(.[0])") | join(", ")'; }
states_are() { is "$(states "$1")" "$2"; }
many_are() { states_are "$1" "$VIPS active" && states_are "$2" "$VIPS backup"; } # ACTIVE BACKUP
transitions_of() { pick "$1" '[.vips[].transitions] | add'; }
# How many VIPs the kernel has there, a link-local one of each vip among them.
addresses_of() { ip -n "$LAB_PREFIX$1" -o addr show dev eth0 | grep -cE ' (10\.0\.|2001:db8:[0-9]+::[12]/128|fe80::200:5eff:fe00:)'; }
holds_all() { is "$(addresses_of "$1")" $((6 * VIPS)); }
holds_none() { is "$(addresses_of "$1")" 0; }
mac_of() { ip -n "$LAB_PREFIX$1" -j link show dev eth0 | jq -r '.[0].address'; }

# The ear's word since the last mark.
ear_start() {
	start client ear "$EAR" eth0
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
heard_of() { jq -r --arg mac "$(mac_of "$1")" ".from[\$mac] | $2" <<<"$HEARD"; } # NODE FILTER

# ticks PID: the processor's time of a process, in hundredths of a second.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
# cpu_of PID SECONDS: in percent of one processor.
cpu_of() {
	local before
	before=$(ticks "$1")
	nap "$2"
	awk -v t=$(($(ticks "$1") - before)) -v s="$2" 'BEGIN { printf "%.1f", t / s }'
}

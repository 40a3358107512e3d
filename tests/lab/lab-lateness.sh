#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What must not make adverts late (DESIGN section 5.7): 100 vips on one LAN, while fifty ask for the status in a loop,
# nobody reads the log, those who follow the events do not read them, addresses are deleted, fifty tracked programs run
# ten times a second, and all vips are announced at once, a notify program told of each. How late an advert has been at
# most, by its own timer, is printed after each; what has to hold on a busy machine is that the peer never takes a vip for
# dead.
#
#   VIPS=N ASKERS=N SCRIPTS=N   how many vips, how many ask for the status, and how many programs are tracked
. "$(dirname "$0")/many.sh"

LAB_HOSTS="lb1 lb2"
VIPS=${VIPS:-100}
ASKERS=${ASKERS:-50}
SCRIPTS=${SCRIPTS:-50}

# Programs that belong to root, as vrrpd wants them.
LAB_PROGRAM_DIR=$(mktemp -d /tmp/lbpair-lateness.XXXXXX) || exit 1
lab_lateness_down() { rm -rf "$LAB_PROGRAM_DIR"; }

# The first of them, TRACKED in number, track a program of their own each.
TRACKED=0
vip_more() {
	MORE="notify = $LAB_PROGRAM_DIR/notify"
	[ "${1#v}" -gt "$TRACKED" ] ||
		MORE="$MORE track-script $LAB_PROGRAM_DIR/true${1#v} { penalty = 1  interval = 100ms  timeout = 2s }"
}

says_status() { is_not "$(pid_of "$1" vrrpd)" ""; }

# regular NODE WHAT: how late its adverts have been, and that its peer has missed none since MOVES was taken
regular() {
	say "$2: an advert was $(pick "$1" '[.vips[].counters.advert_late_max_us] | max / 1000') ms late so far, of an interval of $ADVERT_INTERVAL"
	expect "$(peer_of "$1") missed none" is "$(transitions_of "$(peer_of "$1")")" "$MOVES"
}

# Its log is full, and nobody reads it; the name goes, so that nobody waits there.
start_stuck() {
	local log=$LAB_DIR/lb1-vrrpd.log
	mkfifo "$log"
	exec {STUCK}<>"$log"
	dd if=/dev/zero of="$log" bs=4096 count=64 oflag=nonblock status=none 2>/dev/null
	start_daemon lb1 vrrpd
	wait_for 20 "vrrpd is up, though nobody reads its log" says_status lb1
	rm "$log"
}

ask_on() { while [ -e "$LAB_DIR/asking" ]; do lbctl lb1 status --json >/dev/null 2>&1; done; }
# A VIP now and then: each is a few lines in the log, a renewal and announcements.
delete_on() {
	local vip
	for ((vip = 1; vip <= 40; vip++)); do
		ip -n "$LAB_PREFIX"lb1 addr del "10.0.$vip.1/32" dev eth0
		nap 0.05
	done
}

all_tracked_are_up() { is "$(pick lb1 '[.vips[].tracks[].state] | map(select(. == "up")) | length')" "$SCRIPTS"; }
# changes_told FROM TO: of how many vips the programs of both nodes were told so
changes_told() { grep -c " $1 $2\$" "$LAB_PROGRAM_DIR/told"; }
all_were_told() { is "$(changes_told "$1" "$2")" "$VIPS"; }

lab_up
trap 'lab_lateness_down; lab_down' EXIT
for ((i = 1; i <= SCRIPTS; i++)); do ln -s /bin/true "$LAB_PROGRAM_DIR/true$i"; done
printf '#!/bin/sh\necho "$1 $2 $3" >>%s/told\n' "$LAB_PROGRAM_DIR" >"$LAB_PROGRAM_DIR/notify"
chmod 755 "$LAB_PROGRAM_DIR" "$LAB_PROGRAM_DIR/notify"
many_config "$VIPS" "$ADVERT_INTERVAL"
start_stuck
start_daemon lb2 vrrpd
wait_for 30 "lb1 is active for all, lb2 backup" many_are lb1 lb2 || die "the pair does not come up"
MOVES=$(transitions_of lb2)
nap 3
regular lb1 "left alone"

touch "$LAB_DIR/asking"
askers=()
for ((i = 0; i < ASKERS; i++)); do
	ask_on &
	askers+=($!)
done
nap 4
rm "$LAB_DIR/asking"
wait "${askers[@]}"
regular lb1 "$ASKERS asked for the status"

# What lbctl writes stays in the pipe, since its reader sleeps, and then lbctl waits there; one does not even take it.
for i in 1 2 3 4 5; do start lb1 follow sh -c "'$LBCTL' --run-dir '$LAB_DIR/lb1/run' events --follow | sleep 1000"; done
start lb1 follow "$LBCTL" --run-dir "$LAB_DIR/lb1/run" events --follow
nap 0.5
kill -STOP "$STARTED"
delete_on
regular lb1 "those who follow did not read, nor did anybody the log, and addresses were deleted"
expect "status answers beside them" says_status lb1
wait_for 5 "what was deleted is back" holds_all lb1

TRACKED=$SCRIPTS
many_config "$VIPS" "$ADVERT_INTERVAL"
expect "lb1 takes $SCRIPTS programs to track up" eval "lbctl lb1 reload >/dev/null"
wait_for 20 "each has run" all_tracked_are_up
nap 3
regular lb1 "$SCRIPTS tracked programs ran ten times a second"

before=$(transitions_of lb1)
lbctl lb1 failover >/dev/null || fail "the failover was refused"
wait_for 20 "lb2 is active for all, lb1 backup" many_are lb2 lb1
MOVES=$((before + VIPS))
nap 2
regular lb2 "having announced $ADDRESSES addresses at once"
wait_for 60 "the notify programs were told of each that left lb1" all_were_told active backup

# What the stuck log held.
timeout 1 cat <&"$STUCK" | tr -d '\0' >"$LAB_DIR/lb1-vrrpd.log"
expect "the log goes on where it is read again" grep -q 'msg="vip state"' "$LAB_DIR/lb1-vrrpd.log"

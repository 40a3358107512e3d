#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The package's life on a Debian 12 of its own, which is lb1 of the lab (lab.sh) and runs under systemd-nspawn:
# installed (nothing starts), the example checked and put in place, both units started with real traffic through them,
# killed and restarted by systemd, reinstalled, stopped, removed, purged, and nothing of it left.
#
#   test-package.sh FILE.deb        the bare Debian is cached in build-package/ of the checkout
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lab/lab.sh"
. "$top/tools/lib.sh"

[ $# = 1 ] && [ -f "$1" ] || { echo "usage: test-package.sh FILE.deb" >&2; exit 2; }
deb=$1
[ "$(id -u)" = 0 ] || skip_lab "the package test needs root"
trap policy_restore EXIT
trap "run_stop; exit 130" INT TERM HUP
# shellcheck disable=SC2086 # lists of names
packages_install "${TMPDIR:-/tmp}/lbpair-packages.log" mmdebstrap systemd-container $LAB_PACKAGES || exit 1

cache=$top/build-package
bare=$cache/debian12.tar
if [ ! -s "$bare" ]; then
	mkdir -p "$cache" || exit 1
	echo "making a bare Debian 12"
	run mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,jq,procps bookworm \
		"$cache/new.tar" >"$cache/mmdebstrap.log" 2>&1 && mv "$cache/new.tar" "$bare" || {
		tail -n 20 "$cache/mmdebstrap.log"
		die "mmdebstrap failed"
	}
fi

# The programs are those of the package.
lab_programs() { :; }
LEADER=
NSPAWN=
package_down() {
	local status=$?
	trap '' INT TERM HUP PIPE
	if [ -n "$LEADER" ]; then
		[ "$LAB_FAILURES" = 0 ] && [ $status = 0 ] ||
			inside journalctl -q --no-pager -n 60 -o short-monotonic -u lbd -u vrrpd
		kill -s RTMIN+4 "$LEADER" 2>/dev/null # "power off", systemd(1)
		wait_until 20 gone "$NSPAWN" || kill -KILL "$LEADER" 2>/dev/null
	fi
	(exit $status)
	lab_down
}
# inside COMMAND...: in the running Debian.
inside() { nsenter -t "$LEADER" -a -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
lbctl() { shift; inside lbctl "$@"; }

lab_up
trap package_down EXIT
root=$LAB_DIR/root
mkdir "$root" && tar -x -C "$root" -f "$bare" || die "the bare Debian cannot be unpacked"
cp "$deb" "$root/lbpair.deb" || die "no $deb"
# What it depends on is fetched now, with the host's network; in the lab there is none.
systemd-nspawn -q --register=no --keep-unit -D "$root" --pipe sh -c \
	'apt-get update && apt-get install -y --no-install-recommends --download-only /lbpair.deb' \
	</dev/null >"$LAB_DIR/download.log" 2>&1 || { tail "$LAB_DIR/download.log"; die "the dependencies cannot be fetched"; }

systemd-nspawn -q --register=no --keep-unit -D "$root" -M "${LAB_PREFIX}lb1" --hostname=lb1 \
	--network-namespace-path="/run/netns/${LAB_PREFIX}lb1" --capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_IPC_LOCK,CAP_SYS_NICE -b --console=pipe </dev/null >"$LAB_DIR/boot.log" 2>&1 &
NSPAWN=$!
booted() {
	LEADER=$(ps -o pid= --ppid "$NSPAWN" | tr -d ' ')
	[ -n "$LEADER" ] && case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) ;; *) false ;; esac
}
wait_for 60 "the Debian runs" booted || { cat "$LAB_DIR/boot.log"; exit 1; }

everything() {
	inside find / -xdev -path /proc -prune -o -path /sys -prune -o -path /run -prune -o -path /dev -prune -o -path /tmp -prune \
		-o -path /var/lib/dpkg -prune -o -path /var/lib/apt -prune -o -path /var/cache -prune -o -path /var/log -prune \
		-o -path /var/lib/systemd -prune -o -path /var/tmp -prune -o -print | sort
}
accounts() { inside sh -c 'cat /etc/passwd /etc/group'; }
everything >"$LAB_DIR/before"
accounts >"$LAB_DIR/accounts-before"

say "== install"
apt() { inside apt-get -o Dpkg::Use-Pty=0 "$@" >>"$LAB_DIR/apt.log" 2>&1 || { tail "$LAB_DIR/apt.log"; fail "apt-get $*"; }; }
apt install -y --no-install-recommends /lbpair.deb
unit_is() { is "$(inside systemctl is-active "$1")" "$2"; }
for unit in lbd vrrpd; do
	expect "$unit is enabled" is "$(inside systemctl is-enabled $unit)" enabled
	expect "$unit is not started" unit_is $unit inactive
done
inside systemctl start lbd vrrpd || fail "a start without configuration is skipped"
for unit in lbd vrrpd; do expect "without a configuration $unit is skipped" unit_is $unit inactive; done
expect "there is a user lbpair" inside getent passwd lbpair

say "== the example"
example=/usr/share/doc/lbpair/examples/lbpair.conf
expect "lbctl check passes on the shipped example" is "$(inside lbctl check $example 2>&1)" ok
inside cp $example /etc/lbpair/lbpair.conf
expect "lbctl genkey makes the key" inside lbctl genkey /etc/lbpair/pair.key
expect "the key is 0640 root:lbpair" is "$(inside stat -c '%a %U:%G' /etc/lbpair/pair.key)" "640 root:lbpair"

say "== start"
servers_start
expect "systemctl start lbd vrrpd" inside systemctl start lbd vrrpd
for unit in lbd vrrpd; do expect "$unit is active" unit_is $unit active; done
wait_for 20 "the node is active" node_is lb1 active
wait_for 5 "it holds the VIP" holders_are lb1
sockets() { inside stat -c '%a %G' /run/lbpair/lbd.sock /run/lbpair/vrrpd.sock | tr '\n' ' '; }
expect "the sockets are 0660 of group lbpair" is "$(sockets)" "660 lbpair 660 lbpair "
answers() { on client timeout 2 bash -c "exec 3<>/dev/tcp/$VIP/80 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && grep -q '^s[123]' <&3"; }
wait_for 10 "the client is answered through the VIP" answers
expect "lbd runs as lbpair" is "$(inside ps -o user= -p "$(pid_of lb1 lbd)")" lbpair
say "$(inside lbctl status)"
for unit in lbd vrrpd; do
	say "$unit: $(inside systemd-analyze security --no-pager $unit.service 2>&1 | tail -n 1)"
done

say "== killed more often than systemd's usual limit"
main_pid() { inside systemctl show -P MainPID "$1"; }
restarted() {
	local pid
	pid=$(main_pid "$1")
	[ "$pid" != 0 ] && [ "$pid" != "$2" ] && unit_is "$1" active
}
for unit in lbd vrrpd; do
	for i in 1 2 3 4 5 6; do
		old=$(main_pid $unit)
		[ "${old:-0}" != 0 ] || die "$unit does not run"
		inside kill -KILL "$old"
		wait_until 10 restarted $unit "$old" || fail "$unit is not restarted after kill $i"
	done
	ok "$unit was restarted each time"
done
fenced() { inside journalctl -q -u vrrpd -o cat | grep -qi 'fence'; }
expect "the guardian fenced" fenced
wait_for 20 "the node is active again" node_is lb1 active
wait_for 10 "the client is answered through the VIP" answers

say "== reinstall, with the daemons running"
pids="$(main_pid lbd) $(main_pid vrrpd)"
apt install -y --reinstall /lbpair.deb
expect "they were left alone" is "$(main_pid lbd) $(main_pid vrrpd)" "$pids"

say "== stop"
inside systemctl stop vrrpd lbd
for unit in lbd vrrpd; do expect "$unit is stopped" unit_is $unit inactive; done
expect "nobody holds the VIP" holders_are ""
no_process() { ! inside ps -e -o comm= | grep -Ex 'lbd|vrrpd|vrrpd-guard'; }
expect "no process is left" no_process

say "== remove and purge"
inside systemctl start lbd vrrpd
wait_for 20 "the node is active" node_is lb1 active
apt remove -y lbpair
expect "removal stopped them" no_process
expect "nobody holds the VIP" holders_are ""
expect "the configuration is still there" inside test -e /etc/lbpair/lbpair.conf
apt purge -y lbpair
apt autoremove -y --purge
everything >"$LAB_DIR/after"
accounts >"$LAB_DIR/accounts-after"
expect "no file is left" diff "$LAB_DIR/before" "$LAB_DIR/after"
expect "no account is left" diff "$LAB_DIR/accounts-before" "$LAB_DIR/accounts-after"
expect "no run directory is left" inside test ! -e /run/lbpair

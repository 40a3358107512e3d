#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lbctl and a real lbd without vrrpd, on loopback and as whoever runs this: what a command says and does, what the
# daemon says when it cannot start, and that it leaves nothing.
set -u
export LC_ALL=C
unset NO_COLOR
build=${LBPAIR_BUILD:-.}
work=$(mktemp -d) || exit 99
cd "$work" || exit 99
lbd_pid=
trap '[ -z "$lbd_pid" ] || kill -KILL "$lbd_pid" 2>/dev/null; rm -rf "$work"' EXIT
failed=0

fail() {
	echo "FAIL: $*"
	failed=1
}
lbctl() { "$build/lbctl/lbctl" --run-dir run "$@" >out 2>err; }
# expect STATUS COMMAND...
expect() {
	local wanted=$1 got
	shift
	said="$*"
	"$@"
	got=$?
	[ "$got" = "$wanted" ] || fail "$said: exit status $got, not $wanted: $(head -c 300 out err)"
}
out() { grep -qE -- "$1" out || fail "$said: stdout has no '$1': $(head -c 2000 out)"; }
err() { grep -qE -- "$1" err || fail "$said: stderr has no '$1': $(head -c 300 err)"; }
# lbd that is to fail, within ten seconds.
lbd_fails() { timeout 10 "$build/lbd/lbd" "$@" >out 2>err; }

wait_for() {
	local what=$1
	shift
	for _ in $(seq 200); do
		"$@" && return 0
		sleep 0.05
	done
	fail "$what: waited 10 s"
	return 1
}

# An address of loopback that nobody else takes, by the pid.
address=127.$((64 + $$ % 64)).$(($$ / 256 % 256)).$(($$ % 256))
cat >pair.conf <<END
pair {
    node lb1 { address = 127.0.0.1  priority = 150 }
    node lb2 { address = 192.0.2.12 }
}
service web {
    listen = { $address:18080 }
    pool = blue
}
pool blue {
    server app1 { address = $address:18081 }
    server app2 { address = $address:18082 }
}
END

"$build/lbd/lbd" -c pair.conf -n lb1 --run-dir run --state-dir state 2>log &
lbd_pid=$!
if ! wait_for "lbd answers" lbctl status; then
	cat log
	exit 1
fi

# status: one half, and the other is null.
expect 0 lbctl status --json
for field in '"node": "lb1"' '"generation": 0' '"peer": null' '"vips": null' "\"lbd\": $lbd_pid" '"mismatch": \[\]'; do
	out "$field"
done
err 'vrrpd does not answer'
expect 0 lbctl status
out '^node lb1: '
out '^  vrrpd does not answer'
out "^web .*$address:18080 +blue "
out "^blue/app1 +$address:18081 +enabled +unknown "

# drain and enable.
expect 0 lbctl drain blue/app1
out 'on this node .*alone'
expect 0 lbctl status
out '^blue/app1 .* DRAIN '
out '^blue/app2 .* enabled '
expect 0 lbctl enable blue/app1
expect 0 lbctl status
out '^blue/app1 .* enabled '
for server in blue/app9 green/app1 blue/app1/x; do
	expect 1 lbctl drain "$server"
	err "^lbctl: lbd: .*$server"
done
expect 3 lbctl failover
err 'vrrpd does not answer'

# config: of the daemon, also when the file has changed; of a file that is named.
expect 0 lbctl config show
mv out running
expect 0 lbctl config show pair.conf
cmp -s out running || fail "the running configuration is shown differently: $(diff running out | head -5)"
cp pair.conf changed.conf
echo "log { level = debug }" >>pair.conf
expect 0 lbctl config show
cmp -s out running || fail "config show shows the file and not what runs"
mv changed.conf pair.conf

# What cannot start says so in one line, and leaves the running one alone.
expect 1 lbd_fails -c pair.conf -n lb1 --run-dir run --state-dir state
err "another lbd runs with this run dir: stop it first.* pid=$lbd_pid"
expect 1 lbd_fails -c pair.conf -n lb3 --run-dir run2 --state-dir state
err 'has no node lb3, it has lb1, lb2'
expect 1 lbd_fails -c pair.conf -n lb1 --run-dir no/run --state-dir state
err 'cannot use the run dir: .*path=no/run'
expect 1 lbd_fails -c none.conf --run-dir run2 --state-dir state
err 'none.conf'
expect 1 lbd_fails -c pair.conf -n lb1 --run-dir run2 --state-dir state
err "$address:18080"
expect 2 lbd_fails --nonsense
err "try 'lbd --help'"
expect 0 lbctl status

# The end.
kill -TERM "$lbd_pid"
wait "$lbd_pid"
[ $? = 0 ] || fail "lbd ended with an error: $(tail -5 log)"
lbd_pid=
[ ! -e run/lbd.sock ] || fail "lbd left its socket"
expect 3 lbctl status

[ "$failed" = 0 ] && echo "PASS"
exit "$failed"

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The operator's command by itself, as a script sees it: exit status, what is on stdout and what on stderr, the key file.
# No daemon runs here.
set -u
export LC_ALL=C
unset NO_COLOR TERM
lbctl=${LBPAIR_BUILD:-.}/lbctl/lbctl
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
failed=0

fail() {
	echo "FAIL: $*"
	failed=1
}

# expect STATUS ARGUMENT...: runs lbctl; its output is in the files out and err.
expect() {
	local wanted=$1 got
	shift
	"$lbctl" "$@" >out 2>err
	got=$?
	said="lbctl $*"
	[ "$got" = "$wanted" ] || fail "$said: exit status $got, not $wanted: $(head -c 300 out err)"
}
out() { grep -qE -- "$1" out || fail "$said: stdout has no '$1': $(head -c 300 out)"; }
err() { grep -qE -- "$1" err || fail "$said: stderr has no '$1': $(head -c 300 err)"; }
no_out() { [ ! -s out ] || fail "$said: stdout is not empty: $(head -c 300 out)"; }
no_err() { [ ! -s err ] || fail "$said: stderr is not empty: $(head -c 300 err)"; }

# Usage.

expect 0 --version
out '^lbctl [0-9]'
no_err
expect 0 --help
for verb in check status connections drain enable disable weight switch split rollback failover maintenance explain events 'config show' genkey; do
	out "^  $verb"
done
no_err
for line in '' 'fly' '--nonsense' '--run-dir' 'drain' 'drain a/b c/d' 'status now' 'status --jsn' 'config' 'config hide' \
	'failover --to' 'failover a b' 'maintenance' 'maintenance up' 'maintenance on off' 'genkey a b' 'check a b' 'enable a/b --force' 'drain nopool' 'drain /app' 'drain pool/' \
	'connections a b' 'connections --jsn' 'connections --json=yes' \
	'status --json=yes' 'failover --dry-run=1' 'disable app' 'weight a/b' 'weight a/b 257' 'weight a/b -1' 'weight a 1' 'switch web' 'switch web a b' \
	'switch web a --force=1' 'split web' 'split web a' 'split web a:x' 'split web a:1001' 'split web :5' 'rollback' 'rollback a b' 'drain a/b --pace' \
	'drain a/b --pace=5' 'drain a/b --pace=0/s' 'drain a/b --pace=x/s' 'drain a/b --pace=2000000/s' 'drain a/b --wait=5' 'drain a/b --wait=-1s'; do
	# shellcheck disable=SC2086 # the line's words
	expect 2 --run-dir "$work" $line
	no_out
	err '^lbctl: '
done
expect 2 drian a/b
err "did you mean 'drain'"
expect 0 failover --help
out '--to=NODE'

# Nobody answers.

for line in 'status' 'status --json' 'connections' 'connections web --json' 'drain a/b' 'drain a/b --wait' 'drain a/b --wait=5s --pace=1/s' 'enable a/b' 'disable a/b' 'weight a/b 5' 'switch web a' 'split web a:1 b:2' 'rollback web' 'failover' 'failover web --to=lb2 --dry-run' 'maintenance on' 'maintenance off' 'explain' 'explain web' 'events' 'events --follow'; do
	# shellcheck disable=SC2086
	expect 3 --run-dir "$work" $line
	no_out
	err "does not answer: nobody answers on $work/(lbd|vrrpd).sock"
done
expect 3 --run-dir "$work/none" status
# What is there but is no daemon's socket.
touch lbd.sock
expect 3 --run-dir "$work" drain a/b
rm lbd.sock
expect 1 --run-dir "/$(printf '%0200d' 0)" drain a/b
err 'name too long'

# Keys.

expect 0 genkey
no_err
[ "$(grep -cE '^1 [0-9a-f]{64}$' out)" = 1 ] && [ "$(wc -l <out)" = 1 ] || fail "genkey printed $(cat out)"
cp out first
expect 0 genkey
cmp -s first out && fail "two keys are the same"

umask 000
expect 0 genkey pair.key
no_out
grep -qE '^1 [0-9a-f]{64}$' pair.key || fail "the key file holds $(cat pair.key)"
wanted=600
getent group lbpair >/dev/null && [ "$(id -u)" = 0 ] && wanted=640
[ "$(stat -c %a pair.key)" = "$wanted" ] || fail "the key file has mode $(stat -c %a pair.key), not $wanted"
[ "$wanted" = 600 ] || [ "$(stat -c %G pair.key)" = lbpair ] || fail "the key file is of group $(stat -c %G pair.key)"
umask 022

cp pair.key before
expect 1 genkey pair.key
err 'pair.key exists and is not overwritten'
cmp -s before pair.key || fail "genkey overwrote a file"
ln -s elsewhere link.key
expect 1 genkey link.key
[ ! -e elsewhere ] || fail "genkey followed a link"
expect 1 genkey no/such/dir.key
err 'No such file or directory'
expect 1 genkey .
if [ -w /dev/full ]; then
	"$lbctl" genkey >/dev/full 2>err
	[ $? = 1 ] || fail "a key that went nowhere counts as printed"
	grep -q 'cannot write' err || fail "a key that went nowhere is not told"
fi

# The configuration file.

cat >good.conf <<'END'
pair {
    node lb1 { address = 192.0.2.11  priority = 150 }
    node lb2 { address = 192.0.2.12 }
}
service web {
    listen = { 192.0.2.100:80 }
    pool = blue
}
pool blue {
    server app1 { address = 192.0.2.21:8080 }
}
END
expect 0 check good.conf
[ "$(cat out)" = ok ] || fail "check says '$(cat out)'"
no_err
expect 0 --run-dir "$work" config show good.conf
out 'connect = 3s'
no_err
# What is shown is a configuration, and shown again it is the same.
cp out shown.conf
expect 0 check shown.conf
expect 0 config show shown.conf
cmp -s out shown.conf || fail "the shown configuration is shown differently: $(diff out shown.conf | head -5)"

sed -e 's/priority = 150/priority = 300/' -e 's/pool = blue/pool = bleu/' good.conf >bad.conf
expect 1 check bad.conf
no_out
err '^bad.conf:2: '
err '^bad.conf:7: '
expect 1 config show bad.conf
no_out
err '^bad.conf:2: '
expect 1 check none.conf
no_out
err 'none.conf'
expect 1 check .
no_out
printf 'pair {' >half.conf
expect 1 check half.conf
err '^half.conf:1: '
printf 'pair \0 {' >zero.conf
expect 1 check zero.conf
err 'zero.conf'

[ "$failed" = 0 ] && echo "PASS"
exit "$failed"

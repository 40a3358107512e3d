#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What an operator gets wrong: each mistake is one clear line and a non-zero exit, nothing is started, and daemons that
# run are not touched. An interface that is missing is no mistake of the file: vrrpd runs and says so.
#
#      lb1 alone, its peer and its servers away
. "$(dirname "$0")/lab.sh"

# refuses WHAT STATUS PATTERN COMMAND...: ends by itself, with that status and one line that matches.
refuses() {
	local what=$1 status=$2 pattern=$3 got=0 out=$LAB_DIR/refused.txt
	shift 3
	on lb1 timeout 10 "$@" </dev/null >"$out" 2>&1 || got=$?
	if [ $got = "$status" ] && grep -Eq -- "$pattern" "$out"; then
		ok "$what: $(grep -E -m 1 -- "$pattern" "$out")"
		return
	fi
	fail "$what: exit status $got (expected $status), and no line like '$pattern':"
	cat "$out"
}
daemon() { # ROLE [OPTION...], with lb1's directories unless others come later
	local role=$1 program
	shift
	[ "$role" = lbd ] && program=$LBD || program=$VRRPD
	set -- "$program" -c "$CONFIG" -n lb1 --run-dir "$LAB_DIR/lb1/run" --state-dir "$LAB_DIR/lb1/state" "$@"
	COMMAND=("$@")
}
both_refuse() { # WHAT STATUS PATTERN [OPTION...]
	local what=$1 status=$2 pattern=$3 role
	shift 3
	for role in lbd vrrpd; do
		daemon $role "$@"
		refuses "$role: $what" "$status" "$pattern" "${COMMAND[@]}"
	done
}
nothing_started() {
	[ -z "$(ip netns pids "${LAB_PREFIX}lb1")" ] && holders_are "" && [ ! -e "$LAB_DIR/lb1/run/lbd.sock" ] &&
		[ ! -e "$LAB_DIR/lb1/run/vrrpd.sock" ]
}

lab_up

say "== a broken configuration"
broken=$LAB_DIR/broken.conf
cat >"$broken" <<-END
	pair {
	    key-file = $LAB_DIR/pair.key
	    node lb1 { address = 192.0.2.11  priority = 300 }
	    node lb2 { address = 192.0.2.12  priorty = 100 }
	}
	vip web {
	    vrid = 51
	    interface = eth0
	    addresses = { 192.0.2.100/33 }
	}
	service web { listen = { 192.0.2.100:80 }  pool = bleu }
	pool blue { server app1 { address = 192.0.2.21:8080 } }
END
both_refuse "a broken configuration" 1 "broken.conf:3: .*priority" -c "$broken"
for line in 4 9 11; do
	expect "line $line is named too" grep -q "broken.conf:$line: " "$LAB_DIR/refused.txt"
done
expect "the nearest known name is given" grep -Eq "broken.conf:4: .*priorty.*priority" "$LAB_DIR/refused.txt"
refuses "lbctl check" 1 "broken.conf:3: " "$LBCTL" check "$broken"
both_refuse "no such file" 1 "nowhere.conf" -c "$LAB_DIR/nowhere.conf"
wait_for 3 "nothing was started" nothing_started

say "== the key"
key=$LAB_DIR/pair.key
mv "$key" "$key.good"
daemon vrrpd
refuses "vrrpd: the key file is absent" 1 "pair.key.*" "${COMMAND[@]}"
echo "1 00112233" >"$key" && chmod 0600 "$key"
refuses "vrrpd: the key is too short" 1 "pair.key.*(short|32)" "${COMMAND[@]}"
cp "$key.good" "$key" && chmod 0644 "$key"
refuses "vrrpd: everybody may read the key" 1 "pair.key.*(0600|0640)" "${COMMAND[@]}"
rm -f "$key" && mv "$key.good" "$key"
chmod 0600 "$key"
wait_for 3 "nothing was started" nothing_started

say "== the host"
both_refuse "an unknown node" 1 "lb9" -n lb9
both_refuse "an unknown option" 2 "frobnicate" --frobnicate
# setpriv: no capability and no root, as a user that starts the daemon by hand.
chmod 711 "$LAB_DIR"
chmod 777 "$LAB_DIR/lb1/run" "$LAB_DIR/lb1/state"
chmod 644 "$CONFIG"
chown nobody "$key"
daemon vrrpd
refuses "vrrpd: no privilege" 1 "(CAP_|privilege|root|not permitted)" setpriv --reuid=nobody --regid=nogroup --clear-groups \
	--no-new-privs "${COMMAND[@]}"
daemon lbd
refuses "lbd: no privilege for port 80" 1 "(CAP_|privilege|root|ermission)" setpriv --reuid=nobody --regid=nogroup \
	--clear-groups --no-new-privs "${COMMAND[@]}"
chown root "$key"
rm -rf "$LAB_DIR"/lb1/run/* "$LAB_DIR"/lb1/state/*
chmod 770 "$LAB_DIR/lb1/run" "$LAB_DIR/lb1/state"
wait_for 3 "nothing was started" nothing_started

say "== the port is taken"
# Another's listener on the service's port, without SO_REUSEPORT.
mkdir -p "$LAB_DIR/taken/logs"
cat >"$LAB_DIR/taken.conf" <<-END
	daemon off;
	pid $LAB_DIR/taken/pid;
	error_log $LAB_DIR/taken.log;
	events { }
	http { access_log off; server { listen 80; } }
END
start lb1 taken.log nginx -p "$LAB_DIR/taken" -c "$LAB_DIR/taken.conf"
taken=$STARTED
takes_port_80() { on lb1 ss -Htln 'sport = :80' | grep -q .; }
wait_for 5 "somebody has port 80" takes_port_80
daemon lbd
refuses "lbd: the port is taken" 1 "$VIP:80.*" "${COMMAND[@]}"
kill "$taken"
wait_for 5 "port 80 is free again" gone "$taken"

say "== daemons that run are not touched"
start_node lb1
wait_for 20 "lb1 is active" settled lb1
pids="$(pid_of lb1 lbd) $(pid_of lb1 vrrpd)" transitions=$(pick lb1 '.vips[0].transitions')
both_refuse "a second instance on one run dir" 1 "(another|already|runs|running|in use)"
both_refuse "a broken configuration" 1 "broken.conf:3: " -c "$broken"
both_refuse "--check of a broken configuration" 1 "broken.conf:3: " -c "$broken" --check
daemon lbd --check
refuses "lbd --check of a good one" 0 "" "${COMMAND[@]}"
daemon vrrpd --check
refuses "vrrpd --check of a good one" 0 "" "${COMMAND[@]}"
expect "the running ones are the same" is "$(pid_of lb1 lbd) $(pid_of lb1 vrrpd)" "$pids"
expect "and lb1 is active still" settled lb1

say "== a control client that misbehaves"
sent_to() { # SOCKET, standard input
	timeout 10 "$LBPAIR_BUILD/tests/lab/spill" "$LAB_DIR/lb1/run/$1"
}
for socket in lbd.sock vrrpd.sock; do
	for i in 1 2 3; do head -c 2000 /dev/urandom | sent_to $socket >/dev/null; done
	answer=$(printf 'this is no JSON\n' | sent_to $socket)
	expect "$socket: garbage is answered with an error" grep -q -- -32700 <<<"$answer"
	printf '{"jsonrpc":"2.0","id":1,"meth' | sent_to $socket >/dev/null
	head -c 10000000 /dev/zero | tr '\0' 'a' | sent_to $socket >/dev/null
	(head -c 10000000 /dev/zero | tr '\0' '[' && echo) | sent_to $socket >/dev/null
done
expect "the daemons are the same" is "$(pid_of lb1 lbd) $(pid_of lb1 vrrpd)" "$pids"
expect "lb1 is active still" settled lb1
expect "it never moved" is "$(pick lb1 '.vips[0].transitions')" "$transitions"

say "== the interface is missing"
kill_role lb1 TERM vrrpd lbd
wait_for 10 "lb1 has stopped" nothing_started
sed -i 's/interface = eth0/interface = eth7/' "$CONFIG"
start_node lb1
wait_for 10 "the vip is in fault" node_is lb1 fault
expect "status names the interface" is "$(pick lb1 '.vips[0].reason | test("eth7")')" true
# It comes later, as on a host whose network is still starting.
ip -n "${LAB_PREFIX}lan" link add late type veth peer name eth7 netns "${LAB_PREFIX}lb1"
ip -n "${LAB_PREFIX}lan" link set late master br0 up
ip -n "${LAB_PREFIX}lb1" addr add 192.0.2.13/24 dev eth7
ip -n "${LAB_PREFIX}lb1" link set eth7 up
wait_for 20 "when it comes, lb1 becomes active" settled lb1

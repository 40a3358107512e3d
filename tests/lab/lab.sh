# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The lab: the pair with its neighbours, each in a network namespace of its own, on one bridge.
#
#      client          lb1             lb2             s1   s2   s3
#   192.0.2.50      192.0.2.11      192.0.2.12      192.0.2.21 .22 .23
#        |               |               |               |    |    |
#   -----+---------------+------ LAN ----+---------------+----+----+-----  192.0.2.0/24, 2001:db8::/64
#                             (a bridge)                                   (the same last byte, in decimal digits)
#
#   VIP 192.0.2.100 on lb1 or lb2; the servers are nginx and answer with their name
#
# Sourced by the lab tests and by tools/demo. lab_up makes it, and whatever way the script ends, nothing of it stays:
# namespaces carry the prefix lbp-PID-, processes are ended by their pid, files lie in one temporary directory.
#
# Each host's end is eth0; the other end carries the host's name and is a port of the bridge in the namespace "lan".
# What the script waits for is a condition with a bound, never a span.

set -u
export LC_ALL=C

VIP=192.0.2.100
VIP_PORT=80
LAB_HOSTS="client lb1 lb2 s1 s2 s3"
NODES="lb1 lb2"
LEASE=2

declare -A HOST_NUMBER=([lb1]=11 [lb2]=12 [s1]=21 [s2]=22 [s3]=23 [client]=50)
declare -A LAB_ENV=() # LAB_ENV[lb1]: variables for that node's daemons, NAME=VALUE ...

LAB_PREFIX=lbp-$$-
LAB_DIR=
LAB_FAILURES=0

# ---- words

say() { echo "$*"; }
skip_lab() {
	echo "${LAB_CANNOT:-SKIP}: $*"
	exit 77
}
# A failed expectation: noted, and the test goes on to what else it can tell.
fail() { # is true, so that it can end an || chain
	LAB_FAILURES=$((LAB_FAILURES + 1))
	echo "FAILED: $*"
}
# A failure that makes the rest pointless.
die() {
	fail "$*"
	exit 1
}
ok() { echo "ok: $*"; }

# expect DESCRIPTION COMMAND...
expect() {
	local what=$1
	shift
	if "$@"; then ok "$what"; else fail "$what" && return 1; fi
}

is() { [ "$1" = "$2" ]; }
is_not() { [ "$1" != "$2" ]; }
# at_most A B: A <= B, numbers with a fraction.
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }'; }

# ---- time

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t%.*} * 1000 + 10#${t#*.} / 1000))
}

# nap SECONDS: sleeps without a process.
exec {LAB_NAP}<> <(:)
nap() { read -r -t "$1" -u "$LAB_NAP" || true; }

# wait_until SECONDS COMMAND...: until the command succeeds; its failure is the caller's to judge.
wait_until() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		nap 0.02
	done
}

# wait_for SECONDS DESCRIPTION COMMAND...: the same, and it is a failure when it does not come.
wait_for() {
	local limit=$1 what=$2 began
	shift 2
	began=$(now_ms)
	if wait_until "$limit" "$@"; then
		ok "$what, after $(($(now_ms) - began)) ms"
	else
		fail "$what: not within $limit s"
		return 1
	fi
}

# stays_for SECONDS DESCRIPTION COMMAND...: the command has to succeed all the time.
stays_for() {
	local limit=$1 what=$2 end
	shift 2
	end=$(($(now_ms) + limit * 1000))
	while [ "$(now_ms)" -lt "$end" ]; do
		if ! "$@"; then
			fail "$what: not any more"
			return 1
		fi
		nap 0.02
	done
	ok "$what, for $limit s"
}

# ---- hosts

ns() { echo "$LAB_PREFIX$1"; }
on() { # on HOST COMMAND...
	local host=$1
	shift
	ip netns exec "$LAB_PREFIX$host" "$@"
}

lab_down() {
	local status=$? host pid pids=
	trap '' INT TERM HUP PIPE
	for host in $LAB_HOSTS lan; do
		pids="$pids $(ip netns pids "$LAB_PREFIX$host" 2>/dev/null)"
	done
	# A stopped process would not take a SIGTERM, and a daemon shall show what its end is like: first a polite try.
	for pid in $pids; do
		kill -TERM "$pid" 2>/dev/null
		kill -CONT "$pid" 2>/dev/null
	done
	wait_until 3 lab_is_empty
	for host in $LAB_HOSTS lan; do
		for pid in $(ip netns pids "$LAB_PREFIX$host" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null
		done
	done
	wait_until 3 lab_is_empty || echo "FAILED: processes are left in the lab"
	for host in $LAB_HOSTS lan; do
		ip netns del "$LAB_PREFIX$host" 2>/dev/null
	done
	if [ -n "$LAB_DIR" ] && [ -d "$LAB_DIR" ]; then
		lab_sanitizers || status=1
		case $LAB_FAILURES/$status in
		0/0) ;;
		*/130 | */141 | */143) say "interrupted" ;;
		*) lab_logs ;;
		esac
		[ -n "${LBPAIR_LAB_KEEP-}" ] && cp -a "$LAB_DIR" "$LBPAIR_LAB_KEEP"
		rm -rf "$LAB_DIR"
	fi
	[ "$LAB_FAILURES" = 0 ] || [ "$status" != 0 ] || status=1
	exit $status
}

lab_is_empty() {
	local host
	for host in $LAB_HOSTS lan; do
		[ -z "$(ip netns pids "$LAB_PREFIX$host" 2>/dev/null)" ] || return 1
	done
}

# What a sanitizer has to say about a daemon is a failure, wherever in the run it came up.
lab_sanitizers() {
	! grep -lE 'Sanitizer|runtime error:' "$LAB_DIR"/*.log 2>/dev/null | grep . ||
		{ echo "FAILED: a sanitizer complains in the logs above"; LAB_FAILURES=$((LAB_FAILURES + 1)); return 1; }
}

lab_logs() {
	local log
	for log in "$LAB_DIR"/lb?-*.log; do
		[ -s "$log" ] || continue
		echo "---- the end of ${log##*/}"
		tail -n 25 "$log" | cut -c 1-300
	done
}

# Where the programs are: of the build that runs the tests, else given.
lab_programs() {
	LBPAIR_BUILD=${LBPAIR_BUILD:-$PWD}
	LBD=${LBD:-$LBPAIR_BUILD/lbd/lbd}
	VRRPD=${VRRPD:-$LBPAIR_BUILD/vrrpd/vrrpd}
	LBCTL=${LBCTL:-$LBPAIR_BUILD/lbctl/lbctl}
	PROBE=${PROBE:-$LBPAIR_BUILD/tests/lab/probe}
	FORGE=${FORGE:-$LBPAIR_BUILD/tests/lab/forge}
	HOLDERS=${HOLDERS:-$LBPAIR_BUILD/tests/lab/holders}
	local program
	for program in "$LBD" "$VRRPD" "$LBCTL" "$PROBE"; do
		[ -x "$program" ] || die "no program $program: build first (make check), or set LBPAIR_BUILD"
	done
}

lab_can() {
	[ "${LBPAIR_LAB-}" != no ] || skip_lab "the lab is switched off (LBPAIR_LAB=no)"
	[ "$(id -u)" = 0 ] || skip_lab "the lab needs root, for network namespaces"
	local tool
	for tool in ip jq nginx ss awk; do
		command -v "$tool" >/dev/null || skip_lab "the lab needs $tool (Debian: iproute2 jq nginx)"
	done
	local error
	if ! error=$(ip netns add "${LAB_PREFIX}lan" 2>&1); then
		skip_lab "no network namespace can be made: $error"
	fi
	if ! error=$(ip -n "${LAB_PREFIX}lan" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 2>&1); then
		ip netns del "${LAB_PREFIX}lan"
		skip_lab "no bridge can be made: $error"
	fi
}

host_up() {
	local host=$1 number=${HOST_NUMBER[$1]} name=$LAB_PREFIX$1
	ip netns add "$name" || return 1
	on "$host" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.ip_local_port_range='1024 65000' net.ipv4.tcp_tw_reuse=1 2>/dev/null
	ip -n "$name" link set lo up
	ip -n "${LAB_PREFIX}lan" link add "$host" type veth peer name eth0 netns "$name" &&
		ip -n "${LAB_PREFIX}lan" link set "$host" master br0 up &&
		ip -n "$name" link set eth0 up &&
		ip -n "$name" addr add "192.0.2.$number/24" dev eth0 || return 1
	ip -n "$name" addr add "2001:db8::$number/64" dev eth0 nodad 2>/dev/null ||
		say "no IPv6 here: $host has none"
}

# Draws nothing, makes everything: namespaces, links, addresses. Ends the script with 77 where that cannot be.
lab_up() {
	lab_can
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	trap 'exit 141' PIPE # the reader of our output has gone
	lab_programs
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/lbpair-lab.XXXXXX") || die "no temporary directory"
	chmod 755 "$LAB_DIR"
	local host
	ip -n "${LAB_PREFIX}lan" link set br0 up
	for host in $LAB_HOSTS; do
		host_up "$host" || die "host $host cannot be made"
	done
	for host in $NODES; do
		mkdir -p "$LAB_DIR/$host/run" "$LAB_DIR/$host/state"
	done
	key_write
	config_write
}

# start HOST LOG COMMAND...: in the background, in a session of its own (a Ctrl-C is for the script); sets STARTED.
start() {
	local host=$1 log=$2
	shift 2
	ip netns exec "$LAB_PREFIX$host" setsid "$@" </dev/null >>"$LAB_DIR/$log" 2>&1 &
	STARTED=$!
	disown # bash would tell us when it is killed
}

# ---- links

# The cable is pulled: the host loses its carrier.
cable_cut() { ip -n "${LAB_PREFIX}lan" link set "$1" down; }
cable_mend() { ip -n "${LAB_PREFIX}lan" link set "$1" up; }
# The switch drops everything of that port; the carrier stays.
port_mute() { ip -n "${LAB_PREFIX}lan" link set "$1" nomaster; }
port_unmute() { ip -n "${LAB_PREFIX}lan" link set "$1" master br0; }
# port_drop HOST from|to: the switch drops what the host sends, or what is sent to it; the carrier stays.
port_drop() {
	if [ "$2" = from ]; then
		on lan nft "add table netdev lost; add chain netdev lost port { type filter hook ingress device $1 priority 0; };
			add rule netdev lost port drop"
	else
		on lan nft "add table bridge lost; add chain bridge lost port { type filter hook forward priority 0; };
			add rule bridge lost port oifname $1 drop"
	fi
}
ports_open() { on lan nft 'add table netdev lost; delete table netdev lost; add table bridge lost; delete table bridge lost'; }
# The node hears no advert any more, and everything else.
adverts_drop() {
	on "$1" nft 'add table inet lost; add chain inet lost in { type filter hook prerouting priority -300; };
		add rule inet lost in meta l4proto 112 drop' || die "no nftables"
}
adverts_pass() { on "$1" nft delete table inet lost; }

# A cable of their own between the two nodes: eth1 of both.
CABLE=198.51.100
second_cable() {
	local node
	ip -n "${LAB_PREFIX}lb1" link add eth1 type veth peer name eth1 netns "${LAB_PREFIX}lb2" || die "no second cable"
	for node in lb1 lb2; do
		ip -n "$LAB_PREFIX$node" addr add "$CABLE.${HOST_NUMBER[$node]}/24" dev eth1 &&
			ip -n "$LAB_PREFIX$node" link set eth1 up || die "no address on the second cable"
	done
}
# A cable of each node's own, eth1, whose far end is eth1's peer "far".
own_cables() {
	local node
	for node in lb1 lb2; do
		ip -n "$LAB_PREFIX$node" link add eth1 type veth peer name far && ip -n "$LAB_PREFIX$node" link set eth1 up &&
			ip -n "$LAB_PREFIX$node" link set far up || die "no second cable"
	done
}

# ---- the pair

key_write() {
	printf '%s\n' "1 $(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n')" >"$LAB_DIR/pair.key"
	chmod 0600 "$LAB_DIR/pair.key"
}

# pair_section [PRIORITY-OF-LB1 PRIORITY-OF-LB2]
pair_section() {
	cat <<-END
		pair {
		    key-file = $LAB_DIR/pair.key
		    node lb1 { address = 192.0.2.11  priority = ${1-150} }
		    node lb2 { address = 192.0.2.12  priority = ${2-100} }
		}
	END
}

# The one configuration of both nodes. A test changes these before lab_up, or the file after it.
ADVERT_INTERVAL=100ms
VIP_OPTIONS=
POOL_OPTIONS='check http { path = /healthz  interval = 200ms  timeout = 200ms  rise = 2  fall = 2 }'
config_write() {
	CONFIG=$LAB_DIR/lbpair.conf
	pair_section >"$CONFIG"
	cat >>"$CONFIG" <<-END
		vip web {
		    vrid = 51
		    interface = eth0
		    addresses = { $VIP/32 }
		    advert-interval = $ADVERT_INTERVAL
		    lease = ${LEASE}s
		    $VIP_OPTIONS
		}
		service web {
		    listen = { $VIP:$VIP_PORT, [::]:8080 }
		    pool = blue
		}
		pool blue {
		    $POOL_OPTIONS
		    server app1 { address = 192.0.2.21:8080 }
		    server app2 { address = 192.0.2.22:8080 }
		    server app3 { address = 192.0.2.23:8080 }
		}
	END
}

# The same with a second path for the heartbeats, by the second cable; and without it again.
heartbeat_by_cable() {
	sed -i "s/priority = \(150\|100\) *}/priority = \1  heartbeat = { @ } }/; /node lb1/s/@/$CABLE.11/; /node lb2/s/@/$CABLE.12/" \
		"$CONFIG"
}
heartbeat_by_lan_alone() { sed -i 's/  heartbeat = {[^}]*}//' "$CONFIG"; }

# An lbd that waits for a processor for 250 ms counts as hung, and a test that wants no failover then sees one. So on a
# machine that does other things too, what forwards and what measures goes first; vrrpd asks for real-time priority by itself.
FIRST="nice -n -15"

# start_daemon NODE lbd|vrrpd [OPTION...]
start_daemon() {
	local node=$1 role=$2 program first=
	shift 2
	[ "$role" = lbd ] && program=$LBD first=$FIRST || program=$VRRPD
	# shellcheck disable=SC2086 # variables, one a word
	start "$node" "$node-$role.log" $first env ${LAB_ENV[$node]-} "$program" -c "$CONFIG" -n "$node" \
		--run-dir "$LAB_DIR/$node/run" --state-dir "$LAB_DIR/$node/state" "$@"
	DAEMON_PID[$node-$role]=$STARTED
}

start_node() {
	start_daemon "$1" lbd
	start_daemon "$1" vrrpd
}

# A daemon that ends at once needs no waiting for.
pair_is_or_died() {
	local pid
	for pid in "${DAEMON_PID[@]}"; do gone "$pid" && return 0; done
	pair_is "$@"
}
declare -A DAEMON_PID=()

# Both nodes, until the one with the greater priority is active, the other a backup, and every server up on both.
start_pair() {
	local node
	for node in $NODES; do start_node "$node"; done
	wait_until 20 pair_is_or_died lb1 lb2
	expect "lb1 is active, lb2 backup" pair_is lb1 lb2 || die "the pair does not come up"
	for node in $NODES; do
		wait_for 10 "$node has every server up" servers_up "$node" 3 || die "servers do not come up"
	done
	wait_for 5 "exactly lb1 holds the VIP" holders_are lb1
}

lbctl() { # lbctl NODE WORD...
	local node=$1
	shift
	on "$node" timeout 20 "$LBCTL" --run-dir "$LAB_DIR/$node/run" "$@"
}

# pick NODE FILTER: of the node's status; nothing when no daemon answers.
pick() {
	lbctl "$1" status --json 2>/dev/null | jq -r "$2" 2>/dev/null
}
vip_state() { pick "$1" '.vips[0].state // empty'; }
node_is() { is "$(vip_state "$1")" "$2"; }
reason_has() { pick "$1" '.vips[0].reason' | grep -qF "$2"; }
explains() { lbctl "$1" explain 2>/dev/null | grep -qF -- "$2"; }
all_are() { is "$(pick "$1" '[.vips[].state] | unique | join(" ")')" "$2"; } # all_are NODE STATE: each of its vips
pair_is() { node_is "$1" active && node_is "$2" backup; } # pair_is ACTIVE BACKUP
servers_up() { is "$(pick "$1" '[.pools[].servers[] | select(.health == "up")] | length')" "$2"; }
server_health() { pick "$1" ".pools[].servers[] | select(.name == \"$2\") | .health"; }
server_is() { is "$(server_health "$1" "$2")" "$3"; } # server_is NODE SERVER HEALTH
peer_of() { [ "$1" = lb1 ] && echo lb2 || echo lb1; }

# The node that says it is active; nothing, or two, where that is so.
active_node() {
	local node actives=
	for node in $NODES; do
		node_is "$node" active && actives="$actives $node"
	done
	echo "${actives# }"
}

# has_address NODE ADDRESS [INTERFACE]: its kernel, whatever the daemons say.
has_address() { ip -n "$LAB_PREFIX$1" -o addr show ${3:+dev "$3"} to "$2" 2>/dev/null | grep -q .; }
# Nothing listens there, and the host that has the address says so to the client.
answers() { on client timeout 1 bash -c "exec 3<>/dev/tcp/$1/9" 2>&1 | grep -q refused; }

# Whose kernel has the VIP, whatever the daemons say.
holders_of_vip() {
	local node holders=
	for node in $NODES; do
		has_address "$node" "$VIP" && holders="$holders $node"
	done
	echo "${holders# }"
}
holders_are() { is "$(holders_of_vip)" "$*"; }

# settled NODE: it alone is active and it alone holds the VIP.
settled() { holders_are "$1" && node_is "$1" active; }

# How many of the ways between the nodes are alive, by the node's word.
paths_alive() { pick "$1" '[.peer.seen[] | select(.alive)] | length'; }

# pid_of NODE lbd|vrrpd|guardian
pid_of() { pick "$1" ".pids.$2 // empty"; }

# kill_role NODE SIGNAL ROLE...: all in one go.
kill_role() {
	local node=$1 signal=$2 role pid pids=
	shift 2
	for role in "$@"; do
		pid=$(pid_of "$node" "$role")
		[ -n "$pid" ] || die "$node: no pid of $role in the status"
		pids="$pids $pid"
	done
	# shellcheck disable=SC2086 # a list of pids
	kill "-$signal" $pids
}

# all_of NODE: no process of lbpair is left there.
all_of() { kill_role "$1" KILL guardian vrrpd lbd; }

gone() { ! kill -0 "$1" 2>/dev/null; }

# ---- servers

# A server that says who it is: / answers with the name, /healthz with 200 unless the server is told to be sick.
server_start() {
	local host=$1 dir=$LAB_DIR/$1
	mkdir -p "$dir/logs" "$dir/tmp"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		user root;
		worker_processes 1;
		pid $dir/nginx.pid;
		error_log $LAB_DIR/$host-nginx.log error;
		events { worker_connections 4096; }
		http {
		    access_log off;
		    client_body_temp_path $dir/tmp/body;  proxy_temp_path $dir/tmp/proxy;
		    fastcgi_temp_path $dir/tmp/fastcgi;  uwsgi_temp_path $dir/tmp/uwsgi;  scgi_temp_path $dir/tmp/scgi;
		    keepalive_requests 100000;
		    server {
		        listen 8080 backlog=4096;
		        listen [::]:8080 backlog=4096;
		        default_type text/plain;
		        location = /healthz { access_log $dir/checks.log; return 200 "fine\n"; }
		        location = /slow { default_type text/plain; limit_rate 10; alias $dir/slow; }
		        location / { access_log $dir/requests.log; return 200 "$host\n"; }
		    }
		}
	END
	head -c 4000 /dev/zero | tr '\0' x >"$dir/slow"
	# shellcheck disable=SC2086 # words
	start "$host" "$host-nginx.log" $FIRST nginx -p "$dir" -c "$dir/nginx.conf"
}

servers_start() {
	local host
	for host in s1 s2 s3; do server_start "$host"; done
	for host in s1 s2 s3; do
		wait_until 10 server_answers "$host" || die "the server on $host does not answer"
	done
}
server_answers() { on "$1" ss -Htln 'sport = :8080' | grep -q .; }

# The machine behind the server dies: all of its processes at once.
server_kill() {
	# shellcheck disable=SC2046 # a list of pids
	kill -KILL $(ip netns pids "$LAB_PREFIX$1")
}

# How many requests (not checks) a server has answered.
server_requests() { wc -l <"$LAB_DIR/$1/requests.log" 2>/dev/null || echo 0; }

# ---- the probe

# probe_start NAME [OPTION...]: from the client to the VIP.
probe_start() {
	local name=$1
	shift
	: >"$LAB_DIR/$name.probe"
	# shellcheck disable=SC2086 # words
	$FIRST ip netns exec "${LAB_PREFIX}client" setsid "$PROBE" "$@" "$VIP" "$VIP_PORT" \
		</dev/null >>"$LAB_DIR/$name.probe" 2>"$LAB_DIR/$name-probe.log" &
	PROBE_PID[$name]=$!
	wait_until 2 probe_ready "${PROBE_PID[$name]}"
}
declare -A PROBE_PID=()
# holders_start NAME: who of $NODES has the VIP; it is asked, and ends, as a probe is.
holders_start() {
	local name=$1 node
	local hosts=()
	for node in $NODES; do hosts+=("$LAB_PREFIX$node"); done
	: >"$LAB_DIR/$name.probe"
	ip netns exec "${LAB_PREFIX}client" setsid "$HOLDERS" "$VIP" "${hosts[@]}" </dev/null >>"$LAB_DIR/$name.probe" 2>"$LAB_DIR/$name-probe.log" &
	PROBE_PID[$name]=$!
	wait_until 2 probe_ready "${PROBE_PID[$name]}"
}
# SIGUSR1 would end it before it has blocked the signal.
probe_ready() {
	local mask
	mask=$(sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
	[ -n "$mask" ] && [ $((0x$mask & 0x200)) != 0 ]
}

# probe_mark NAME: sets MARK to the line about all that happened since the last mark, and begins anew.
probe_mark() { probe_ask "$1" USR1; }
# probe_peek NAME: the same line, and it goes on.
probe_peek() { probe_ask "$1" USR2; }
# probe_mark_calm NAME: the same, when all that was asked in the trouble before has been answered or has timed out, so that
# what fails from then on was asked from then on.
probe_mark_calm() {
	wait_for 10 "answers flow" answers_flow "$1"
	nap 1.2 # the probe's timeout is 1 s
	probe_mark "$1"
}
# Asked often while times are measured, so without a process; the file has the last line alone.
probe_ask() {
	local file=$LAB_DIR/$1.probe
	: >"$file"
	kill "-$2" "${PROBE_PID[$1]}" || die "the probe $1 has ended"
	wait_until 5 read_mark "$file" || die "the probe $1 does not answer"
}
read_mark() { read -r MARK <"$1"; }

# probe_stop NAME: sets MARK to its last line.
probe_stop() {
	local file=$LAB_DIR/$1.probe
	kill -TERM "${PROBE_PID[$1]}" && wait "${PROBE_PID[$1]}"
	unset "PROBE_PID[$1]"
	MARK=$(tail -n 1 "$file")
}

# of_mark FILTER
of_mark() { jq -r "$1" <<<"$MARK"; }

# Whether the service answers now: a request of its own, to be answered within half a second.
service_answers() {
	on client "$PROBE" -d 500 -i 1000 -t 450 "$VIP" "$VIP_PORT" 2>/dev/null | jq -e '.answered == 1' >/dev/null
}
# The probe's last answer is no older than so many ms.
answers_flow() {
	probe_peek "$1"
	is "$(of_mark '.total.answered > 0 and .since_answer_ms < 50')" true
}

# ---- the whole

# The daemons of a node that are gone are started again, and lb1 is active as its priority wants it.
back_to_normal() {
	local node role
	for node in $NODES; do
		for role in lbd vrrpd; do
			[ -n "$(pid_of "$node" "$role")" ] || start_daemon "$node" "$role"
		done
	done
	wait_for 30 "lb1 is active again, lb2 backup" pair_is lb1 lb2 || die "the pair does not recover"
	wait_for 5 "exactly lb1 holds the VIP" holders_are lb1
	for node in $NODES; do
		wait_for 10 "$node has every server up" servers_up "$node" 3
	done
	wait_for 5 "answers flow" answers_flow client
}

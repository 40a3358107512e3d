#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench.sh [--quick | --smoke] [--rows NAME,...] [--json FILE]
#
# lbd beside HAProxy and nginx, in one run: each with one thread, pinned to the same processor, its clients and servers
# on another one. The three take turns within a round, so that what else the machine does meets all of them, and the
# ratios are of neighbours in time.
#
#   client 192.0.2.50 ------- 192.0.2.11  lb  198.51.100.11 ------- server 198.51.100.21
#                                lbd :8001                             and all of 10.66.0.0/16
#                                haproxy :8002, nginx :8003
#
# tests/bench/load is both the clients and the servers. A table goes to stdout, everything to a file of JSON.
#
# Environment: LBPAIR_BUILD (where lbd and load are, else the working directory); BENCH_PROCESSOR, BENCH_LOAD_PROCESSOR.

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=tests/lab/lab.sh
. "$here/../lab/lab.sh"

LAB_HOSTS="client lb server"
SUBJECTS="lbd haproxy nginx"
SERVER=198.51.100.21
FRONT=192.0.2.11
declare -A PORT=([lbd]=8001 [haproxy]=8002 [nginx]=8003 [lbd-servers]=8004 [lbd-services]=20000)
# HAProxy's listener for bulk, behind its other one.
BULK=1000
declare -A PIDS=()

ROUNDS=5 MS=2000 LATENCY_MS=3000 IDLE=7000 MANY_SERVERS=10000 MANY_SERVICES=1000 RATE=5000
ROWS=requests,connections,download,upload,latency,datagrams,many,idle
JSON=bench.json
KIND=full

usage() {
	sed -n 's/^# \(bench.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
}
while [ $# -gt 0 ] && [ "${BENCH_ONLY_SOURCE-}" != yes ]; do
	case $1 in
	--quick) KIND=quick ROUNDS=2 MS=700 LATENCY_MS=1000 ;;
	--smoke) KIND=smoke ROUNDS=1 MS=100 LATENCY_MS=100 IDLE=50 MANY_SERVERS=100 MANY_SERVICES=10 RATE=200 ;;
	--rows) ROWS=${2-} && shift ;;
	--json) JSON=${2-} && shift ;;
	*) usage ;;
	esac
	shift
done

# ---- the machine

bench_can() {
	[ "$(id -u)" = 0 ] || skip_lab "the bench needs root, for network namespaces"
	local tool error
	for tool in ip jq ss awk taskset pgrep; do
		command -v "$tool" >/dev/null || skip_lab "the bench needs $tool (Debian: iproute2 jq gawk util-linux procps)"
	done
	error=$(ip netns add "$(ns client)" 2>&1) || skip_lab "no network namespace can be made: $error"
	LBPAIR_BUILD=${LBPAIR_BUILD:-$PWD}
	LBD=${LBD:-$LBPAIR_BUILD/lbd/lbd}
	LOAD=${LOAD:-$LBPAIR_BUILD/tests/bench/load}
	local program
	for program in "$LBD" "$LOAD"; do
		[ -x "$program" ] || die "no program $program: make lbd/lbd tests/bench/load, or set LBPAIR_BUILD"
	done
}

# Who is absent is said, and the others are measured.
peers_find() {
	local there=
	for subject in $SUBJECTS; do
		case $subject in
		haproxy) command -v haproxy >/dev/null || { absent haproxy haproxy && continue; } ;;
		nginx)
			NGINX_STREAM=$(find /usr/lib/nginx/modules /usr/share/nginx/modules -name ngx_stream_module.so 2>/dev/null | head -n 1)
			if ! command -v nginx >/dev/null || [ -z "$NGINX_STREAM" ]; then
				absent nginx "nginx libnginx-mod-stream" && continue
			fi
			;;
		esac
		there="$there $subject"
	done
	SUBJECTS=${there# }
}
absent() { say "ABSENT: $1, so there is nothing to compare with: apt-get install $2"; }

# The last processor is the subjects', the one before it the load's.
processors_choose() {
	local list
	mapfile -t list < <(awk '/^processor/ { print $3 }' /proc/cpuinfo)
	BENCH_PROCESSOR=${BENCH_PROCESSOR:-${list[-1]}}
	BENCH_LOAD_PROCESSOR=${BENCH_LOAD_PROCESSOR:-${list[$((${#list[@]} > 1 ? ${#list[@]} - 2 : 0))]}}
	KSOFTIRQD=$(pgrep -x "ksoftirqd/$BENCH_PROCESSOR")
	[ "$BENCH_PROCESSOR" != "$BENCH_LOAD_PROCESSOR" ] ||
		say "NOTE: one processor for both the load and what is measured: only the processor time says something"
}

cable() { # cable HOST INTERFACE ADDRESS HOST INTERFACE ADDRESS
	ip -n "$(ns "$1")" link add "$2" type veth peer name "$5" netns "$(ns "$4")" &&
		ip -n "$(ns "$1")" addr add "$3/24" dev "$2" && ip -n "$(ns "$4")" addr add "$6/24" dev "$5" &&
		ip -n "$(ns "$1")" link set "$2" up && ip -n "$(ns "$4")" link set "$5" up
}

bench_up() {
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	trap 'exit 141' PIPE
	bench_can
	peers_find
	processors_choose
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/lbpair-bench.XXXXXX") || die "no temporary directory"
	chmod 755 "$LAB_DIR"
	ip netns add "$(ns lb)" || die "no network namespace"
	ip netns add "$(ns server)" || die "no network namespace"
	cable client eth0 192.0.2.50 lb eth0 $FRONT || die "no link"
	cable lb eth1 198.51.100.11 server eth0 $SERVER || die "no link"
	local host
	for host in $LAB_HOSTS; do
		ip -n "$(ns "$host")" link set lo up
		# So many in TIME_WAIT and no more: else each run would find more of them than the one before it.
		on "$host" sysctl -qw net.ipv4.ip_local_port_range='1024 65000' net.ipv4.tcp_tw_reuse=1 \
			net.ipv4.tcp_max_tw_buckets=10000 net.ipv4.tcp_no_metrics_save=1 \
			net.ipv4.tcp_congestion_control=cubic \
			net.core.somaxconn=65535 net.ipv4.tcp_max_syn_backlog=65535 2>/dev/null
	done
	ip -n "$(ns server)" route add local 10.66.0.0/16 dev lo
	ip -n "$(ns lb)" route add 10.66.0.0/16 via $SERVER
	RESULTS=$LAB_DIR/results.jsonl
	: >"$RESULTS"
	key_write
}

# ---- those who are measured

listens() { on lb ss -H"$1"ln "sport = :$2" | grep -q .; }
listens_or_ended() { listens t "$1" || gone "$2"; }

# subject_run NAME LOG PORT COMMAND...: on its processor, until it listens; sets PIDS[NAME].
subject_run() {
	local name=$1 log=$2 port=$3
	shift 3
	start lb "$log" taskset -c "$BENCH_PROCESSOR" "$@"
	wait_until 60 listens_or_ended "$port" "$STARTED"
	listens t "$port" || { cat "$LAB_DIR/$log" && die "$name does not listen on $port"; }
	PIDS[$name]="$STARTED $(cat "/proc/$STARTED/task/$STARTED/children" 2>/dev/null)"
}

lbd_run() { # lbd_run NAME PORT < sections
	local dir=$LAB_DIR/$1
	mkdir -p "$dir/run" "$dir/state"
	{
		cat <<-END
			pair {
			    key-file = $LAB_DIR/pair.key
			    node lb1 { address = 192.0.2.11  priority = 150 }
			    node lb2 { address = 192.0.2.12 }
			}
			forwarder { threads = 1 }
		END
		cat
	} >"$dir/conf"
	subject_run "$1" "$1.log" "$2" "$LBD" -c "$dir/conf" -n lb1 --run-dir "$dir/run" --state-dir "$dir/state"
}

# subject_start NAME KIND PORT
subject_start() { "${2}_start" "$1" "$3"; }

lbd_start() {
	lbd_run "$1" "$2" <<-END
		service tcp { listen = { $FRONT:$2 }  pool = one }
		pool one { server s1 { address = $SERVER:8080 } }
		service udp { listen = { $FRONT:$2 }  protocol = udp  pool = datagrams }
		pool datagrams { server s1 { address = $SERVER:8053 } }
	END
}

haproxy_start() {
	mkdir -p "$LAB_DIR/$1"
	cat >"$LAB_DIR/$1/conf" <<-END
		global
		    nbthread 1
		    maxconn 7600
		    tune.pipesize 524288
		defaults
		    mode tcp
		    timeout connect 3s
		    timeout client 10m
		    timeout server 10m
		listen one
		    bind $FRONT:$2 backlog 65535
		    option splice-auto
		    server s1 $SERVER:8080
		# splice-auto does not splice what comes in pieces below its buffer; this does so always.
		listen bulk
		    bind $FRONT:$(($2 + BULK))
		    option splice-request
		    option splice-response
		    server s1 $SERVER:8080
	END
	subject_run "$1" "$1.log" "$2" haproxy -db -f "$LAB_DIR/$1/conf"
}

nginx_start() {
	local dir=$LAB_DIR/$1
	mkdir -p "$dir"
	cat >"$dir/conf" <<-END
		load_module $NGINX_STREAM;
		daemon off;
		user root;
		worker_processes 1;
		worker_rlimit_nofile 20000;
		pid $dir/pid;
		error_log $LAB_DIR/$1.log error;
		events { worker_connections 19000; }
		stream {
		    access_log off;
		    proxy_connect_timeout 3s;
		    proxy_timeout 10m;
		    server { listen $FRONT:$2 backlog=65535; proxy_pass $SERVER:8080; }
		    server { listen $FRONT:$2 udp; proxy_pass $SERVER:8053; }
		}
	END
	subject_run "$1" "$1.log" "$2" nginx -p "$dir" -c "$dir/conf"
	wait_until 10 has_worker "$STARTED" || die "nginx has no worker"
	PIDS[$1]="$STARTED $(cat "/proc/$STARTED/task/$STARTED/children")"
}
has_worker() { [ -n "$(cat "/proc/$1/task/$1/children")" ]; }

subject_stop() {
	local pid=${PIDS[$1]%% *}
	kill -TERM "$pid"
	wait_until 10 gone "$pid" || kill -KILL "$pid"
	unset "PIDS[$1]"
}

# Each connection goes to another of so many servers; each service has its port and its pool.
many_start() {
	local i
	{
		echo "service tcp { listen = { $FRONT:${PORT[lbd-servers]} }  pool = many }"
		echo "pool many {"
		for ((i = 0; i < MANY_SERVERS; i++)); do
			echo "  server s$i { address = 10.66.$((i / 250)).$((i % 250 + 1)):8080 }"
		done
		echo "}"
	} >"$LAB_DIR/sections"
	lbd_run lbd-servers "${PORT[lbd-servers]}" <"$LAB_DIR/sections"
	for ((i = 0; i < MANY_SERVICES; i++)); do
		echo "service tcp$i { listen = { $FRONT:$((PORT[lbd-services] + i)) }  pool = pool$i }"
		echo "pool pool$i { server s1 { address = $SERVER:8080 } }"
	done >"$LAB_DIR/sections"
	lbd_run lbd-services "${PORT[lbd-services]}" <"$LAB_DIR/sections"
}

# ---- measuring

has_row() { case ,$ROWS, in *,$1,*) ;; *) false ;; esac }

# measure ROW SUBJECT MODE [OPTION...]: a line of JSON more; a run that fails is noted, and the others go on.
measure() {
	local row=$1 subject=$2 mode=$3 server=$SERVER:8080 pid line
	shift 3
	[ "$mode" = datagrams ] && server=$SERVER:8053
	local options=(--front "$FRONT:${PORT[$subject]-}" --server "${server/$SERVER/0.0.0.0}"
		--client-netns "$(ns client)" --server-netns "$(ns server)" --processor "$BENCH_PROCESSOR")
	for pid in ${PIDS[$subject]-}; do options+=(--pid "$pid"); done
	# What the kernel puts off of a subject's packets, this thread of its does.
	[ -z "$KSOFTIRQD" ] || [ -z "${PIDS[$subject]-}" ] || options+=(--kernel-thread "$KSOFTIRQD")
	if ! line=$(taskset -c "$BENCH_LOAD_PROCESSOR" timeout 120 "$LOAD" "$mode" "${options[@]}" "$@" 2>&1) ||
		! jq -ce --arg row "$row" --arg subject "$subject" --argjson round "$ROUND" \
			'{row: $row, subject: $subject, round: $round} + .' <<<"$line" >>"$RESULTS"; then
		fail "round $ROUND: $row, $subject: $line"
		return
	fi
	say "round $ROUND: $row, $subject: $(tail -n 1 "$RESULTS" | jq -r --argjson facts null --arg what line -f "$here/report.jq")" >&2
}

bulk_front() { echo "$FRONT:$((PORT[$1] + ($(is "$1" haproxy && echo $BULK || echo 0))))"; }

# The subjects, whoever was first in the round before being last.
in_turn() {
	local -a list=("$@")
	local n=${#list[@]} i
	for ((i = 0; i < n; i++)); do echo "${list[$(((i + ROUND) % n))]}"; done
}

# Memory is measured on a process that has done nothing else yet.
measure_idle() {
	local subject
	# What the two ends take of the kernel by themselves. Those of the row before are to be gone.
	nap 1
	PORT[direct]=8080
	measure idle direct idle --connections "$IDLE" --server-netns "$(ns client)" --front 192.0.2.50:8080
	for subject in $(in_turn $SUBJECTS); do
		PORT[$subject-fresh]=$((PORT[$subject] + 100))
		subject_start "$subject-fresh" "$subject" "${PORT[$subject-fresh]}"
		measure idle "$subject-fresh" idle --connections "$IDLE"
		subject_stop "$subject-fresh"
	done
}

round() {
	local row subject
	for row in requests connections download upload latency datagrams; do
		has_row $row || continue
		for subject in $(in_turn $SUBJECTS); do
			case $row in
			download | upload)
				measure $row "$subject" $row --milliseconds $MS --connections 8 --front "$(bulk_front "$subject")"
				;;
			latency) measure $row "$subject" $row --milliseconds $LATENCY_MS --rate $RATE ;;
			datagrams) [ "$subject" = haproxy ] || measure $row "$subject" $row --milliseconds $MS ;;
			*) measure $row "$subject" $row --milliseconds $MS ;;
			esac
		done
	done
	if has_row many; then
		for subject in $(in_turn lbd lbd-servers lbd-services); do
			local fronts=1
			[ "$subject" = lbd-services ] && fronts=$MANY_SERVICES
			measure many "$subject" connections --milliseconds $MS --fronts $fronts
		done
	fi
	has_row idle && measure_idle
}

version_of() {
	case $1 in
	lbd) "$LBD" --version | head -n 1 ;;
	haproxy) haproxy -v | sed -n '1s/ - .*//p' ;;
	nginx) nginx -v 2>&1 | sed 's/^nginx version: //' ;;
	esac
}

facts() {
	local subject
	for subject in lbd haproxy nginx; do
		case " $SUBJECTS " in *" $subject "*) jq -n --arg k "$subject" --arg v "$(version_of "$subject")" '{($k): $v}' ;; esac
	done | jq -s --arg kind "$KIND" --arg kernel "$(uname -sr)" --arg date "$(date -u +%FT%TZ)" \
		--arg model "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" \
		--argjson processors "$(nproc)" --argjson processor "$BENCH_PROCESSOR" --argjson rounds "$ROUNDS" \
		--argjson load_processor "$BENCH_LOAD_PROCESSOR" --arg loadavg "$(cut -d' ' -f1-3 /proc/loadavg)" \
		--argjson many_servers $MANY_SERVERS --argjson many_services $MANY_SERVICES --argjson idle $IDLE \
		--argjson milliseconds $MS --argjson latency_milliseconds $LATENCY_MS --argjson rate $RATE \
		--argjson sanitized "$(grep -qa __asan_init "$LBD" && echo true || echo false)" \
		'{kind: $kind, date: $date, kernel: $kernel, model: $model, processors: $processors, processor: $processor,
		load_processor: $load_processor, load_average_before: $loadavg, rounds: $rounds, milliseconds: $milliseconds,
		latency_milliseconds: $latency_milliseconds, rate: $rate, idle: $idle, many_servers: $many_servers,
		many_services: $many_services, sanitized: $sanitized, versions: add}'
}

# Others measure other things in the same surroundings.
[ "${BENCH_ONLY_SOURCE-}" != yes ] || return 0

bench_up
FACTS=$(facts)
for subject in $SUBJECTS; do subject_start "$subject" "$subject" "${PORT[$subject]}"; done
has_row many && many_start
for ((ROUND = 1; ROUND <= ROUNDS; ROUND++)); do round; done

jq -s --argjson facts "$FACTS" --arg what report -f "$here/report.jq" "$RESULTS" >"$LAB_DIR/report.json" || die "no report"
cp "$LAB_DIR/report.json" "$JSON" || fail "cannot write $JSON"
jq -r --argjson facts null --arg what table -f "$here/report.jq" "$LAB_DIR/report.json"
say "all of it in $JSON"

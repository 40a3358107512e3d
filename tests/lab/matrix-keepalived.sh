# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# keepalived with HAProxy in the fault matrix: VRRP version 3 with the interval and the priorities of lbpair's nodes,
# real-time priority and locked memory as vrrpd has them, five announcements at once (its default) and a refresh each
# 60 s. A vrrp_script asks HAProxy each second, keepalived's shortest interval, and one failure is a fault (track_process
# wants the first network namespace of a host, so it cannot be tried here).
#
# What stands for what: `vrrp` is the child that speaks VRRP (SIGTERM goes to the parent, as systemd's does), `guardian`
# is the parent, which starts a child that died again. A planned failover is a reload with a smaller priority.

keepalived_names() { A=ka1 B=ka2 VIP=192.0.2.101; }
HOST_NUMBER[ka1]=13 HOST_NUMBER[ka2]=14
declare -A KA_PRIORITY=() KA_PID=() HA_PID=()

# Says what is missing; fails when nothing is.
keepalived_missing() {
	local program
	for program in keepalived haproxy; do
		command -v "$program" >/dev/null || { echo "$program is not installed" && return 0; }
	done
	return 1
}
keepalived_version() {
	keepalived --version 2>&1 | sed -n '1s/ (.*//p'
	haproxy -v | sed -n '1s/ - .*//p'
}

keepalived_up() {
	local node
	for node in $NODES; do
		on "$node" sysctl -qw net.ipv4.ip_nonlocal_bind=1
		mkdir -p "$LAB_DIR/$node"
		haproxy_write "$node"
	done
	keepalived_check_write
	keepalived_normal
}

haproxy_write() {
	cat >"$LAB_DIR/$1/haproxy.cfg" <<-END
		global
		    nbthread 1
		    maxconn 4000
		defaults
		    mode tcp
		    timeout connect 3s
		    timeout client 10m
		    timeout server 10m
		    retries 2
		listen web
		    bind $VIP:$VIP_PORT
		    balance roundrobin
		    option httpchk GET /healthz
		    default-server inter 200ms rise 2 fall 50
		    server app1 192.0.2.21:8080 check
		    server app2 192.0.2.22:8080 check
		    server app3 192.0.2.23:8080 check
		frontend alive
		    mode http
		    bind 127.0.0.1:8404
		    monitor-uri /alive
	END
}

keepalived_check_write() {
	cat >"$LAB_DIR/haproxy-alive" <<-'END'
		#!/bin/bash
		exec 3<>/dev/tcp/127.0.0.1/8404 || exit 1
		printf 'GET /alive HTTP/1.0\r\n\r\n' >&3
		read -r -t 0.5 line <&3 && [[ $line == *" 200 "* ]]
	END
	chmod 755 "$LAB_DIR/haproxy-alive"
}

keepalived_write() { # keepalived_write NODE PRIORITY
	local seconds
	KA_PRIORITY[$1]=$2
	seconds=$(awk -v t="$ADVERT_INTERVAL" 'BEGIN { print (t ~ /ms$/) ? t / 1000 : t + 0 }')
	cat >"$LAB_DIR/$1/keepalived.conf" <<-END
		global_defs {
		    router_id $1
		    vrrp_version 3
		    vrrp_rt_priority 50
		    vrrp_no_swap
		    vrrp_garp_master_refresh 60
		    enable_script_security
		    script_user root
		}
		vrrp_script haproxy {
		    script "$LAB_DIR/haproxy-alive"
		    interval 1
		    timeout 1
		    fall 1
		    rise 1
		}
		vrrp_instance web {
		    state BACKUP
		    interface eth0
		    virtual_router_id 52
		    priority $2
		    advert_int $seconds
		    virtual_ipaddress {
		        $VIP/32
		    }
		    track_script {
		        haproxy
		    }
		}
	END
}

# ---- processes

ka_child() { cat "$LAB_DIR/$1/vrrp.pid" 2>/dev/null; }
ka_start() {
	keepalived_write "$1" "${KA_PRIORITY[$1]}"
	rm -f "$LAB_DIR/$1"/*.pid
	start "$1" "$1-keepalived.log" keepalived -f "$LAB_DIR/$1/keepalived.conf" -n -l -P -p "$LAB_DIR/$1/main.pid" \
		-r "$LAB_DIR/$1/vrrp.pid"
	KA_PID[$1]=$STARTED
}
ha_start() {
	# shellcheck disable=SC2086 # words
	start "$1" "$1-haproxy.log" $FIRST haproxy -db -f "$LAB_DIR/$1/haproxy.cfg"
	HA_PID[$1]=$STARTED
}
ka_pid() { # ka_pid NODE WHAT
	case $2 in
	vrrp) ka_child "$1" ;;
	guardian) echo "${KA_PID[$1]}" ;;
	forwarder) echo "${HA_PID[$1]}" ;;
	esac
}

keepalived_hurt() { # keepalived_hurt NODE SIGNAL WHAT...
	local node=$1 signal=$2 what pids=
	shift 2
	for what in "$@"; do
		[ "$signal-$what" != TERM-vrrp ] || what=guardian
		pids="$pids $(ka_pid "$node" "$what")"
	done
	# shellcheck disable=SC2086 # a list of pids
	kill "-$signal" $pids
}

keepalived_planned() { # keepalived_planned FROM TO
	if [ "$1" = "$A" ]; then keepalived_write "$1" 50; else keepalived_write "$2" 150; fi
	kill -HUP "${KA_PID[$A]}"
}

keepalived_second_path() { :; } # it speaks on the LAN alone

ka_whole() { # both of its processes are there, and one that was started by a parent before it has not been orphaned
	local child
	child=$(ka_child "$1")
	[ -n "$child" ] && ! gone "$child" && ! gone "${KA_PID[$1]}"
}
# Ends what there is of keepalived, and takes away what it would leave for ever.
ka_clean() {
	local pid
	for pid in $(ip netns pids "$(ns "$1")"); do
		[ "$pid" = "${HA_PID[$1]-}" ] || kill -KILL "$pid" 2>/dev/null
	done
	ip -n "$(ns "$1")" addr del "$VIP/32" dev eth0 2>/dev/null
	return 0
}

keepalived_normal() {
	local node pid try
	for node in $NODES; do
		for pid in $(ip netns pids "$(ns "$node")"); do kill -CONT "$pid" 2>/dev/null; done
	done
	for try in 1 2 3; do
		for node in $NODES; do
			{ [ -n "${HA_PID[$node]-}" ] && ! gone "${HA_PID[$node]}"; } || ha_start "$node"
			[ "$try-${KA_PRIORITY[$node]-}" = "1-$(ka_priority "$node")" ] && ka_whole "$node" && continue
			ka_clean "$node"
			KA_PRIORITY[$node]=$(ka_priority "$node")
			ka_start "$node"
		done
		wait_until 8 holders_stay "$A" && return
	done
	return 1
}
ka_priority() { [ "$1" = "$A" ] && echo 150 || echo 100; }
holders_stay() {
	holders_are "$1" || return 1
	nap 0.5
	holders_are "$1" && ka_whole "$A" && ka_whole "$B"
}

# ---- both nodes

keepalived_restart() {
	local node pids
	pids="${KA_PID[$A]} ${KA_PID[$B]} ${HA_PID[$A]} ${HA_PID[$B]}"
	# shellcheck disable=SC2086 # a list of pids
	kill -TERM $pids
	for node in $NODES; do
		wait_until 5 gone "${HA_PID[$node]}" && ha_start "$node"
	done
	for node in $NODES; do
		wait_until 5 gone "${KA_PID[$node]}" && ka_start "$node"
	done
}
keepalived_kill_both() {
	local node
	for node in $NODES; do
		ka_clean "$node"
		kill -KILL "${HA_PID[$node]}"
	done
}
keepalived_start_both() {
	local node
	for node in $NODES; do
		ha_start "$node"
		ka_start "$node"
	done
}

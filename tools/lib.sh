# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tools: Debian packages, a copy of the sources, long commands that can be interrupted.

# ---- packages: what is there is left alone, and nothing that is installed is started on this host

BUILD_PACKAGES="gcc libc6-dev make autoconf automake autoconf-archive pkg-config libconfuse-dev libjansson-dev
	libssl-dev libnl-3-dev libnl-route-3-dev libmnl-dev libsystemd-dev libcap-ng-dev
	libmicrohttpd-dev libc-ares-dev"
TEST_PACKAGES="libcmocka-dev"
LAB_PACKAGES="iproute2 jq nftables nginx procps tcpdump util-linux"
# The other speakers of VRRP; without one of them its rows of the interoperation test are skipped.
INTEROP_PACKAGES="keepalived frr"

POLICY=/usr/sbin/policy-rc.d
POLICY_SAVED=/usr/sbin/policy-rc.d.before-lbpair

# A package's postinst asks this script whether it may start its service (invoke-rc.d(8)); 101 is "no".
policy_forbid() {
	policy_restore
	if [ -e "$POLICY" ]; then
		mv "$POLICY" "$POLICY_SAVED"
	fi
	printf '#!/bin/sh\n# lbpair tools: nothing that is installed now is started\nexit 101\n' >"$POLICY"
	chmod 0755 "$POLICY"
}

# Also after a run that was killed between the two: our own script gives itself away by its second line.
policy_restore() {
	if grep -qs '^# lbpair tools:' "$POLICY"; then
		rm -f "$POLICY"
	fi
	if [ -e "$POLICY_SAVED" ]; then
		mv "$POLICY_SAVED" "$POLICY"
	fi
}

# packages_missing NAME...: those of the names that are not installed.
packages_missing() {
	local name
	for name in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
	done
}

# packages_install LOG NAME...: installs what is missing, telling what. The caller has to call policy_restore on exit.
packages_install() {
	local log=$1 missing status=0
	shift
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "these packages are missing, and only root can install them:" $missing >&2
		return 1
	fi
	echo "installing:" $missing
	policy_forbid
	{
		export DEBIAN_FRONTEND=noninteractive
		# shellcheck disable=SC2086 # a list of names
		run apt-get update && run apt-get install -y --no-install-recommends $missing
	} >"$log" 2>&1 || status=$?
	policy_restore
	# What was not here before the tools came shall not start at the next boot either.
	local service
	for service in nginx keepalived frr; do
		if echo "$missing" | grep -qx "$service" && command -v systemctl >/dev/null; then
			systemctl disable "$service" >>"$log" 2>&1 || true
		fi
	done
	if [ $status != 0 ]; then
		tail -n 20 "$log" >&2
		echo "installing packages failed; the whole output: $log" >&2
	fi
	return $status
}

# ---- sources

# copy_sources DIR: the sources alone, without whatever was built in the checkout that we stand in.
copy_sources() {
	mkdir -p "$1" || return 1
	if git -c safe.directory='*' ls-files --error-unmatch configure.ac >/dev/null 2>&1; then
		git -c safe.directory='*' ls-files -z --cached --others --exclude-standard --deduplicate |
			while IFS= read -r -d '' file; do
				[ -e "$file" ] && printf '%s\0' "$file"
			done | tar -c --null -T - -f - | tar -x -C "$1" -f -
	else
		# An unpacked tarball, where somebody may have built.
		tar -c --exclude='./build-*' --exclude=./out . | tar -x -C "$1" -f - &&
			{ [ ! -e "$1/Makefile" ] || make -C "$1" distclean >/dev/null; }
	fi
}

# ---- long commands

RUNNING=

# run COMMAND...: in a process group of its own, because bash runs a trap only between commands, while `wait` can be
# interrupted; run_stop in the trap then ends the whole group.
run() {
	local status=0
	set -m
	"$@" </dev/null 3>&- & # 3 is the terminal of who calls us
	RUNNING=$!
	set +m
	wait $RUNNING || status=$?
	RUNNING=
	return $status
}
run_stop() {
	[ -z "$RUNNING" ] || kill -TERM -- "-$RUNNING" 2>/dev/null
	RUNNING=
}

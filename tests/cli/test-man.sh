#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The man pages against the programs: what --help prints has its place there, no page tells of an option that is not, and
# the example is a configuration.
set -u
export LC_ALL=C
build=${LBPAIR_BUILD:-.}
doc=${srcdir:-.}/doc
failed=0

fail() {
	echo "FAIL: $*"
	failed=1
}

# page FILE: its text, without most of what is there for the formatter.
page() { sed -e '/^\.\\"/d' -e 's/\\f.//g' -e 's/\\-/-/g' -e 's/\\&//g' -e 's/\\e/\\/g' "$doc/$1"; }
long_options() { grep -oE -- '--[a-z][a-z-]+' | sort -u; }

# same_options PAGE PROGRAM: both name the same long options, those of lbctl's verbs apart.
same_options() {
	local difference
	difference=$(diff <("$build/$2" --help | long_options) <(page "$1" | grep -v 'lbctl [a-z]' | long_options)) ||
		fail "$1 and $2 --help (<) name different options:"$'\n'"$difference"
}
# --check is of the daemons, and the page of lbctl says so.
difference=$(diff <("$build/lbctl/lbctl" --help | long_options) <(page lbctl.1 | long_options | grep -vx -e --check)) ||
	fail "lbctl.1 and lbctl --help (<) name different options:"$'\n'"$difference"
same_options lbd.8 lbd/lbd
same_options vrrpd.8 vrrpd/vrrpd

verbs=$("$build/lbctl/lbctl" --help | grep -E '^  [a-z]' | grep -oE '^  [a-z]+( [a-z]+)?' | sed 's/^  //')
[ "$(wc -l <<<"$verbs")" -ge 8 ] || fail "only these verbs: $verbs"
while read -r verb; do
	page lbctl.1 | grep -qE "^\.B[IR] \"?$verb\"?( |\$)" || fail "lbctl.1 has no verb $verb"
done <<<"$verbs"

example=$(mktemp) || exit 99
trap 'rm -f "$example"' EXIT
page lbpair.conf.5 | sed -n '/^\.SH EXAMPLE/,/^\.fi/{/^\./d; /^A vip/d; p}' >"$example"
[ "$("$build/lbctl/lbctl" check "$example")" = ok ] || fail "the example of lbpair.conf.5 is no configuration"

if command -v man >/dev/null; then
	for name in lbctl.1 lbd.8 vrrpd.8 lbpair.conf.5; do
		warnings=$(MANROFFSEQ='' man --warnings -E UTF-8 -l "$doc/$name" 2>&1 >/dev/null)
		[ -z "$warnings" ] || fail "$name: $warnings"
	done
fi

[ "$failed" = 0 ] && echo "PASS"
exit "$failed"

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The fault matrix (matrix.sh draws the lab), once through, lbpair alone: after each fault the service answers again
# within a time that also a slow machine that does other things keeps, two nodes do not have the VIP for longer than the
# lease and 2 s, who should have the VIP has it, and the pair recovers. The figures themselves are for make failover-matrix.
#
# Left out: a host that hears nothing but is heard, since without a track-gateway nobody moves there.
set -u
here=$(dirname "$(readlink -f "$0")")
GAP_BOUND_MS=4000 TWO_BOUND_MS=4000

list=$(bash "$here/matrix.sh" --list) || exit 1
rows=$(awk '$1 != "mute-in" { print $1 }' <<<"$list" | paste -sd,)
report=$(mktemp "${TMPDIR:-/tmp}/lbpair-matrix.XXXXXX") || exit 1
trap 'rm -f "$report"' EXIT
bash "$here/matrix.sh" --rounds 1 --subjects lbpair --interval 100ms --rows "$rows" --json "$report"
status=$?
[ $status = 0 ] || exit $status

jq -r --argjson gap $GAP_BOUND_MS --argjson two $TWO_BOUND_MS '.rows[] | .title as $title | .goal as $goal | .lbpair
	| if . == null then "\($title): not measured"
	elif .missed > 0 then "\($title): it did not end as it should"
	elif .gap_ms.max > $gap then "\($title): the client waited \(.gap_ms.max) ms, over \($gap)"
	elif $goal != "apart" and .two_ms.max > $two then "\($title): two had the VIP for \(.two_ms.max) ms, over \($two)"
	else empty end' "$report" >"$report.bad" || exit 1
count=$(jq '[.rows[] | select(.lbpair != null)] | length' "$report")
if [ "$count" != "$(tr , '\n' <<<"$rows" | wc -l)" ] || [ -s "$report.bad" ]; then
	sed 's/^/FAILED: /' "$report.bad"
	rm -f "$report.bad"
	exit 1
fi
rm -f "$report.bad"
echo "ok: $count rows"

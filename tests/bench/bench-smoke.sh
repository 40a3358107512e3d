#!/bin/bash
# SPDX-License-Identifier: MIT
# The bench still runs, with runs too short to say anything: each metric of its table has a value of lbd, and of each
# peer that is installed. What the values are is nobody's business here.

set -u
here=$(dirname "$(readlink -f "$0")")
dir=$(mktemp -d "${TMPDIR:-/tmp}/lbpair-smoke.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

bash "$here/bench.sh" --smoke --json "$dir/bench.json"
status=$?
[ $status = 0 ] || exit $status

want='requests|requests|requests|connections|connections|connections|download|download|download|upload|upload|upload'
want="$want|latency|latency|latency|latency|datagrams|datagrams|idle|idle|many|many"
have=$(jq -r '[.rows[].row] | join("|")' "$dir/bench.json")
if [ "$have" != "$want" ]; then
	echo "FAILED: the rows are $have"
	exit 1
fi
missing=$(jq -r '(.versions | keys) as $there
	| .rows[] | . as $row | $there[]
	| select((. == "lbd" or $row.row != "many") and (. != "haproxy" or $row.row != "datagrams"))
	| select($row.subjects[.].median == null) | "\($row.name): nothing of \(.)"' "$dir/bench.json")
if [ -n "$missing" ]; then
	echo "FAILED: $missing"
	exit 1
fi
echo "ok: each row has its values"

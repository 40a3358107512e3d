# SPDX-License-Identifier: MIT
# What matrix.sh makes of its lines. $what: report (the lines and $facts, as an object), merge (an array of such objects,
# as one object for each interval; $order is all rows' names), table (such objects, as text).

def median:
	sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def figure: if . == "-" then null else tonumber end;

# Of the rounds of one row and subject.
def summary:
	if length == 0 then null else {
		rounds: length,
		gap_ms: {median: ([.[].gap_ms] | median), max: ([.[].gap_ms] | max)},
		two_ms: {median: ([.[].two_ms] | median), max: ([.[].two_ms] | max)},
		failed: ([.[].failed] | median),
		two_stays: ([.[] | select(.two_stays)] | length),
		missed: ([.[] | select(.reached | not)] | length)
	} end;

# A row of {row, title, goal, figure_gap_ms, figure_two_ms} with what the lines have of it.
def measured($lines):
	{row, title, goal, figure_gap_ms, figure_two_ms} as $row
	| [$lines[] | select(.row == $row.row)] as $own
	| $row + {
		lbpair: ([$own[] | select(.subject == "lbpair")] | summary),
		keepalived: ([$own[] | select(.subject == "keepalived")] | summary)}
	| .holds = if .lbpair == null or (.figure_gap_ms == null and .figure_two_ms == null) then null
		else .lbpair.missed == 0 and (.figure_gap_ms == null or .lbpair.gap_ms.median <= .figure_gap_ms)
			and (.figure_two_ms == null or .lbpair.two_ms.max <= .figure_two_ms) end;

def report:
	. as $lines
	| $facts + {
		rows: [$facts.rows[]
			| .figure_gap_ms = (if $facts.interval == "10ms" then .at_10ms else .at_100ms end | figure)
			| .figure_two_ms = (.two | figure)
			| measured($lines)],
		lines: $lines
	};

# Each value once, in the order in which it came.
def distinct: reduce .[] as $value ([]; if index([$value]) then . else . + [$value] end);
def joined: distinct | join("; ");

def merge:
	($order | split(" ")) as $names
	| group_by(.interval) | sort_by(-(.[0].interval | rtrimstr("ms") | tonumber? // 0))
	| map([.[].lines[]] as $lines | [.[].rows[]] as $rows | {
		date: ([.[].date] | sort | distinct | if length == 1 then .[0] else .[0] + " to " + .[-1] end),
		kernel: ([.[].kernel] | joined), model: ([.[].model] | joined),
		processors: ([.[].processors] | max), load_average_before: ([.[].load_average_before] | joined),
		interval: .[0].interval, sanitized: any(.[]; .sanitized), subjects: ([.[].subjects[]] | distinct),
		two_bound_ms: .[0].two_bound_ms,
		rows: [$names[] as $name | first($rows[] | select(.row == $name)) | measured($lines)],
		lines: $lines
	});

# ---- the table

def left($n): . + " " * ([$n - length, 0] | max);
def right($n): " " * ([$n - length, 0] | max) + .;
def ms: if . == null then "-" elif . < 100 then (. * 10 | round) / 10 | tostring else round | tostring end;
def two($stays): if $stays then "stays" else ms end;

def cells:
	if . == null then ("-" | right(8)) + ("-" | right(7)) + ("-" | right(8)) + ("-" | right(7)) + ("" | right(5))
	else (.gap_ms.median | ms | right(8)) + (.gap_ms.max | ms | right(7))
		+ (.two_stays as $n | .rounds as $all | .two_ms | (.median | two($n * 2 > $all) | right(8)) + (.max | two($n > 0) | right(7)))
		+ ((if .missed > 0 then "\(.missed)!" else "" end) | right(5))
	end;
def holds: if .holds == null then "" elif .holds then "yes" else "NO" end;

def rounds: [.rows[] | .lbpair, .keepalived | select(. != null) | .rounds] | unique
	| if length == 0 then "no rounds" elif length == 1 then "\(.[0]) rounds" else "\(.[0]) to \(.[-1]) rounds" end;
# How many, of a row that has not as many as others.
def own_rounds($differ): if $differ then "\([.lbpair, .keepalived | select(. != null) | .rounds] | max // 0) x" else "" end;

def table:
	([.rows[] | .lbpair, .keepalived | select(. != null) | .rounds] | unique | length > 1) as $differ
	| "fault matrix: advert-interval \(.interval), \(rounds), \(.date), \(.kernel), \(.processors) x \(.model), load \(.load_average_before)",
	(.subjects | join("; ")),
	"gap: the longest time between two answers; two: how long two nodes had the VIP (stays: over \(.two_bound_ms / 1000) s); ms; !: rounds that did not end as they should",
	(if .sanitized then "BUILT WITH SANITIZERS: the figures say little" else empty end),
	"",
	("" | left(34)) + ("lbpair" | left(35)) + ("keepalived" | left(36)) + "DESIGN",
	("" | left(34)) + ("gap" | right(8)) + ("max" | right(7)) + ("two" | right(8)) + ("max" | right(7)) + ("" | right(5))
		+ ("gap" | right(8)) + ("max" | right(7)) + ("two" | right(8)) + ("max" | right(7)) + ("" | right(5))
		+ ("gap" | right(6)) + ("two" | right(6)) + "  holds",
	(.rows[] | (.title | left(34)) + (.lbpair | cells) + (.keepalived | cells)
		+ (.figure_gap_ms | ms | right(6)) + (.figure_two_ms | ms | right(6)) + "  " + (holds | left(4)) + own_rounds($differ)
		| sub(" +$"; "")),
	"";

if $what == "report" then report
elif $what == "merge" then merge
elif type == "array" then .[] | table
else table end

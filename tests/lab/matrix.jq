# SPDX-License-Identifier: MIT
# What matrix.sh makes of its lines. $what: report (the lines and $facts, as an object), table (that object, as text).

def median:
	sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def figure: if . == "-" then null else tonumber end;

# Of the rounds of one row and subject.
def summary($bound):
	if length == 0 then null else {
		rounds: length,
		gap_ms: {median: ([.[].gap_ms] | median), max: ([.[].gap_ms] | max)},
		two_ms: {median: ([.[].two_ms] | median), max: ([.[].two_ms] | max)},
		failed: ([.[].failed] | median),
		two_stays: ([.[] | select(.two_stays)] | length),
		missed: ([.[] | select(.reached | not)] | length)
	} end;

def report:
	. as $lines
	| $facts + {
		rows: [$facts.rows[] | . as $row
			| (if $facts.interval == "10ms" then .at_10ms else .at_100ms end | figure) as $gap
			| (.two | figure) as $two
			| [$lines[] | select(.row == $row.row)] as $own
			| {row, title, goal, figure_gap_ms: $gap, figure_two_ms: $two,
				lbpair: ([$own[] | select(.subject == "lbpair")] | summary($facts.two_bound_ms)),
				keepalived: ([$own[] | select(.subject == "keepalived")] | summary($facts.two_bound_ms))}
			| .holds = if .lbpair == null or ($gap == null and $two == null) then null
				else .lbpair.missed == 0 and ($gap == null or .lbpair.gap_ms.median <= $gap)
					and ($two == null or .lbpair.two_ms.max <= $two) end],
		lines: $lines
	};

# ---- the table

def left($n): . + " " * ([$n - length, 0] | max);
def right($n): " " * ([$n - length, 0] | max) + .;
def ms: if . == null then "-" elif . < 100 then (. * 10 | round) / 10 | tostring else round | tostring end;
def two($stays): if $stays then "stays" else ms end;

def cells:
	if . == null then ("-" | right(8)) + ("-" | right(7)) + ("-" | right(8)) + ("-" | right(7)) + ("-" | right(5))
	else (.gap_ms.median | ms | right(8)) + (.gap_ms.max | ms | right(7))
		+ (.two_stays as $n | .rounds as $all | .two_ms | (.median | two($n * 2 > $all) | right(8)) + (.max | two($n > 0) | right(7)))
		+ ((if .missed > 0 then "\(.missed)!" else "" end) | right(5))
	end;
def holds: if .holds == null then "" elif .holds then "yes" else "NO" end;

def table:
	"fault matrix: advert-interval \(.interval), \(.rounds) rounds, \(.date), \(.kernel), \(.processors) x \(.model), load \(.load_average_before)",
	(.subjects | join("; ")),
	"gap: the longest time between two answers; two: how long two nodes had the VIP (stays: over \(.two_bound_ms / 1000) s); ms; !: rounds that did not end as they should",
	(if .sanitized then "BUILT WITH SANITIZERS: the figures say little" else empty end),
	"",
	("" | left(34)) + ("lbpair" | left(35)) + ("keepalived" | left(36)) + "DESIGN",
	("" | left(34)) + ("gap" | right(8)) + ("max" | right(7)) + ("two" | right(8)) + ("max" | right(7)) + ("" | right(5))
		+ ("gap" | right(8)) + ("max" | right(7)) + ("two" | right(8)) + ("max" | right(7)) + ("" | right(5))
		+ ("gap" | right(6)) + ("two" | right(6)) + "  holds",
	(.rows[] | (.title | left(34)) + (.lbpair | cells) + (.keepalived | cells)
		+ (.figure_gap_ms | ms | right(6)) + (.figure_two_ms | ms | right(6)) + "  " + holds);

if $what == "report" then report else table end

# SPDX-License-Identifier: MIT
# What bench.sh makes of its lines. $what: line (one of them, in short), report (all of them and $facts, as an object),
# table (that object, as text).

def subjects: ["lbd", "haproxy", "nginx"];

# A metric: of which row, what of a line, whether more is better, and the figure for lbd: a ratio to `to` (HAProxy, else
# the subject named), or an `absolute`.
def metrics: [
	{row: "requests", name: "requests kept alive", unit: "/s", of: "rate", more: true, figure: 0.98},
	{row: "requests", name: "  processor time a request", unit: "us", of: "cpu_us", figure: 0.9},
	{row: "requests", name: "  of its processor", unit: "%", of: "busy"},
	{row: "connections", name: "connections", unit: "/s", of: "rate", more: true, figure: 0.98},
	{row: "connections", name: "  processor time a connection", unit: "us", of: "cpu_us"},
	{row: "connections", name: "  of its processor", unit: "%", of: "busy"},
	{row: "download", name: "bulk, server to client", unit: "MB/s", of: "megabytes", more: true, figure: 0.98},
	{row: "download", name: "  processor time a GB", unit: "ms", of: "cpu_ms_gb", figure: 1.0},
	{row: "download", name: "  of its processor", unit: "%", of: "busy"},
	{row: "upload", name: "bulk, client to server", unit: "MB/s", of: "megabytes", more: true, figure: 0.98},
	{row: "upload", name: "  processor time a GB", unit: "ms", of: "cpu_ms_gb", figure: 1.0},
	{row: "upload", name: "  of its processor", unit: "%", of: "busy"},
	{row: "latency", name: "latency at a fixed rate, p50", unit: "us", of: "p50"},
	{row: "latency", name: "  p99", unit: "us", of: "p99", figure: 1.0},
	{row: "latency", name: "  p99.9", unit: "us", of: "p999"},
	{row: "latency", name: "  processor time a request", unit: "us", of: "cpu_us"},
	{row: "datagrams", name: "UDP datagrams, there and back", unit: "/s", of: "rate", more: true, figure: 0.98, to: "nginx"},
	{row: "datagrams", name: "  processor time for each", unit: "us", of: "cpu_us"},
	{row: "idle", name: "idle connection, user memory", unit: "bytes", of: "user_bytes", absolute: 1024},
	{row: "idle", name: "  kernel slab", unit: "bytes", of: "slab_bytes"}
];
# lbd with much configured, in relation to lbd with one service and one server.
def many: [
	{subject: "lbd-servers", name: "connections, of many servers"},
	{subject: "lbd-services", name: "connections, of many services"}
];

def value($of):
	if $of == "rate" then .count / .seconds
	elif $of == "cpu_us" then if .count > 0 then .cpu_ns / 1e3 / .count else null end
	elif $of == "busy" then .cpu_ns / .seconds / 1e7
	elif $of == "others" then (.busy_ns - .cpu_ns) / .seconds / 1e7
	elif $of == "megabytes" then .bytes / .seconds / 1e6
	elif $of == "cpu_ms_gb" then if .bytes > 0 then .cpu_ns / 1e6 / (.bytes / 1e9) else null end
	elif $of == "p50" then .p50_us
	elif $of == "p99" then .p99_us
	elif $of == "p999" then .p999_us
	elif $of == "user_bytes" then .user_bytes / .count
	else .slab_bytes / .count
	end;

def median:
	sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def significant:
	if . == null then "-"
	elif fabs >= 1000 then round | tostring
	elif fabs >= 100 then (. * 10 | round) / 10 | tostring
	else (. * 100 | round) / 100 | tostring end;
def left($n): . + " " * ([$n - length, 0] | max);
def right($n): " " * ([$n - length, 0] | max) + .;

# ---- one line

def line:
	.row as $row
	| ([metrics[] | select(.row == $row or ($row == "many" and .row == "connections"))] | unique_by(.of)) as $ms
	| [. as $l | $ms[] | .of as $of | "\($l | value($of) | significant) \(.unit)"]
	| join(", ");

# ---- the report

# {round: value} of a subject. The kernel's memory for an idle connection is what there is beside the load's own ends.
def by_round($lines; $row; $subject; $of):
	[$lines[] | select(.row == $row and .subject == $subject)] as $own
	| [$lines[] | select(.row == "idle" and .subject == "direct")] as $direct
	| [$own[] | .round as $round
		| value($of) as $value
		| (if $of == "slab_bytes" then ([$direct[] | select(.round == $round) | value($of)][0] // 0) else 0 end) as $base
		| select($value != null)
		| {key: ($round | tostring), value: ($value - $base)}]
	| from_entries;

def paired($mine; $others):
	[$mine | to_entries[] | .key as $k | select(($others[$k] // 0) > 0) | .value / $others[$k]];
def ratio($mine; $others):
	paired($mine; $others) | if length == 0 then null else {median: median, min: min, max: max} end;

def holds:
	if .figure and .ratios[.to] then
		if .more then .ratios[.to].median >= .figure else .ratios[.to].median <= .figure end
	elif .absolute and .subjects.lbd.median != null then .subjects.lbd.median <= .absolute
	else null end;

def row($lines):
	. as $metric
	| (if .row == "idle" then "-fresh" else "" end) as $suffix
	| (reduce subjects[] as $s ({}; .[$s] = by_round($lines; $metric.row; $s + $suffix; $metric.of))) as $all
	| . + {
		to: (.to // "haproxy"),
		subjects: ($all | map_values({median: ([.[]] | median), rounds: .})),
		ratios: ({haproxy: ratio($all.lbd; $all.haproxy), nginx: ratio($all.lbd; $all.nginx)})
	}
	| .holds = holds;

def many_row($lines):
	. as $many
	| by_round($lines; "many"; "lbd"; "rate") as $one
	| by_round($lines; "many"; $many.subject; "rate") as $of_many
	| {row: "many", name, unit: "/s", of: "rate", more: true, figure: 0.9, to: "one",
		subjects: {lbd: {median: ([$of_many[]] | median), rounds: $of_many}, one: {median: ([$one[]] | median), rounds: $one}},
		ratios: {one: ratio($of_many; $one)}}
	| .holds = holds;

def report:
	. as $lines
	| ($lines | map(.row) | unique) as $rows
	| $facts + {
		others_percent: ([$lines[] | value("others")] | median),
		errors: ([$lines[].errors] | add),
		rows: ([metrics[] | select(.row as $r | $rows | index($r)) | row($lines)]
			+ [many[] | select($rows | index("many")) | many_row($lines)]),
		lines: $lines
	};

# ---- the table

def verdict:
	if .holds == null then "" else
		(if .absolute then "at most \(.absolute)" elif .more then "at least \(.figure)" else "at most \(.figure)" end)
		+ (if .to == "haproxy" or .absolute then "" else " of \(.to)" end)
		+ (if .holds then ": yes" else ": NO" end)
	end;
def span: if . == null then "-" else "\(.median | significant) (\(.min | significant)..\(.max | significant))" end;

def header:
	"lbpair bench (\(.kind)): \(.rounds) rounds, medians; ratios are lbd's to HAProxy's by round: median (least..greatest)",
	"\(.date), \(.kernel), \(.processors) x \(.model); load average before: \(.load_average_before)",
	([.versions[]] | join("; ")),
	"one thread each, on processor \(.processor); clients and servers on processor \(.load_processor); others had \(.others_percent | significant) % of the former; \(.errors) errors",
	"runs of \(.milliseconds) ms (latency \(.latency_milliseconds) ms, \(.rate) requests/s of an open loop, counted from when each was due)",
	"64 connections with requests of 100 and answers of 1000 bytes; bulk: 8 connections; datagrams of 100 bytes, 64 flows; \(.idle) idle connections; many: \(.many_servers) servers, \(.many_services) services",
	(if .sanitized then "THIS LBD IS BUILT WITH SANITIZERS: its figures say nothing" else empty end);

def table:
	header, "",
	(("" | left(32)) + ("lbd" | right(11)) + ("HAProxy" | right(11)) + ("nginx" | right(11)) + "        "
		+ ("ratio" | left(24)) + "figure"),
	(.rows[]
		| ("\(.name)" | left(32))
		+ (.subjects.lbd.median | significant | right(11))
		+ ((.subjects.haproxy.median // null) | significant | right(11))
		+ ((.subjects.nginx.median // null) | significant | right(11))
		+ " " + (.unit | left(7))
		+ ((.ratios[if .to == "haproxy" then "haproxy" else .to end]) | span | left(24))
		+ verdict);

if $what == "line" then line elif $what == "report" then report else table end

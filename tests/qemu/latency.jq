# SPDX-License-Identifier: GPL-2.0
# Results of the latency case from several boots, made one. Histograms are
# lists of [ns, count] with a cell for each value, so the merged quantile is
# exact.

# cyclictest's file, counted in us, in the shape of keel's.
def from_cyclictest:
	.thread["0"] | {
		what: "linux-fifo",
		samples: .cycles,
		min_ns: (.min * 1000),
		avg_ns: (.avg * 1000),
		max_ns: (.max * 1000),
		overruns: null,
		histogram: [.histogram | to_entries[] |
			[(.key | tonumber) * 1000, .value]]
	};

def merged_histogram:
	[.[].histogram[]] | group_by(.[0]) |
	map([.[0][0], (map(.[1]) | add)]);

# The smallest value that no less than this share of the samples stay within.
def quantile($share):
	(map(.[1]) | add * $share) as $need |
	first(foreach .[] as [$ns, $count] (0; . + $count;
		if . >= $need then $ns else empty end));

def merged:
	([.[].samples] | add) as $samples |
	merged_histogram as $histogram | {
		what: .[0].what,
		samples: $samples,
		min_ns: ([.[].min_ns] | min),
		avg_ns: ([.[] | .avg_ns * .samples] | add / $samples | round),
		p999_ns: ($histogram | quantile(0.999)),
		max_ns: ([.[].max_ns] | max),
		overruns: ([.[].overruns] | add),
		histogram: $histogram
	};

# A row of the report: the figures without their histogram.
def row: del(.histogram);

# What was promised: no overrun, the bounds of keel's rows, and a load that
# did hurt an ordinary real-time thread.
def missed:
	map({(.what): .}) | add |
	[
		(.["keel-irq"] | select(.max_ns > 350) | "keel-irq max above 350 ns"),
		(.["keel-user"] | select(.avg_ns > 500) | "keel-user avg above 500 ns"),
		(.["keel-user"] | select(.max_ns > 1000) | "keel-user max above 1000 ns"),
		(.["keel-irq"], .["keel-user"] | select(.overruns != 0) |
			"\(.what) has overruns"),
		(.["linux-fifo"] | select(.max_ns < 1000000) |
			"linux-fifo max below 1 ms: the load did not bite")
	];

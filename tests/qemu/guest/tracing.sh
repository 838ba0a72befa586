# SPDX-License-Identifier: GPL-2.0
# Linux's tracers and probes, by way of tracefs. To be sourced by cases.
# shellcheck shell=dash

tracing=/sys/kernel/debug/tracing
sites=/sys/kernel/debug/keel/sites

# tracer NAME: in force from now on; and the buffer's work is seen.
tracer() { echo "$1" >$tracing/current_tracer; }

# The trace itself is not read: one that grows as fast as it is read has no end.
trace_entries() {
	awk '/^(entries|overrun):/ { n += $2 } END { print n }' $tracing/per_cpu/cpu*/stats
}

trace_empty() { echo >$tracing/trace; }

# ---- probes

# symbol_at NAME: its address, in hexadecimal.
symbol_at() { awk -v name="$1" '$3 == name && NF == 3 { print $1; exit }' /proc/kallsyms; }

# slot_in FUNCTION KIND: the address of its first slot of that kind, as keel lists them in the
# file /tmp/sites.
slot_in() {
	stext=$(symbol_at _stext)
	from=$((0x$(symbol_at "$1") - 0x$stext))
	while read -r offset kind how; do
		if [ "$kind $how" = "$2 virtual" ] && [ $((0x$offset)) -ge $from ]; then
			[ $((0x$offset)) -lt $((from + 200)) ] || break
			printf '0x%x\n' $((0x$stext + 0x$offset))
			return
		fi
	done </tmp/sites
	fail "no $2 slot in $1"
}

# probe NAME WHERE [p|r]: listed, not yet armed. The address must begin an instruction.
probe() { echo "${3:-p}:$1 $2" >>$tracing/kprobe_events; }

probe_on() { echo 1 >"$tracing/events/kprobes/$1/enable"; }
probe_off() { echo 0 >"$tracing/events/kprobes/$1/enable"; }
probe_remove() { echo "-:$1" >>$tracing/kprobe_events; }

# How often it was met.
probe_hits() { awk -v name="$1" '$1 == name { print $2 }' $tracing/kprobe_profile; }

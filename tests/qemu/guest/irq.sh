# SPDX-License-Identifier: GPL-2.0
# Interrupts of devices, counted, with hard threads on all CPUs. To be sourced by cases.
# shellcheck shell=dash

edu=/sys/kernel/debug/edu

# A thread and a timer of 1 kHz on CPUs $1 to the last.
hard_start() {
	hard=
	for cpu in $(seq "$1" $(($(nproc) - 1))); do
		keel latency -p 1000 -P 80 -c "$cpu" -q --json "/tmp/hard.$cpu" >/dev/null &
		hard="$hard $!"
		keel latency --irq -p 1000 -c "$cpu" -q >/dev/null &
		hard="$hard $!"
	done
}

hard_stop() {
	for pid in $hard; do
		kill -INT "$pid"
		wait "$pid" || fail "a measurement ended with $?"
	done
	for cpu in $(seq "$1" $(($(nproc) - 1))); do
		[ "$(json_number "/tmp/hard.$cpu" samples)" -gt 100 ] ||
			fail "few samples on CPU $cpu"
		[ "$(json_number "/tmp/hard.$cpu" mode_switches)" -eq 0 ] ||
			fail "CPU $cpu: in-band"
	done
}

# irqs NAME: the lines in /proc/interrupts that match; how often line $1 came, on any CPU.
irqs() { sed -n "s/^ *\([0-9]*\):.*$1.*/\1/p" /proc/interrupts; }
line_count() {
	awk -v n="$1:" '$1 == n {
		for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i
		print sum + 0
	}' /proc/interrupts
}

# wander NAME: all such lines go from CPU to CPU, each at its own pace, until wander_stop.
wander() {
	irqs "$1" >/tmp/wander
	while :; do
		for cpu in 1 2 3 1 2; do
			while read -r irq; do
				# Not all may move, and none to a CPU that is away.
				echo $cpu >"/proc/irq/$irq/smp_affinity" || :
				usleep 3000
			done </tmp/wander 2>/dev/null
		done
	done &
	wanderer=$!
}

wander_stop() {
	kill "$wanderer"
	wait "$wanderer" || :
}

no_stray() { ! log_since | grep -i "no irq handler" || fail "an interrupt went astray"; }

# Nothing is raised any more, and all that was is handled.
edu_quiet() {
	counts=$(cat $edu/counts)
	usleep 200000
	[ "$counts" = "$(cat $edu/counts)" ] && awk '$5 != $6 { exit 1 }' $edu/counts
}

# edu_rest WHAT: the devices come to rest, and no interrupt was lost or doubled.
edu_rest() {
	echo 0 >/sys/module/edu/parameters/run
	wait_for 20 edu_quiet || :
	cat $edu/counts
	awk -v what="$1" '
	$3 { print "fail: " what ": interrupt " $2 " lost"; bad = 1 }
	$4 { print "fail: " what ": interrupt " $2 " doubled"; bad = 1 }
	$5 != $6 { print "fail: " what ": " $5 " raised, " $6 " handled"; bad = 1 }
	NR <= 2 && $5 != $7 { print "fail: " what ": " $5 " raised, " $7 " runs"; bad = 1 }
	$5 < 100 || $8 < 20 { print "fail: " what ": too little was tried"; bad = 1 }
	END { exit bad || NR < 4 }' $edu/counts || exit 1
	while read -r kind irq lost doubled raised handled runs stalled; do
		# A message that comes while its handler runs on another CPU makes it run once
		# more, and Linux counts no interrupt for that.
		[ "$kind" = line ] && continue
		count=$(line_count "$irq")
		[ "$count" -le "$runs" ] && [ "$count" -ge $((runs - runs / 100)) ] ||
			fail "$1: $runs runs, $count counted by Linux"
	done <$edu/counts
	no_stray
	echo 1 >/sys/module/edu/parameters/run
}

# offline_rounds N: the last CPU goes and comes back under what runs.
offline_rounds() {
	online=/sys/devices/system/cpu/cpu$(($(nproc) - 1))/online
	for round in $(seq "$1"); do
		echo 0 >"$online" || fail "round $round: the CPU does not go"
		usleep 100000
		echo 1 >"$online" || fail "round $round: the CPU does not come"
		usleep 200000
	done
}

spurious_count() { line_count SPU; }

# What Linux says and counts of vectors that nobody asked for: $1 goes to edu/raise.
stray() {
	before=$(spurious_count)
	echo "keel-test: stray $1" >/dev/kmsg
	echo "$1" >$edu/raise
	usleep 50000
	said=$(log_since | grep -ciE "spurious|no irq handler" || :)
	echo "$1 $(($(spurious_count) - before)) $said"
}

strays() {
	stray 245
	stray 231
	stray int255
	echo "keel-test: no more strays" >/dev/kmsg
}

# count_test SECONDS
count_test() {
	load_module edu opens=1 run=0
	strays >/tmp/strays
	load_keel
	[ "$(strays)" = "$(cat /tmp/strays)" ] || fail "strays: $(strays), without keel: $(cat /tmp/strays)"
	unload_module edu

	load_module edu opens=1
	start_load hack
	wander edu
	hard_start 0
	sleep "$1"
	hard_stop 0
	edu_rest "hard threads"

	offline_rounds "$1"
	edu_rest "a CPU that goes"
	wander_stop
	stop_load

	keel stop >/dev/null
	sleep 1
	keel start >/dev/null
	sleep 1
	edu_rest "keel that goes and comes back"
	unload_module edu
}

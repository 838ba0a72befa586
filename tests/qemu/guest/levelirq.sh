# SPDX-License-Identifier: GPL-2.0
# A disk on a level-triggered line, read whole again and again beside keel's
# timers and a load. To be sourced by cases.
# shellcheck shell=dash

disk_sum() {
	echo 3 >/proc/sys/vm/drop_caches
	sha256sum /dev/vda
}

# The disk's line in /proc/interrupts, and how often it came on any CPU.
disk_line() { grep 'virtio0$' /proc/interrupts; }
disk_irq() { disk_line | sed 's/^ *\([0-9]*\):.*/\1/'; }
disk_interrupts() {
	disk_line | awk '{ n = 0; for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i; print n }'
}

keel_threads() {
	threads=
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		keel latency -p 1000 -P 80 -c "$cpu" -q --json "/tmp/hard.$cpu" >/dev/null &
		threads="$threads $!"
		keel latency --irq -p 1000 -c "$cpu" -q >/dev/null &
		threads="$threads $!"
	done
}

keel_threads_stop() {
	for pid in $threads; do
		kill -INT "$pid"
		wait "$pid" || fail "a measurement ended with $?"
	done
}

# The line goes from CPU to CPU while it is busy.
wander() {
	while :; do
		for cpu in 1 2; do
			echo $cpu >"/proc/irq/$(disk_irq)/smp_affinity"
			usleep 50000
		done
	done
}

# test_disk TIMES
test_disk() {
	disk_line | grep -q fasteoi || fail "no level-triggered line: $(disk_line)"
	sum=$(disk_sum)
	load_keel
	keel_threads
	start_load hack
	[ "$(nproc)" -eq 1 ] || { wander & wanderer=$!; }
	for round in $(seq "$1"); do
		before=$(disk_interrupts)
		[ "$(disk_sum)" = "$sum" ] || fail "round $round: the disk reads otherwise"
		[ "$(disk_interrupts)" -gt $((before + 20)) ] || fail "no interrupts: $(disk_line)"
	done
	[ "$(nproc)" -eq 1 ] || kill "$wanderer"
	stop_load
	keel_threads_stop
	disk_line
	metric disk_interrupts "$(disk_interrupts)"
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		[ "$(json_number "/tmp/hard.$cpu" samples)" -gt 100 ] || fail "no samples, CPU $cpu"
	done
}

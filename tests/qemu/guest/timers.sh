# SPDX-License-Identifier: GPL-2.0
# Linux's own timers and clocks with keel attached. To be sourced by the cases.
# shellcheck shell=dash

# A 1 kHz timer of keel's on each CPU, or no more of it.
keel_timers() {
	timers=
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		keel latency --irq -p 1000 -c "$cpu" -q >/dev/null &
		timers="$timers $!"
	done
}

keel_timers_stop() {
	# shellcheck disable=SC2086
	kill -INT $timers
	wait
}

# As high as Linux goes: what else runs is not meant here.
run_timers() { chrt -f 99 timers "$@"; }

# test_timers WORST_US MEDIAN_US DRIFT_MS CLOCK_NS LOST_TICKS
test_timers() {
	echo "-- without keel"
	run_timers sleep "$1" "$2"
	load_keel
	for with in without with; do
		echo "-- $with timers of keel"
		[ $with = without ] || keel_timers
		run_timers sleep "$1" "$2"
		for cpu in $(seq 0 $(($(nproc) - 1))); do
			timers tick "$cpu" "$5"
		done
		[ $with = without ] || run_timers drift "$3"
		[ $with = without ] || keel_timers_stop
	done
	timers clock "$4"
}

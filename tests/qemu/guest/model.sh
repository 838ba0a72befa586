# SPDX-License-Identifier: GPL-2.0
# For the cases on a certain CPU model.
# shellcheck shell=dash

# run_model KIND: registers under full load, then the latency bound under the same load.
run_model() {
	load_keel
	start_load full
	chrt -o 0 regs "${KEEL_REGS_SECONDS:-2}" >/tmp/regs.out ||
		{ cat /tmp/regs.out; fail "regs"; }
	cat /tmp/regs.out
	[ "$(head -n 1 /tmp/regs.out)" = "$1" ] || fail "this guest should have $1"
	keel latency -q -p 1000 -P 90 -n "${KEEL_PERIODS:-300}" --json /tmp/model.json
	stop_load
	max=$(json_number /tmp/model.json max_ns)
	metric max_ns "$max"
	[ "$max" -le 1000 ] || fail "max $max ns"
	[ "$(json_number /tmp/model.json overruns)" -eq 0 ] || fail "overruns"
	unload_keel
}

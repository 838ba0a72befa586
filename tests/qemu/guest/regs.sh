# SPDX-License-Identifier: GPL-2.0
# For the cases that torture registers on one kind of guest each.
# shellcheck shell=dash

# run_regs KIND: KIND is how the program must call the vector registers.
run_regs() {
	load_keel
	start_load hack
	chrt -o 0 regs "${KEEL_REGS_SECONDS:-8}" >/tmp/regs.out || { cat /tmp/regs.out; fail "regs"; }
	stop_load
	cat /tmp/regs.out
	[ "$(head -n 1 /tmp/regs.out)" = "$1" ] || fail "this guest should have $1"
	unload_keel
}

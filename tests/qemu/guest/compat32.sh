# SPDX-License-Identifier: GPL-2.0
# For the cases with 32-bit entries, one for each make of CPU.
# shellcheck shell=dash

# run_compat32 SIGNAL: what a 64-bit program gets for sysenter.
run_compat32() {
	load_keel
	start_load hack
	chrt -o 0 compat32 int80 &
	int80=$!
	chrt -o 0 compat32 vsyscall &
	vsyscall=$!
	chrt -o 0 entry32 8 "$1"
	wait "$int80" || fail "int80: status $?"
	wait "$vsyscall" || fail "vsyscall: status $?"
	stop_load
	unload_keel
}

# SPDX-License-Identifier: GPL-2.0
# For the cases with hard threads on several CPUs.
# shellcheck shell=dash

# run_smp SECONDS
run_smp() {
	load_keel
	start_load hack
	chrt -o 0 smp "$1"
	stop_load
	unload_keel
}

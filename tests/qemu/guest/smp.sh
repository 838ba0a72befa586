# SPDX-License-Identifier: GPL-2.0
# For the cases with hard threads on several CPUs.
# shellcheck shell=dash

# run_smp SECONDS [WAIT-MS]
run_smp() {
	load_keel
	start_load hack
	chrt -o 0 smp "$@"
	stop_load
	unload_keel
}

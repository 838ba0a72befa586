# SPDX-License-Identifier: GPL-2.0
# For the cases of the watchdog, on one CPU and on two.
# shellcheck shell=dash

# run_watchdog: with the limit that keel has by itself, and with another.
run_watchdog() {
	load_keel linux_share=0
	xcpu 4000
	unload_keel
	load_keel linux_share=0 watchdog_ms=500
	xcpu 500
	unload_keel
}

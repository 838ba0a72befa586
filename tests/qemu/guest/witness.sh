# SPDX-License-Identifier: GPL-2.0
# Hard threads beside what a case does to Linux, every wake-up counted; see
# prog/witness.c. To be sourced by cases.
# shellcheck shell=dash

witness_start() {
	rm -f /tmp/witness
	witness "$@" >/tmp/witness &
	witness_pid=$!
	wait_for 30 grep -q '^ready' /tmp/witness || fail "no witness: $(cat /tmp/witness)"
}

witness_stop() {
	kill -TERM "$witness_pid" || fail "the witness is gone: $(cat /tmp/witness)"
	wait "$witness_pid" || fail "the witness: $(cat /tmp/witness)"
	grep '^witness' /tmp/witness
}

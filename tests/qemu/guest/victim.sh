# SPDX-License-Identifier: GPL-2.0
# A program with hard threads for debuggers and tracers to look at.
# shellcheck shell=dash

victim_start() {
	rm -f /tmp/stop /tmp/victim.out
	victim 0 >/tmp/victim.out 2>&1 &
	victim=$!
	wait_for 20 victim_hard || fail "the victim does not begin: $(cat /tmp/victim.out)"
}

# Its three threads are attached and not in-band all the time.
victim_hard() {
	[ "$(grep -c 'ticker\|sharer' /sys/kernel/debug/keel/threads)" -eq 3 ] &&
		grep -q 'blocked.*ticker' /sys/kernel/debug/keel/threads
}

# It goes on hard by itself, and ends well.
victim_end() {
	wait_for 20 victim_hard || fail "not hard any more: $(cat /tmp/victim.out)"
	touch /tmp/stop
	wait "$victim" || fail "the victim: $(cat /tmp/victim.out)"
}

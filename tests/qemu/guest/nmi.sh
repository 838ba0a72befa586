# SPDX-License-Identifier: GPL-2.0
# NMIs from outside at any moment: under hard threads, among them those whose registers are all
# watched, under load and perf. To be sourced by cases, with witness.sh.
# shellcheck shell=dash

nmis() { awk '/NMI:/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n }' /proc/interrupts; }

# No more of them for two seconds.
nmis_over() {
	was=$(nmis)
	sleep 2
	[ "$(nmis)" -eq "$was" ] && [ "$was" -gt "$start" ]
}

# test_nmi COUNT: two that come at once are one to the CPU, and all others are counted.
test_nmi() {
	load_keel
	witness_start
	start_load hack
	start=$(nmis)
	chrt -o 0 regs $(($1 / 20 + 5)) >/tmp/regs.out &
	regs=$!
	chrt -o 0 perfload $(($1 * 50 + 3000)) &
	perf=$!
	echo "nmi: want $1"
	wait_for 120 nmis_over || fail "$(($(nmis) - start)) NMIs and no end"
	wait $regs || fail "registers: $(cat /tmp/regs.out)"
	wait $perf || fail "perf: $?"
	stop_load
	witness_stop
	echo "$(($(nmis) - start)) NMIs of $1"
	metric nmis $(($(nmis) - start))
	[ $(($(nmis) - start)) -ge $(($1 * 9 / 10)) ] || fail "$(($(nmis) - start)) NMIs of $1"
	unload_keel
}

# SPDX-License-Identifier: GPL-2.0
# The loads of the latency tests. "full" is all of them at once; long
# sections with interrupts off are a module of their own, irqoff.
# shellcheck shell=dash

full_load="hack dd find fork fault sysrq"
load_pids=

load_hack() { hackbench -g 1 -l 50; }

load_dd() {
	dd if=/dev/zero of=/tmp/load.dd bs=1M count=16
	dd if=/tmp/load.dd of=/dev/null bs=1M
	rm /tmp/load.dd
}

load_find() {
	find /sys /proc -maxdepth 4
	echo 2 >/proc/sys/vm/drop_caches
}

load_fork() { load fork; }

load_fault() { load fault; }

load_sysrq() {
	echo t >/proc/sysrq-trigger
	usleep 200000
}

repeat() { while :; do "$@"; done; }

# start_load full | NAME...: the loads run as ordinary tasks, this shell above
# them, so that they can't starve it. It stays so until stop_load.
start_load() {
	# shellcheck disable=SC2086
	[ "$*" != full ] || set -- $full_load
	chrt -f -p 50 $$ >/dev/null
	for name in "$@"; do
		setsid chrt -o 0 sh -c ". /test/load.sh; repeat load_$name" \
			>/dev/null 2>&1 &
		load_pids="$load_pids $!"
	done
}

# Each load leads a process group, which goes as a whole; the shell's word of
# each death is of no use.
stop_load() {
	for pid in $load_pids; do
		kill -KILL "-$pid"
		wait "$pid" || :
	done 2>/dev/null
	[ -z "$load_pids" ] || chrt -o -p 0 $$ >/dev/null
	load_pids=
	rm -f /tmp/load.dd
}

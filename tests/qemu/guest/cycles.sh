# SPDX-License-Identifier: GPL-2.0
# keel comes and goes many times beneath tasks that sleep, and what is lost then. To be sourced by
# cases, with textsum.sh.
# shellcheck shell=dash

no_load() { ! pidof hackbench >/dev/null; }

# memory_used FILE: bytes in use for good, a line for each slab cache, each caller of vmalloc, and
# per-CPU memory. A slab that a CPU has at hand counts as full, so one CPU looks, and each line is
# the least of several looks. Stacks of tasks are kept for the next ones (kernel_clone), and
# addresses that Linux has not given back yet (unpurged) hold no memory.
memory_used() {
	wait_for 30 no_load || fail "a load does not end"
	taskset -p 1 $$ >/dev/null
	sync
	for look in 1 2 3 4 5; do
		echo 3 >/proc/sys/vm/drop_caches
		usleep 300000
		for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
		awk -v look=$look '
			FILENAME ~ /slabinfo/ && FNR > 2 { n["slab " $1] = $2 * $4 }
			FILENAME ~ /vmallocinfo/ && $3 !~ /^(kernel_clone|unpurged)/ { n["vmalloc " $3] += $2 }
			/^Percpu:/ { n["percpu all"] = $2 * 1024 }
			END { for (name in n) print look, name, n[name] }
		' /proc/slabinfo /proc/vmallocinfo /proc/meminfo
	done | awk '
		{ name = $2 " " $3; seen[name]++ }
		seen[name] == 1 || $4 < least[name] { least[name] = $4 }
		END { for (name in least) print name, seen[name] == 5 ? least[name] : 0 }
	' >"$1"
	taskset -p 3 $$ >/dev/null
}

# memory_lost BEFORE AFTER: files of memory_used.
memory_lost() {
	awk 'NR == FNR { lost[$1 " " $2] -= $3; next }
		{ lost[$1 " " $2] += $3 }
		END {
			for (name in lost)
				if (lost[name]) {
					print name, lost[name]
					sum += lost[name]
				}
			print "sum", sum + 0
		}' "$1" "$2" >/tmp/lost
	cat /tmp/lost
	lost=$(sed -n 's/^sum //p' /tmp/lost)
	metric lost_bytes "$lost"
	[ "$lost" -lt 65536 ] || fail "$lost bytes lost: $(cat /tmp/lost)"
}

# come_and_go START-STOP INSMOD-RMMOD: how often, under load.
come_and_go() {
	start_load hack
	load_keel
	keel stop >/dev/null
	cycles "$1" "keel start >/dev/null" "keel stop >/dev/null"
	text_same "after $1 times keel start and stop"
	unload_keel
	cycles "$2" "insmod /mod/keel.ko" "rmmod keel"
	stop_load
	text_same "after $2 times insmod and rmmod"
}

# The first rounds fill what Linux keeps for the next ones.
run_cycles() {
	text_remember
	come_and_go 2 2
	memory_used /tmp/before
	come_and_go "$1" "$2"
	memory_used /tmp/after
	memory_lost /tmp/before /tmp/after
	unload_module textsum
}

# SPDX-License-Identifier: GPL-2.0
# All that a process can send Keel, at random, and what must be so afterwards; see prog/fuzz. To
# be sourced by cases.
# shellcheck shell=dash

seed=${keel_fuzz_seed:-20261121}

objects_gone() { ! grep -v ' 0$' /sys/kernel/debug/keel/objects; }

# What Keel has of the kernel's memory, in kB.
memory() { awk '/^(VmallocUsed|SUnreclaim|KernelStack):/ { sum += $2 } END { print sum }' /proc/meminfo; }

# fuzz_test SECONDS [OPTION...]
fuzz_test() {
	for_seconds=$1
	shift
	fuzz -s 1 -t 4 -w 20 "$@" || fail "fuzz: $?"
	fuzz -u -s "$seed" -t 5 "$@" || fail "fuzz of another user: $?"
	wait_for 20 objects_gone || fail "objects are left"
	sleep 1
	before=$(memory)
	fuzz -s "$seed" -t "$for_seconds" "$@" || fail "fuzz: $?"
	wait_for 20 objects_gone || fail "objects are left"
	sleep 1
	after=$(memory)
	metric memory_kb $((after - before))
	[ $((after - before)) -lt 2048 ] || fail "memory went from $before to $after kB"
	# Who is not root reads no address in what Keel has said.
	! dmesg | grep keel: | grep -E 'ffff[89a-f][0-9a-f]{11}' || fail "the log tells an address"
	[ "$(stat -c %a /dev/keel)" = 660 ] || fail "/dev/keel is open to others"
	[ "$(keel status --json | sed -n 's/.*"attached": *//p' | head -c 4)" = true ] ||
		fail "not attached"
}

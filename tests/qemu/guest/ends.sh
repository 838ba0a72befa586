# SPDX-License-Identifier: GPL-2.0
# The end of the machine, with keel attached, hard threads and a load. To be
# sourced by cases.
# shellcheck shell=dash

# All that the kernel has to say from now on is the host's to read.
before_the_end() {
	load_keel
	witness_start
	keel latency --irq -c 1 -q >/dev/null &
	start_load hack
	sleep 1
	[ "$(grep -c cpu- /sys/kernel/debug/keel/threads)" -eq 2 ] || fail "no hard threads"
	dmesg -n 8
}

# next_kernel [-p] PROOF [WORDS]: the same kernel, which runs the command PROOF, says so, and
# ends the machine; WORDS for its command line.
next_kernel() {
	flag=
	if [ "$1" = -p ]; then flag=-p; shift; fi
	mkdir -p /tmp/next/bin /tmp/next/proc /tmp/next/dev
	cp /bin/busybox /tmp/next/bin/
	cat >/tmp/next/init <<-EOF
		#!/bin/busybox sh
		/bin/busybox mount -t proc proc /proc
		/bin/busybox $1 && echo "next kernel: up"
		/bin/busybox sleep 1
		/bin/busybox reboot -f
	EOF
	chmod +x /tmp/next/init
	(cd /tmp/next && find . | cpio -o -H newc >/tmp/next.img 2>/dev/null)
	# shellcheck disable=SC2086
	kexec $flag /vmlinuz /tmp/next.img "$(sed 's/crashkernel=[^ ]*//; s/maxcpus=[^ ]*//' /proc/cmdline) ${2:-}" ||
		fail "the next kernel cannot be loaded"
}

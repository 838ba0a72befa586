# SPDX-License-Identifier: GPL-2.0
# The live patch of mod/livepatch.c, in and out. To be sourced by cases.
#
# A task that its parent has waited for may still be on its CPU, but is no longer in the list by which
# Linux gives each task its side of the patch (klp_init_transition(), release_task()). When that CPU's
# tick meets the patched function just then, Linux's handler warns. QEMU in one thread makes
# room for it, as it lets the parent run at once and the CPU wait. That is read in Linux's code: the warning
# itself was seen once, and not again in 190 patches on purpose. So no load that ends tasks beside this, and
# a pause without a child before each.
# shellcheck shell=dash

livepatch=/sys/kernel/livepatch/livepatch

live_patched() { [ "$(cat $livepatch/transition 2>/dev/null)" = 0 ]; }
live_gone() { [ ! -e $livepatch ]; }

nobody_ends() {
	[ -p /tmp/nobody ] || mkfifo /tmp/nobody
	read -r -t 1 _ <>/tmp/nobody || :
}

# patch_in, patch_out: done when all tasks have changed over.
patch_in() {
	nobody_ends
	load_module livepatch
	wait_for 60 live_patched || fail "the live patch waits for a task"
}

patch_out() {
	nobody_ends
	echo 0 >$livepatch/enabled
	wait_for 60 live_gone || fail "the live patch waits for a task on its way out"
	unload_module livepatch
}

# SPDX-License-Identifier: GPL-2.0
# Kernel text against a copy of it; see mod/textsum.c. To be sourced by cases.
# shellcheck shell=dash

symbol() { awk -v name="$1" '$3 == name && NF == 3 { print "0x" $1; exit }' /proc/kallsyms; }

# From now on changes are seen. When Linux has gathered its first randomness it
# changes kernel text itself, so that comes first.
text_remember() {
	head -c 1 /dev/random >/dev/null
	if ! loaded textsum; then
		echo 0 >/proc/sys/kernel/kptr_restrict
		load_module textsum stext="$(symbol _stext)" etext="$(symbol _etext)" \
			rodata="$(symbol __start_rodata)" erodata="$(symbol __end_rodata)" \
			lapic_events="$(symbol lapic_events)"
	fi
	echo 1 >/proc/textsum
	text_same "right after the copy"
}

# text_same WHEN: or the case ends.
text_same() {
	[ "$(tail -n 1 /proc/textsum)" = same ] || {
		cat /proc/textsum
		fail "kernel text is not as it was $1"
	}
}

text_changed() { [ "$(tail -n 1 /proc/textsum)" != same ]; }

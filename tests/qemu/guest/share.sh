# SPDX-License-Identifier: GPL-2.0
# For the cases of Linux's share.
# shellcheck shell=dash

# slices CPU: how many Linux was given there.
slices() { awk -v cpu="$1" '$1 == cpu { print $2 }' /sys/kernel/debug/keel/share; }

# of FILE NAME
of() { sed -n "s/^$2 //p" "$1"; }

# at_least WHAT VALUE BOUND
at_least() { [ "$2" -ge "$3" ] || fail "$1 is $2, not $3 or more"; }

# hog CPU PERCENT MS: its figures in /tmp/share, the slices in $given.
hog() {
	before=$(slices "$1")
	share "$1" "$2" "$3" >/tmp/share || fail "$(cat /tmp/share)"
	given=$(($(slices "$1") - before))
	echo "CPU $1, $2 %: slices $given" $(cat /tmp/share)
}

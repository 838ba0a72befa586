# SPDX-License-Identifier: GPL-2.0
# What the cases may call. Everything runs under `set -eu`.
# shellcheck shell=dash

. /test/load.sh

# fail MESSAGE...: end the case.
fail() {
	echo "fail: $*"
	exit 1
}

# metric NAME VALUE: a figure for the host's file of metrics.
metric() { printf '\n@@ metric %s %s\n' "$1" "$2"; }

# The kernel's log since this case began, or since the last mark.
log_since() { dmesg | sed -n '/keel-test: /h; /keel-test: /!H; ${g; p}'; }

# send FILE: a file for the host's log directory, checked by its gzip sum.
send() {
	printf '\n@@ file %s\n' "$(basename "$1")"
	gzip -c "$1" | base64
	echo "@@ end"
}

# json_number FILE KEY: the first number under that key, without a fraction.
json_number() {
	sed -n "s/.*\"$2\": *\(-\{0,1\}[0-9]*\).*/\1/p" "$1" | head -n 1
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		usleep 100000
	done
}

loaded() { grep -q "^$1 " /proc/modules; }

load_module() {
	module=$1
	shift
	insmod "/mod/$module.ko" "$@" || fail "insmod $module $*"
}

unload_module() { rmmod "$1" || fail "rmmod $1"; }

# load_keel [PARAMETER...]
load_keel() {
	load_module keel "$@"
	wait_for 5 test -c /dev/keel || fail "no /dev/keel"
}

# Linux must never have reached user mode stalled: keel heals that, and counts.
no_leaks() {
	[ -r /sys/kernel/debug/keel/cpus ] || return 0
	awk '/^[0-9]/ && $3 { exit 1 }' /sys/kernel/debug/keel/cpus ||
		fail "stalled in user mode: $(cat /sys/kernel/debug/keel/cpus)"
}

unload_keel() {
	no_leaks
	unload_module keel
}

# The end of every case, called with its exit status.
leave() {
	trap - EXIT
	stop_load
	if loaded irqoff; then unload_module irqoff; fi
	if loaded keel; then unload_keel; fi
	exit "$1"
}

# SPDX-License-Identifier: GPL-2.0
# Disks and networks at full rate with keel attached. Each disk is a drive of random content,
# named like its controller's driver, whose sum the host put into the environment. NICs stand in
# pairs on a hub of QEMU's. To be sourced by cases.
# shellcheck shell=dash

. /test/irq.sh

# The driver of the PCI device that $1, a path in sysfs, belongs to.
pci_driver() {
	pci=$(readlink -f "$1" | sed 's#\(/pci[^/]*/[^/]*\)/.*#\1#')
	basename "$(readlink "$pci/driver")"
}

disk_of() {
	for dir in /sys/block/*/device; do
		case $(pci_driver "$dir") in
		"$1"*) basename "${dir%/device}" && return ;;
		esac
	done
	return 1
}

drives() { env | sed -n 's/^sum_\([a-z]*\)=.*/\1/p' | sort; }
disks_there() { for drive in $(drives); do disk_of "$drive" >/dev/null || return 1; done; }

drivers_load() {
	while read -r module; do
		# Some are for other CPUs: whether the disks come is what counts.
		insmod "/mod/drivers/$module" 2>/dev/null || :
	done </mod/drivers/order
	wait_for 60 disks_there || fail "disks are missing: $(cat /proc/partitions)"
}

# In blocks of 512 KiB, past Linux's cache.
block_read() { dd "if=/dev/$1" bs=512k iflag=direct status=none "skip=$2" "count=$3"; }

# The halves of disk $1, of $2 blocks each, change places.
disk_swap() {
	block_read "$1" 0 "$2" >"/tmp/half.$1"
	dd "if=/dev/$1" "of=/dev/$1" bs=512k iflag=direct oflag=direct status=none "skip=$2" "count=$2"
	dd "if=/tmp/half.$1" "of=/dev/$1" bs=512k oflag=direct status=none "seek=$2"
	rm "/tmp/half.$1"
}

sum() { sha256sum | cut -d ' ' -f 1; }

# disk_test DRIVE: what the host wrote is read, and comes back from where it was written.
disk_test() {
	disk=$(disk_of "$1")
	want=$(env | sed -n "s/^sum_$1=//p")
	half=$(($(cat "/sys/block/$disk/size") / 2048))
	[ "$(block_read "$disk" 0 $((2 * half)) | sum)" = "$want" ] || fail "$1 reads otherwise"
	disk_swap "$disk" "$half"
	[ "$({ block_read "$disk" "$half" "$half"; block_read "$disk" 0 "$half"; } | sum)" = "$want" ] ||
		fail "$1 was written otherwise"
	disk_swap "$disk" "$half"
	[ "$(block_read "$disk" 0 $((2 * half)) | sum)" = "$want" ] ||
		fail "$1 was written otherwise the second time"
}

nics_of() {
	for dir in /sys/class/net/*/device; do
		[ "$(basename "$(readlink "$dir/driver")")" != "$1" ] || basename "${dir%/device}"
	done
}

apart() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# listen PID PORT COMMAND...: it serves one connection in that process's network.
listen() {
	there=$1 port=$2
	shift 2
	nsenter -t "$there" -n nc -l -p "$port" -e "$@" &
	wait_for 20 nsenter -t "$there" -n grep -q ":000$port " /proc/net/tcp /proc/net/tcp6 || fail "nobody listens"
}

# net_test DRIVER NUMBER MIB: that much from one NIC of the pair to the other, and from the other. It
# lives in a network namespace of its own, so nothing takes a shorter way.
net_test() {
	# shellcheck disable=SC2046
	set -- "$1" "$2" "$3" $(nics_of "$1")
	[ $# -eq 5 ] || fail "$1: no pair of NICs: $*"
	unshare -n sleep 100000 &
	there=$!
	wait_for 20 apart "$there" || fail "no namespace"
	ip link set "$5" netns "$there"
	ip addr add "10.0.$2.1/24" dev "$4"
	ip link set "$4" up
	nsenter -t "$there" -n ip addr add "10.0.$2.2/24" dev "$5"
	nsenter -t "$there" -n ip link set "$5" up
	wait_for 20 ping -q -c 1 -W 1 "10.0.$2.2" >/dev/null || fail "$1: no answer"
	dd if=/dev/urandom of="/tmp/net.$2" bs=1M "count=$3" status=none
	want=$(sum <"/tmp/net.$2")
	listen "$there" 7 sha256sum
	[ "$(nc "10.0.$2.2" 7 <"/tmp/net.$2" | cut -d ' ' -f 1)" = "$want" ] || fail "$1: other bytes went out"
	listen "$there" 8 cat "/tmp/net.$2"
	[ "$(nc "10.0.$2.2" 8 </dev/null | sum)" = "$want" ] || fail "$1: other bytes came in"
	rm "/tmp/net.$2"
	kill "$there"
}

# A driver that waits long enough for an interrupt looks for itself, and the bytes are right all the same.
no_timeouts() {
	! log_since | grep -iE 'timeout|timed out|polled|lost interrupt|exception Emask|watchdog:' ||
		fail "a driver waited in vain"
}

# devices_test NET-MIB: all at once, while the interrupts wander and hard threads run.
devices_test() {
	drivers_load
	load_keel
	wander 'fasteoi\|PCI-MSI'
	hard_start 0
	tests=
	for drive in $(drives); do
		disk_test "$drive" &
		tests="$tests $!"
	done
	number=0
	for driver in virtio_net e1000 e1000e; do
		number=$((number + 1))
		net_test $driver $number "$1" &
		tests="$tests $!"
	done
	for pid in $tests; do
		wait "$pid" || fail "a device's test ended with $?"
	done
	hard_stop 0
	no_timeouts
}

# devices_offline: a CPU goes and comes back under reads.
devices_offline() {
	tests=
	for drive in $(drives); do
		disk_test "$drive" &
		tests="$tests $!"
	done
	offline_rounds 3
	for pid in $tests; do
		wait "$pid" || fail "a device's test ended with $?"
	done
	wander_stop
	no_stray
	no_timeouts
}

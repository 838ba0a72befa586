# SPDX-License-Identifier: GPL-2.0
# What every host script of the harness shares. To be sourced by bash.
# shellcheck shell=bash

set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

qemu_dir=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
top=$(realpath "$qemu_dir/../..")
build=$(realpath -m "${KEEL_BUILD:-$top/build}")
all_series="6.1 6.12"

# The programs of the guest, all taken from packages of the distribution.
guest_packages="busybox-static rt-tests stress-ng gdb-minimal strace libjansson4 util-linux trace-cmd elfutils jackd2"

die() { echo "${0##*/}: $*" >&2; exit 1; }
note() { echo "-- $*" >&2; }

check_series() {
	case " $all_series " in
	*" ${1:-} "*) ;;
	*) die "usage: ${0##*/} SERIES, one of: $all_series" ;;
	esac
}

# quiet LOG COMMAND...: show the command's output only when it fails.
quiet() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 && return
	tail -n 40 "$log" >&2
	die "failed: $* (see $log)"
}

# apt drops to a user that can't write here; the download is verified anyway.
apt_get() {
	local log=$build/log/apt.log
	mkdir -p "$build/log"
	apt-get -qq -o APT::Sandbox::User=root "$@" >"$log" 2>&1 && return
	die "can't get packages from the archive: $(grep -m 1 ^E: "$log") (see $log)"
}

# packages_unpack DIR PACKAGE...: in DIR/root, with all they depend on. With an
# empty status file apt takes nothing for installed.
packages_unpack() {
	local dir=$1 deb
	shift
	mkdir -p "$dir/deb/partial"
	: >"$dir/deb/status"
	apt_get -y --no-install-recommends --download-only install \
		-o Debug::NoLocking=1 -o Dir::State::status="$dir/deb/status" \
		-o Dir::Cache::archives="$dir/deb" "$@"
	for deb in "$dir"/deb/*.deb; do
		dpkg -x "$deb" "$dir/root"
	done
	rm -r "$dir/deb"
}

# Moves a finished directory into place, so that a broken run leaves none.
install_dir() {
	rm -rf "$2.old"
	if [ -e "$2" ]; then mv "$2" "$2.old"; fi
	mv "$1" "$2"
	rm -rf "$2.old"
}

# One build at a time in a build directory; the scripts call each other.
build_lock() {
	[ -z "${KEEL_BUILD_LOCKED:-}" ] || return 0
	mkdir -p "$build"
	exec {build_lock_fd}>"$build/.lock"
	flock "$build_lock_fd"
	export KEEL_BUILD_LOCKED=1
}

build_unlock() {
	exec {build_lock_fd}>&-
	unset KEEL_BUILD_LOCKED
}

# link_tree DIR PATH...: a tree of links to those of the project's sources,
# for builds that leave their products beside them. Links whose source went
# away are dropped. Ignored files, such as products of a build in place, are
# left out.
link_tree() {
	local to=$1 file
	shift
	mkdir -p "$to"
	find "$to" -xtype l -delete
	git -c safe.directory='*' -C "$top" ls-files -z \
		--cached --others --exclude-standard -- "$@" |
		while IFS= read -r -d '' file; do
			if [ ! -e "$top/$file" ] || [ -e "$to/$file" ]; then
				continue
			fi
			mkdir -p "$(dirname "$to/$file")"
			ln -sf "$top/$file" "$to/$file"
		done
}

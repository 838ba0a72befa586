# SPDX-License-Identifier: GPL-2.0
# For the cases of memory that is changed under a hard thread.
# shellcheck shell=dash

# stale ROW: a stale translation shows within a few attempts.
stale() {
	for _ in 1 2 3; do
		pages "$1" >/tmp/stale || return 0
	done
	return 1
}

run_pages() {
	load_keel
	pages $(pages --list)
	unload_keel
}

# Each row that can tell fails when nobody flushes.
run_stale() {
	load_keel fault_no_flush=1
	for row in $(pages --list-seen); do
		stale "$row" || missed="${missed-} $row"
	done
	unload_keel
	[ -z "${missed-}" ] || fail "not told from stale translations:$missed"
}

# SPDX-License-Identifier: GPL-2.0
# Files that a case sends, for a host script that waits for them, with `log` and `dir` set.
# To be sourced by bash.
# shellcheck shell=bash
# shellcheck disable=SC2154

# received NAME: the file is in the log whole, and now beside it.
received() {
	local to=$dir/host-$1
	tr -d '\r' <"$log" | awk -v name="$1" '
	$1 == "@@" { whole = whole || (on && $2 == "end"); on = 0 }
	on
	$1 == "@@" && $2 == "file" && $3 == name { on = 1 }
	END { exit !whole }' >"$to.part" || return 1
	base64 -d "$to.part" | gzip -dc >"$to"
	rm "$to.part"
}

# received_wait CASE NAME...: what has not come when the case is over, and is looked for once more,
# comes no more.
received_wait() {
	local case=$1 name over
	shift
	for name in "$@"; do
		over=
		until received "$name"; do
			[ -z "$over" ] || die "no $name came"
			! grep -aq "^@@ \(pass\|fail\) $case" "$log" || over=1
			sleep 0.5
		done
	done
}

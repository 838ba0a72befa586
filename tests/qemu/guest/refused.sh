# SPDX-License-Identifier: GPL-2.0
# insmod of keel that must fail. To be sourced by cases, with textsum.sh.
# shellcheck shell=dash

# log_since() begins anew here.
log_mark() { echo "keel-test: mark" >/dev/kmsg; }

# insmod makes two attempts, so the line is there twice.
# refused WHAT ERROR WORD [PARAMETER...]: insmod fails so, and says WORD why; busybox
# has words of its own for ENOENT and ENOEXEC.
refused() {
	what=$1 error=$2 word=$3
	shift 3
	log_mark
	! insmod /mod/keel.ko "$@" 2>/tmp/error || fail "$what: loaded"
	grep -q "$error" /tmp/error || fail "$what: $(cat /tmp/error)"
	log_since | sed -n 's/.*] keel: //p' | sort -u >/tmp/lines
	[ -s /tmp/lines ] || fail "$what: no line in the log"
	[ "$(wc -l </tmp/lines)" -eq 1 ] || fail "$what: $(cat /tmp/lines)"
	grep -qF -- "$word" /tmp/lines || fail "$what: $(cat /tmp/lines)"
	! loaded keel || fail "$what: loaded after all"
	[ ! -e /dev/keel ] || fail "$what: /dev/keel is there"
	text_same "after $what"
}

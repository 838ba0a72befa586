# SPDX-License-Identifier: GPL-2.0
# One guest: its command line, its initrd, the watch over it. To be sourced
# by run, after common.sh and with time_scale set.
# shellcheck shell=bash
# shellcheck disable=SC2154

boot_seconds=90		# until the first case begins, and between two
settle_seconds=10	# what a host script may need after its case, if it says nothing

# boot_word "KEY=VALUE ..." KEY: the value, or nothing.
boot_word() { sed -n "s/.* $2=\([^ ]*\).*/\1/p" <<<" $1"; }

# boot_words "KEY=VALUE ..." KEY: all its values, a line each.
boot_words() { tr ' ' '\n' <<<"$1" | sed -n "s/^$2=//p"; }

boot_appends() { boot_words "$1" append | paste -s -d ' '; }

# header CASE FIELD: a header line of a case.
header() { sed -n "s/^# $2: *//p" "$qemu_dir/cases/$1"; }

# vm_kernel DIR: where the guest's kernel lies.
vm_kernel() {
	dirname "$(grep -lx "$(sed -n 's/^KEEL_RELEASE=//p' "$1/env")" "$build"/kernel/*/release)"
}

# vm_initrd DIR BASE BOOT: the base, the drivers if it has devices to drive, many modules if a
# case is for those, and behind them what this boot is to run.
vm_initrd() {
	local dir=$1 stage name many=
	stage=$(mktemp -d)
	chmod 755 "$stage"	# the guest's root directory: not root's alone
	mkdir -p "$stage/run/case"
	cp "$dir/list" "$dir/env" "$stage/run/"
	while read -r name; do
		cp "$qemu_dir/cases/$name" "$stage/run/case/"
		if [ "$(header "$name" vmlinuz)" = yes ]; then
			cp "$(vm_kernel "$dir")/vmlinuz" "$stage/vmlinuz"
		fi
		if [ "$(header "$name" modules)" = many ]; then many=yes; fi
	done <"$dir/list"
	find "$stage" -exec touch -d @0 {} +
	cp "$2" "$dir/initrd"
	[ -z "$(boot_words "$3" device)" ] || cat "$2-drivers" >>"$dir/initrd"
	[ -z "$many" ] || cat "$2-many" >>"$dir/initrd"
	(cd "$stage" && find . | sort |
		cpio -o -H newc -R 0:0 --reproducible --quiet) >>"$dir/initrd"
	rm -r "$stage"
}

# vm_devices DIR BOOT: what device=, netdev= and drive= ask for, added to `vm`. A drive gets random
# content, made anew for each boot, and its sum goes to the guest as $sum_NAME.
vm_devices() {
	local dir=$1 boot=$2 word name file
	for word in $(boot_words "$boot" drive); do
		name=${word%%:*}
		file=$dir/$name.img
		head -c "${word#*:}M" /dev/urandom >"$file"
		echo "export sum_$name=$(sha256sum <"$file" | cut -d ' ' -f 1)" >>"$dir/env"
		vm+=(-drive "file=$file,format=raw,if=none,id=$name,cache=unsafe")
	done
	for word in $(boot_words "$boot" netdev); do vm+=(-netdev "$word"); done
	for word in $(boot_words "$boot" device); do vm+=(-device "$word"); done
}

# vm_unpack VMLINUZ FILE: the ELF image within.
vm_unpack() {
	PYTHONPATH=$top/tools/slots python3 -B -c '
import image, sys
sys.stdout.buffer.write(image.unpack(sys.argv[1]))' "$1" >"$2"
}

# vm_image SERIES BOOT: what QEMU loads. The plain guests, in which most cases run, start from
# vmlinuz, with KASLR. The others, as many as there are special needs, start the unpacked image:
# the guest would take seconds to unpack it itself.
vm_image() {
	case $2 in
	*cpu=qemu64\ mem=512\ disk=no\ threads=multi) echo "$build/kernel/$1/vmlinuz" ;;
	*) echo "$out/vmlinux-$1" ;;
	esac
}

# vm_command DIR BOOT APPEND IMAGE: sets the array `vm`. With icount one guest
# instruction is one ns, and without host clock and network two runs of the
# same bytes agree to the digit.
vm_command() {
	local dir=$1 boot=$2 append=$3 cpu
	local drive="file=$build/guest/disk.img,format=raw,readonly=on"
	local accel=tcg
	[ "$(boot_word "$boot" threads)" != single ] || accel=tcg,thread=single
	vm=(qemu-system-x86_64 -accel "$accel")
	if [ "$(boot_word "$boot" icount)" = yes ]; then
		vm+=(-icount "shift=0,sleep=off"
			-rtc "base=2026-01-01T00:00:00,clock=vm")
	fi
	# The emulated TSC is good, but an old CPU model does not say so, and
	# Linux would drop it when there are several CPUs or the host is slow.
	if [ "$(boot_word "$boot" icount)$(boot_word "$boot" smp)" != yes1 ]; then
		# A busy host may not run a guest for seconds: that is no lockup, and what
		# hangs is ended by its time limit.
		append="tsc=reliable watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 $append"
	fi
	cpu=$(boot_word "$boot" cpu)
	# An interrupt right behind a cmpxchg16b finds garbage in the flags, and what it interrupted
	# goes on with them: QEMU 7.2 works them out too late. With several CPUs that comes to pass.
	[ "$(boot_word "$boot" smp)" = 1 ] || cpu=$cpu,-cx16
	vm+=(-cpu "$cpu" -smp "$(boot_word "$boot" smp)"
		-m "$(boot_word "$boot" mem)" -nographic -no-reboot -nic none
		-device "isa-debug-exit,iobase=0xf4,iosize=0x04"
		-kernel "$4" -initrd "$dir/initrd"
		-append "console=ttyS0 quiet panic=-1 log_buf_len=4M $append")
	case $(boot_word "$boot" disk) in
	yes) vm+=(-drive "$drive,if=virtio") ;;
	intx) vm+=(-drive "$drive,if=none,id=disk"
		-device "virtio-blk-pci,drive=disk,vectors=0") ;;
	esac
	[ "$(boot_word "$boot" second)" = no ] ||
		vm+=(-drive "file=$build/$(boot_word "$boot" second)/disk.img,format=raw,readonly=on,if=virtio")
	vm_devices "$dir" "$boot"
	if [ "$(boot_word "$boot" monitor)" = yes ]; then
		mkfifo "$dir/mon.in" "$dir/mon.out"
		vm+=(-chardev "pipe,id=mon,path=$dir/mon"
			-mon "chardev=mon,mode=readline")
	fi
}

# What the console says so far: begin, pass and fail lines.
vm_marks() { tr -d '\r' <"$1" | sed -n 's/^@@ \(begin\|pass\|fail\) /\1 /p'; }

# The script of a case that needs something from outside, beside the guest.
host_start() {
	local dir=$1 name=$2 script
	script=$(header "$name" host)
	[ -n "$script" ] || return 0
	"$qemu_dir/host/$script" "$dir/console.log" "$dir/mon" \
		>"$dir/host-$name.log" 2>&1 &
	host_pid=$!
}

host_finish() {
	local dir=$1 name=$2 until settle
	[ -n "$host_pid" ] || return 0
	settle=$(header "$name" settle)
	until=$((SECONDS + ${settle:-$settle_seconds} * time_scale))
	while kill -0 "$host_pid" 2>/dev/null && [ "$SECONDS" -lt "$until" ]; do
		sleep 0.2
	done
	kill "$host_pid" 2>/dev/null || true
	wait "$host_pid" 2>/dev/null || echo "$name" >>"$dir/host-failed"
	host_pid=
}

# vm_watch PID DIR: until the guest ends or a case exceeds its time.
vm_watch() {
	local pid=$1 dir=$2 last='' mark word name timeout
	local until=$((SECONDS + boot_seconds * time_scale))
	host_pid=
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		mark=$(vm_marks "$dir/console.log" | tail -n 1)
		if [ "$mark" != "$last" ]; then
			last=$mark
			echo "$SECONDS $mark" >>"$dir/times"
			read -r word name <<<"$mark"
			if [ "$word" = begin ]; then
				timeout=$(header "$name" timeout)
				host_start "$dir" "$name"
			else
				timeout=$boot_seconds
				host_finish "$dir" "$name"
			fi
			until=$((SECONDS + ${timeout:-60} * time_scale))
		fi
		if [ "$SECONDS" -ge "$until" ]; then
			echo "killed: ${last:-boot} took too long" >>"$dir/host.log"
			kill -KILL "$pid" 2>/dev/null || true
			break
		fi
	done
	host_finish "$dir" "${name:-none}"
}

# vm_seconds DIR CASE: of the host's time, until the next mark; with a boot's first case, the boot.
vm_seconds() {
	awk -v name="$2" '
	begun { print $1 - from; exit }
	$2 == "begin" { from = boots++ ? $1 : from; begun = $3 == name }
	$2 == "boot" { from = $1 }' "$1/times" 2>/dev/null
}

# vm_run DIR: run `vm` to its end; its exit status in DIR/status.
vm_run() {
	local dir=$1 pid status=0
	printf '%q ' "${vm[@]}" >"$dir/command"
	: >"$dir/console.log"
	echo "$SECONDS boot" >"$dir/times"
	"${vm[@]}" </dev/null >"$dir/console.log" 2>"$dir/host.log" &
	pid=$!
	vm_watch "$pid" "$dir"
	wait "$pid" 2>/dev/null || status=$?
	echo "$status" >"$dir/status"
	rm -f "$dir/initrd" "$dir"/mon.* "$dir"/*.img
}

# vm_ended DIR CASE: the case was to end the guest, and the guest ended so: of itself,
# with the kernel's word for it and no report of trouble but what the case provokes.
vm_ended() {
	local words expect
	words=$(header "$2" ends)
	expect=$(header "$2" expect-dmesg)
	[ -n "$words" ] && [ "$(cat "$1/status")" -eq 0 ] &&
		grep -aqE "$words" "$1/console.log" &&
		! grep -avE "${expect:-^$}" "$1/console.log" |
			grep -qE 'BUG: |WARNING: |Oops|Kernel panic|Call Trace:|LOCKUP'
}

# vm_verdicts DIR: "PASS name" or "FAIL name" for every case that was begun.
# The verdict device turns the guest's 0 and 1 into 1 and 3; any other end of
# the guest is the failure of the case that was the last, if that did not mean it.
vm_verdicts() {
	local last ended=0
	last=$(vm_marks "$1/console.log" | sed -n 's/^begin //p' | tail -n 1)
	[ -n "$last" ] || return 0
	if vm_ended "$1" "$last"; then ended=1; fi
	vm_marks "$1/console.log" | awk -v status="$(cat "$1/status")" -v ended=$ended \
		-v failed="$(paste -s -d ' ' "$1/host-failed" 2>/dev/null)" '
	$1 == "begin" { order[++n] = $2 }
	$1 == "pass" { passed[$2] = 1 }
	$1 == "fail" { passed[$2] = 0 }
	END {
		if (ended)
			passed[order[n]] = 1
		for (i = 1; i <= n; i++) {
			name = order[i]
			good = passed[name] && index(" " failed " ", " " name " ") == 0
			if (i == n && status != 1 && status != 3 && !ended)
				good = 0
			print (good ? "PASS" : "FAIL"), name
		}
	}'
}

# vm_results DIR KERNEL: the figures and files that the guest sent, figures
# as lines of kernel, case, name, value.
vm_results() {
	local dir=$1 file
	tr -d '\r' <"$dir/console.log" | awk -v dir="$dir" -v kernel="$2" '
	$1 == "@@" { out = "" }
	out { print >out }
	/^@@ begin / { name = $3 }
	/^@@ metric / { print kernel, name, $3, $4 >>(dir "/metrics") }
	/^@@ file / { out = dir "/" $3 ".b64" }'
	for file in "$dir"/*.b64; do
		[ -e "$file" ] || continue
		base64 -d "$file" | gzip -dc >"${file%.b64}" ||
			echo "broken: $file" >>"$dir/host.log"
		rm "$file"
	done
}

# vm_reasons DIR: what the guest or the watch said of a failure.
vm_reasons() {
	{
		tr -d '\r' <"$1/console.log" | grep -aE '^(fail[: ]|dmesg: )|Kernel panic'
		cat "$1/host.log"
	} | head -n 5
}

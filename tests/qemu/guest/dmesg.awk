# SPDX-License-Identifier: GPL-2.0
# Reads the kernel's log and fails when a report of trouble came after the
# last mark of case `name`; lines that match `expect` are meant to be there.

# When the mark was overwritten, all that is left came after it.
index($0, "keel-test: begin " name) { reports = 0; next }

expect != "" && $0 ~ expect { next }

# Show-tasks dumps, which one of the loads asks for, print a call trace too;
# there it follows a line that begins a task. Names of tasks and of functions
# in a trace are no reports.
/\] task:/ { task = NR; next }
/\] +(\? )?[A-Za-z_][A-Za-z0-9_.]*\+0x[0-9a-f]+\/0x/ { next }

/BUG: |WARNING: |Oops|general protection|Kernel panic|double fault/ { report() }
/\] rcu: .*(stall|starved)|LOCKUP|blocked for more than/ { report() }
/unable to handle|unchecked MSR|nobody cared|bad: scheduling/ { report() }
/\] Call Trace:/ { if (NR - task > 4) report() }

function report() {
	if (line != NR)
		text[++reports] = $0
	line = NR
}

END {
	for (i = 1; i <= reports; i++)
		print "dmesg: " text[i]
	exit reports > 0
}

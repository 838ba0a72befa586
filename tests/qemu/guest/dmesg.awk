# SPDX-License-Identifier: GPL-2.0
# Reads the kernel's log and fails when a report of trouble came after the
# last mark of case `name`; lines that match `expect` are meant to be there.

# When the mark was overwritten, all that is left came after it.
index($0, "keel-test: begin " name) { reports = 0; next }

expect != "" && $0 ~ expect { next }

# Show-tasks dumps, which one of the loads asks for, print a call trace too;
# there it follows a line that begins a task.
/\] task:/ { task = NR }

/BUG: |WARNING: |Oops|general protection|Kernel panic|double fault/ { report() }
/rcu.*(stall|starved)|lockup|LOCKUP|blocked for more than/ { report() }
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

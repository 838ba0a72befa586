/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Translations: hal/linux.c's mm_invalidate() against the stage switch (hal/x86/context.c) and the
 * kick (hal/x86/irq.c), on two CPUs that both change page tables and both run a hard thread of
 * the process. Steps are those that the other CPU can tell apart.
 */
#include "rules.h"

#define BIT(c)		(1 << (c))

mtype = { ROOT, SWITCH, HARD }

mtype on[2] = ROOT;		/* what runs on the CPU */
bit gate[2];			/* and whether Keel's interrupt has come over it, H closed */
bit loaded[2];			/* the process's page tables are in CR3 */
byte stale[2];			/* changes that its translations may be older than, a bit each */
bit hard_mm[2], kicked[2], pending[2];
byte unanswered[2];		/* flush_request less flush_done: two at the most, to be finite */
byte need[2];			/* mm_invalidate() of this CPU waits for so many answers more, */
byte whom[2];			/* of that CPU */

#define AT(what)	(on[c] == what && !gate[c])

inline load_cr3()
{
	loaded[c] = 1;
	stale[c] = 0
}

inline tables_change()
{
	atomic { AT(ROOT) ->
		stale[0] = stale[0] | (loaded[0] -> BIT(c) : 0);
		stale[1] = stale[1] | (loaded[1] -> BIT(c) : 0)
	}
}

#ifdef FAULT_FLUSH_CHECK_FIRST
#define MAY_HOLD(k)	(seen & BIT(k))
#else
#define MAY_HOLD(k)	hard_mm[k]
#endif

inline ask(k)
{
	if
	:: atomic { AT(ROOT) && !MAY_HOLD(k) -> skip }
	:: atomic { AT(ROOT) && MAY_HOLD(k) -> skip };
		atomic { AT(ROOT) && unanswered[k] < 2 ->
			unanswered[k]++;
			need[c] = unanswered[k];
			whom[c] = k
		};
		/* hal_ipi_send() */
		atomic { AT(ROOT) ->
			if
			:: !kicked[k] -> kicked[k] = 1; pending[k] = 1
			:: else
			fi
		};
		atomic { AT(ROOT) && (!hard_mm[k] || !need[c]) -> need[c] = 0 }
	fi
}

proctype Inband(byte c)
{
#ifdef FAULT_FLUSH_CHECK_FIRST
	byte seen;
#endif

	do
	:: skip ->
#ifdef FAULT_FLUSH_CHECK_FIRST
		atomic { AT(ROOT) -> seen = hard_mm[0] | hard_mm[1] << 1 };
#endif
		tables_change();
		ask(0);
		ask(1);
		/* Pages and tables are freed now. */
		atomic { AT(ROOT) ->
			RULE(T1, !((stale[0] | stale[1]) & BIT(c)))
		}
	:: break
	od
}

/* hal_switch() to a hard thread, H closed, and back. */
proctype Hard(byte c)
{
	do
	:: atomic { AT(ROOT) -> on[c] = SWITCH };
#ifdef FAULT_NO_BARRIER
		load_cr3();
		hard_mm[c] = 1;
#else
		hard_mm[c] = 1;
		atomic { load_cr3() };
#endif
		on[c] = HARD;
		if
		:: atomic { AT(HARD) -> on[c] = SWITCH }
		:: break	/* it runs and runs */
		fi;
#ifdef FAULT_LEFT_BEFORE_LOAD
		hard_mm[c] = 0;
		atomic { loaded[c] = 0; stale[c] = 0 };
#else
		atomic { loaded[c] = 0; stale[c] = 0 };
		hard_mm[c] = 0;
#endif
		on[c] = ROOT
	:: break
	od
}

inline answer(k)
{
	if
	:: whom[k] == c -> need[k] = (need[k] > asked -> need[k] - asked : 0)
	:: else
	fi
}

/* hal_irq_gate() and hal_flush_answer(). */
proctype Kick(byte c)
{
	byte asked;

end:	do
	:: atomic { pending[c] && AT(ROOT) || pending[c] && AT(HARD) -> pending[c] = 0; gate[c] = 1 };
#ifndef FAULT_KICK_CLEARED_LATE
		kicked[c] = 0;
#endif
#ifdef FAULT_ANSWER_READ_LATE
		if
		:: atomic { loaded[c] -> load_cr3() }
		:: else
		fi;
#endif
		asked = unanswered[c];
#ifndef FAULT_ANSWER_WITHOUT_LOAD
		if
#ifdef FAULT_ANSWER_READ_LATE
		:: skip
#else
		:: atomic { asked && on[c] == HARD -> load_cr3() }
		:: else
#endif
		fi;
#endif
		atomic { unanswered[c] = unanswered[c] - asked; answer(0); answer(1) };
#ifdef FAULT_KICK_CLEARED_LATE
		kicked[c] = 0;
#endif
		atomic { asked = 0; gate[c] = 0 }
	od
}

/* It has its CPU, and waits. */
#define WAITS(c)	(need[c] && on[c] == ROOT)

proctype Watch()
{
end:	timeout -> RULE(T2, !WAITS(0) && !WAITS(1))
}

init {
	atomic {
		run Watch();
		run Inband(0); run Hard(0); run Kick(0);
		run Inband(1); run Hard(1); run Kick(1)
	}
}

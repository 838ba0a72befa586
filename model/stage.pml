/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One user thread between its two stages, on two CPUs: kmod/shadow.c's parking (the owner),
 * nucleus/stage.c and sched.c (the thread's leaving), the wake-up by irq_work, signals and recalls, the
 * kick, the owner's migration between CPUs, and `keel stop`, which sends all home.
 *
 * What runs under one rq lock with H closed is one step; what another CPU can tell apart is several.
 */
#include "rules.h"

mtype = { RUNNING, INTERRUPTIBLE, UNINTERRUPTIBLE }	/* the owner's task state */
mtype = { INBAND, READY, HARD, BLOCKED }		/* the thread's */

mtype task = RUNNING;
bit asleep;			/* the owner has called schedule() and is off its run queue */
bit pinned;			/* preemption is off */
byte cpu;			/* the owner's */
bit usermode = 1;		/* the owner is in user mode, with the context its own */
bit signal;

mtype thread = INBAND;
byte tcpu;			/* nk_thread.cpu */
bit leaving, recall;
bit live;			/* its user state is in the registers of tcpu */
bit on_stack;			/* tcpu stands on its stack */
bit fresh;			/* it has not run since it was entered */
bit home = 1;

bit taken[2];			/* a CPU is not Linux's: the thread runs or leaves there */
bit work[2], work_busy;		/* irq_work towards the owner, queued on a CPU */
bit kick[2];			/* Keel's interrupt */
bit poke[2];			/* Linux's, for a task that was woken on that CPU */

bit parked, suspended, quit;

#define OWNER		(!asleep && !taken[cpu])
#define OOB		(thread == READY || thread == HARD || thread == BLOCKED)

#define CALLED		(signal || suspended)	/* park_hand_over()'s last look */

inline wake()
{
	task = RUNNING;
	asleep = 0;
	poke[cpu] = 1
}

/* nk_stage_recall() */
inline stage_recall(from)
{
	if
	:: OOB ->
		recall = 1;
		if
		:: thread == BLOCKED -> thread = READY
#ifndef FAULT_RECALL_WITHOUT_KICK
		:: thread == HARD && tcpu != from -> kick[tcpu] = 1
#endif
		:: else
		fi
	:: else
	fi
}

proctype Owner()
{
	bit told;

end:	do
	:: atomic { OWNER && usermode && signal -> signal = 0 }
	:: atomic { OWNER && usermode && !quit -> usermode = 0 };
		atomic { OWNER -> parked = 1 };
again:		if
		:: atomic { OWNER && (suspended || signal) -> skip }; goto refused
		:: atomic { OWNER && !suspended && !signal -> skip }
		fi;
#ifndef FAULT_PREPARE_DOES_NOT_WAIT
		atomic { OWNER && !work_busy -> skip };
#endif
		atomic { OWNER -> pinned = 1 };
		atomic { OWNER -> home = 0; RULE(S1, !live && !on_stack) };
		atomic { OWNER -> task = INTERRUPTIBLE };
		if
		:: atomic { OWNER && CALLED -> task = RUNNING; pinned = 0; home = 1 }; goto again
		:: atomic { OWNER && !CALLED ->
			/* nk_stage_enter() */
			RULE(S1, !leaving && !on_stack);
			RULE(S3, thread == INBAND);
			recall = 0;
			tcpu = cpu;
			fresh = 1;
			thread = READY;
			taken[cpu] = 1;		/* nk_sched() */
			live = 1; on_stack = 1;
			thread = HARD
		   }
		fi;
		atomic { OWNER -> pinned = 0 };
		do
		:: atomic { OWNER -> task = (told -> UNINTERRUPTIBLE : INTERRUPTIBLE) };
			if
			:: atomic { OWNER && home -> task = RUNNING; break }
			:: atomic { OWNER && !home -> skip }
			fi;
			if
			:: atomic { OWNER && !told && (signal || suspended) ->
				task = RUNNING;
				told = 1;
				stage_recall(cpu)
			   }
			:: atomic { OWNER && (told || !signal && !suspended) -> skip };
				/* schedule() */
				atomic { OWNER ->
					if
					:: task == INTERRUPTIBLE && signal -> task = RUNNING
					:: else
					fi;
					if
					:: task != RUNNING -> asleep = 1
					:: else
					fi
				}
			fi
		od;
		/* hal_user_give() */
		atomic { OWNER -> told = 0; RULE(S1, !live && !on_stack && !leaving && thread == INBAND) };
refused:	atomic { OWNER -> parked = 0; usermode = 1 }
	od
}

/*
 * Linux's balancer: the CPU that gets a task is told, or its tick goes. And a task that waits for a CPU
 * makes Linux interrupt that CPU again, by the tick or for RCU. Nothing sooner does, when
 *
 *	CPU 0, root is idle, the thread waits	CPU 1
 *						kill: the owner is awake on CPU 0, interrupt
 *	Linux's handler: need_resched
 *	Keel's timer: the thread is ready, runs
 *	and runs: the owner does not, and no interrupt is logged for shadow_poll()
 */
proctype Migration()
{
end:	do
	:: atomic { OWNER && !pinned && cpu == 0 && !quit -> cpu = 1; poke[1] = 1 }
	:: atomic { OWNER && !pinned && cpu == 1 && !quit -> cpu = 0; poke[0] = 1 }
	:: atomic { asleep && !quit -> cpu = 1 - cpu }	/* where it will wake */
#ifndef FAULT_LINUX_ASKS_ONCE
	:: atomic { !asleep && taken[cpu] && signal && !poke[cpu] -> poke[cpu] = 1 }
#endif
	od
}

/* The thread on CPU c. */
inline leave()
{
	atomic { live = 0 };			/* hal_context_sync() */
	atomic { thread = INBAND; leaving = 1;
#ifdef FAULT_PUBLISH_BEFORE_LEFT
		home = 1
#endif
	};
	on_stack = 0;				/* the CPU stands on root's */
	leaving = 0;				/* publish_leaving() */
	atomic {				/* irq_work_queue() */
		if
		:: !work_busy -> work_busy = 1; work[c] = 1
		:: else
		fi
	};
	home = 1;
	taken[c] = 0
}

#define MINE	(thread == HARD && tcpu == c && taken[c])

proctype Thread(byte c)
{
end:	do
	/* A timer or another thread wakes it; it preempts Linux. */
	:: atomic { thread == BLOCKED && tcpu == c && !quit -> thread = READY }
	:: atomic { thread == READY && tcpu == c && !taken[c] ->
			taken[c] = 1; live = 1; on_stack = 1; thread = HARD
		}
	/* The first and every way to user mode: shadow_return(). */
#ifndef FAULT_FIRST_RUN_FORGETS_RECALL
	:: atomic { MINE && fresh && recall -> fresh = 0 }; leave()
	:: atomic { MINE && fresh && !recall -> fresh = 0; RULE(S2, !recall || kick[c]) }
#else
	:: atomic { MINE && fresh -> fresh = 0; RULE(S2, !recall || kick[c]) }
#endif
	/* A Keel call: waits, or relaxes. */
	:: atomic { MINE && !fresh && !quit && !recall -> thread = BLOCKED; live = 0; on_stack = 0; taken[c] = 0; fresh = 1 }
	:: atomic { MINE && !fresh && !quit -> skip }; leave()
	/* Keel's interrupt, and Linux's that is logged: shadow_poll(). */
	:: atomic { MINE && !fresh && kick[c] -> kick[c] = 0 };
		if
		:: recall -> leave()
		:: else
		fi
	:: atomic { MINE && !fresh && poke[c] ->
			poke[c] = 0;
			if
			:: signal -> recall = 1
			:: else
			fi
		};
		if
		:: recall -> leave()
		:: else
		fi
	od
}

/* What Linux on CPU c takes when it has it. */
proctype Interrupts(byte c)
{
end:	do
	:: atomic { !taken[c] && work[c] -> work[c] = 0; work_busy = 0; wake() }
	:: atomic { !taken[c] && poke[c] -> poke[c] = 0 }
	:: atomic { !taken[c] && kick[c] -> kick[c] = 0 }
	od
}

proctype Signals()
{
	do
	:: atomic { !signal && !quit ->
		signal = 1;
		if
		:: task != UNINTERRUPTIBLE -> wake()
		:: else
		fi
	   }
	:: atomic { quit = 1; break }
	od
}

/* keel_stop(): shadow_suspend(), detach, and again a start. */
proctype Stop()
{
	do
	:: atomic { !quit && (!taken[0] || !taken[1]) -> suspended = 1 };
		do
		:: atomic { !taken[0] && parked -> stage_recall(0) }
		:: atomic { !taken[1] && parked -> stage_recall(1) }
		:: atomic { !parked && !taken[0] && !taken[1] -> break }
		od;
		atomic { RULE(D3, thread == INBAND && !live && !on_stack && !leaving) };
		suspended = 0
	:: atomic { quit -> break }
	od
}

/* Owner and context never live together. */
#define TOGETHER	(usermode && (live || on_stack || leaving || thread != INBAND))
/* At the end the thread may go on, hard or waiting, but not when its owner has a reason to have it. */
#define FORGOTTEN	(asleep && (home || signal) || thread == HARD && signal)

proctype Watch()
{
end:	do
	:: NEVER(O1, TOGETHER)
	:: atomic { timeout -> RULE(O2, !FORGOTTEN); break }
	od
}

init {
	atomic {
		run Watch(); run Owner(); run Migration(); run Signals(); run Stop();
		run Thread(0); run Interrupts(0);
		run Thread(1); run Interrupts(1)
	}
}

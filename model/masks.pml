/* SPDX-License-Identifier: GPL-2.0 */
/*
 * H, V, the log and what is held, on two CPUs, one instruction at a time where H is open.
 *
 * Linux(c) is whatever Linux's kernel and user code may do with its interrupt flag; Irq(c, l)
 * is an interrupt that came at depth l, with its gate, Linux's handler and an oob thread that
 * it may bring; Device raises; Control attaches and detaches. What runs with H closed is
 * one step: nobody else touches what belongs to a CPU, but the controller's requests (irr).
 *
 * off is what Linux believes: its own code has switched interrupts off and not yet on. The thunks
 * never read it. RULE(x, ...) asserts rule x of ARCHITECTURE.md or of README.md here.
 */
#include "rules.h"

/* Vectors, a class each, the highest first served: two level lines, one edge, Keel's own. */
#define LOW	0
#define HIGH	1
#define EDGE	2
#define OURS	3
#define BIT(v)	(1 << (v))
#define LEVEL	(BIT(LOW) | BIT(HIGH))
#define TOP(s)	((s) & 8 -> 3 : ((s) & 4 -> 2 : ((s) & 2 -> 1 : 0)))
#define FILL(s)	((s) | (s) >> 1 | (s) >> 2 | (s) >> 3)

/* CPUS, DEVICES: how many there are, and which vectors come to each of them. BRIEF: Linux only has
 * cli, sti, idle and stops, and no softirqs. */

#define NONE	15		/* no vector */

bit H[2] = 1, V[2], P[2];	/* hard mask open; stalled; PENDING */
byte log[2], held[2], done[2];	/* hal/pipeline.h */
byte irr[2], isr[2];		/* the local APIC */
byte line[2], unacked[2];	/* level lines: asserted; asked and not yet retired */
bit oob[2];			/* an oob thread has the CPU */
byte vector[2];			/* delivered to Linux now */
bit user[2];			/* the task is in user mode */
bit halted[2];
byte depth[2];			/* which Irq, or 0 the task, has the CPU */
bit attached = 1;

/* What the rules are held against. */
bit off[2];			/* Linux has its interrupts off */
byte want[2];			/* edges that came and whose handler has not begun */
byte through[2];		/* in service, and may be retired */
byte inside[2];			/* depths that are in the midst of a thunk, a bit each */

bit stop, quit;			/* all CPUs are to stop; nothing is raised any more */
bit stopped[2];
byte arrived, left;

#define AT(l)		(depth[c] == (l))
#define THUNK_IN(l)	inside[c] = inside[c] | BIT(l)
#define THUNK_OUT(l)	inside[c] = inside[c] & ~BIT(l)

/* ---- the controller -------------------------------------------------------------------- */

inline apic_ask(v)
{
	if
	:: line[c] & BIT(v) && !(unacked[c] & BIT(v)) ->
		unacked[c] = unacked[c] | BIT(v);
		irr[c] = irr[c] | BIT(v)
	:: else
	fi
}

inline apic_eoi()
{
	top = TOP(isr[c]);
	RULE(E1, isr[c] && through[c] & BIT(top));
	isr[c] = isr[c] & ~BIT(top);
	through[c] = through[c] & ~BIT(top);
	unacked[c] = unacked[c] & ~BIT(top);
	apic_ask(top);
	top = 0
}

/* ---- hal/pipeline.c -------------------------------------------------------------------- */

inline finish(v)
{
	if
	:: held[c] & BIT(v) ->
		done[c] = done[c] | BIT(v);
#ifdef FAULT_EOI_WRONG
		held[c] = held[c] & ~BIT(v);
		done[c] = done[c] & ~BIT(v);
		apic_eoi()
#else
		do
		:: held[c] && done[c] & BIT(TOP(held[c])) ->
			gone = TOP(held[c]);
			held[c] = held[c] & ~BIT(gone);
			done[c] = done[c] & ~BIT(gone);
			apic_eoi()
		:: else -> break
		od;
		gone = 0
#endif
	:: else
#ifdef FAULT_EOI_NOT_SWALLOWED
		-> apic_eoi()
#endif
	fi
}

inline log_next()
{
	next = TOP(log[c]);
	log[c] = log[c] & ~BIT(next);
	if
	:: held[c] & BIT(next) ->
		through[c] = through[c] | BIT(next);
		finish(next);
		next = NONE
	:: else
	fi
}

inline raise_next()
{
	if
	:: next != NONE -> irr[c] = irr[c] | BIT(next)
	:: else
	fi;
	next = 0
}

inline replay()
{
	do
	:: log[c] -> log_next(); raise_next()
	:: else -> break
	od;
	P[c] = 0
}

/* ---- hal/x86/thunks.S ------------------------------------------------------------------ */

inline cli_native(l)
{
	atomic { AT(l) -> H[c] = 0; off[c] = 1 }
}

inline cli_slot(l)
{
	if
	:: atomic { AT(l) && !attached -> H[c] = 0; off[c] = 1 }
	:: atomic { AT(l) && attached -> was = H[c]; stalled = V[c]; THUNK_IN(l) };	/* pushfq */
		atomic { AT(l) ->
			if
#ifdef FAULT_CLI_STALLS_HARD
			:: true -> V[c] = 1
#else
			:: was -> V[c] = 1
			:: else
#endif
			fi;
			off[c] = 1;
			RULE(M1, H[c] == was && (was -> V[c] : V[c] == stalled));
			was = 0;
			stalled = 0;
			THUNK_OUT(l)
		}
	fi
}

inline sti_slot(l)
{
	if
	:: atomic { AT(l) && !attached -> off[c] = 0; H[c] = 1 }
	:: atomic { AT(l) && attached -> off[c] = 0; V[c] = 0; due = P[c]; THUNK_IN(l) };
		if
		:: atomic { AT(l) && !due -> skip }
		:: atomic { AT(l) && due ->
#ifdef FAULT_STI_FORGETS_LOG
			skip }
#else
#ifndef FAULT_REPLAY_NOT_ATOMIC
			H[c] = 0;
			replay() }
#else
			skip };
			do
			:: atomic { AT(l) && log[c] -> log_next() };
				atomic { AT(l) -> raise_next() }
			:: atomic { AT(l) && !log[c] -> P[c] = 0; break }
			od
#endif
#endif
		fi;
		atomic { AT(l) ->
			H[c] = 1;
			due = 0;
			THUNK_OUT(l);
			RULE(M2, !V[c])
		}
	fi
}

/* pushf, and whatever a slot pair does behind it: cli_slot(), and sti_slot() if it read "on". */
inline save_slot(l)
{
	atomic { AT(l) ->
		flag = H[c] && !(attached && V[c]);
#ifdef FAULT_SAVE_SHOWS_H
		flag = H[c];
#endif
		RULE(M3, flag == !off[c])
	}
}

inline restore_slot(l)
{
	if
	:: atomic { AT(l) && flag -> flag = 0 }; sti_slot(l)
	:: atomic { AT(l) && !flag -> skip }
	fi
}

/* ---- stop_machine() ---------------------------------------------------------------------- */

/* multi_cpu_stop(), a hard place, and what hal/x86/attach.c does in it. */
inline stop_here(l)
{
#ifdef FAULT_STOP_NOT_HARD
	cli_slot(l);
#else
	cli_native(l);
#endif
	atomic { AT(l) -> arrived++ };
	atomic { arrived == CPUS ->
		if
		:: left == 0 -> attached = !attached
		:: else
		fi;
		RULE(D1, !V[c] && !P[c] && !log[c] && !held[c] && !isr[c] && !oob[c]);
		RULE(D2, !inside[c]);
		left++;
		stopped[c] = 1;
		off[c] = 0;
		H[c] = 1
	}
}

/* ---- an interrupt ---------------------------------------------------------------------- */

inline iret(l)
{
	RULE(M10, !(l == 1 && user[c] && V[c]));
	v = 0;
	depth[c] = l - 1;
	H[c] = 1
}

inline handler_begin()
{
	RULE(M6, !off[c] && !oob[c]);
	off[c] = 1;
	want[c] = want[c] & ~BIT(v);
	vector[c] = v
}

/* hal_irq_gate(), linux_arrive(). */
inline gate(l)
{
	irr[c] = irr[c] & ~BIT(v);
	isr[c] = isr[c] | BIT(v);
	halted[c] = 0;
	H[c] = 0;
	depth[c] = l;
	RULE(M10, !(attached && l == 1 && user[c] && V[c]));
	if
	:: attached && LEVEL & BIT(v) -> held[c] = held[c] | BIT(v)
	:: !(LEVEL & BIT(v)) && (attached || v == OURS) -> through[c] = through[c] | BIT(v); apic_eoi()
	:: else
	fi;
	if
	:: v == OURS -> skip
#ifdef FAULT_DELIVER_STALLED
	:: v != OURS && !oob[c] -> handler_begin()
#else
	:: v != OURS && !oob[c] && !V[c] -> handler_begin()
#endif
	:: else ->
		RULE(M6, off[c] || oob[c]);
		log[c] = log[c] | BIT(v);
#ifndef FAULT_LOG_NOT_PENDING
		P[c] = 1;
#endif
		iret(l);
		goto idle
	fi
}

inline open_begin(l)
{
	atomic { AT(l) ->
		V[c] = 1;
		H[c] = 1
	}
}

inline open_end(l)
{
	atomic { AT(l) ->
		H[c] = 0;
		V[c] = 0;
#ifndef FAULT_HANDLER_END_FORGETS_LOG
		if
		:: P[c] -> replay()
		:: else
		fi;
#endif
		RULE(M7, !H[c] && !V[c] && !log[c])
	}
}

/* What of an interrupt's head and tail is long. */
inline opened(l)
{
	if
#ifdef FAULT_HEAD_NOT_STALLED
	:: atomic { AT(l) -> H[c] = 1 };
#else
	:: open_begin(l);
#endif
		open_end(l)
	:: skip
	fi
}

/* The inner handler: the device is served and drops its line; end of interrupt. */
inline inner(l)
{
	open_begin(l);
	atomic { AT(l) -> line[c] = line[c] & ~BIT(v) };
	atomic { AT(l) ->
		through[c] = through[c] | (isr[c] & BIT(v));
#ifdef FAULT_EOI_NOT_SWALLOWED
		finish(v)
#else
		finish(vector[c])
#endif
	};
	open_end(l)
}

/* Native: no Keel, the handler runs with H closed and ends the interrupt itself. */
inline inner_native()
{
	atomic {
		line[c] = line[c] & ~BIT(v);
		through[c] = through[c] | BIT(v);
		apic_eoi()
	}
}

/* Softirqs, and what is done on the way out to user mode: on again, and off by a hard place. */
inline tail_work(l)
{
	sti_slot(l);
#ifdef FAULT_EXIT_CLI_VIRTUAL
	cli_slot(l);
	atomic { AT(l) -> H[c] = 0 }	/* iret's own, for the next frame */
#else
	cli_native(l)
#endif
}

inline oob_residence(l)
{
	atomic { AT(l) -> stalled = V[c]; oob[c] = 1; H[c] = 1 };
	atomic { AT(l) ->
		H[c] = 0;
		oob[c] = 0;
		RULE(M11, V[c] == stalled);
#ifndef FAULT_RESUME_FORGETS_LOG
		if
		:: P[c] && !V[c] -> replay()
		:: else
		fi;
#endif
		RULE(M11, V[c] || !log[c]);
		stalled = 0
	}
}

/*
 * Depths: 1 a handler and the softirqs behind it, or an oob thread; 2 the same in a softirq; 3 over
 * the handler of 2; 4 over the oob thread of 3.
 */
proctype Irq(byte c; byte l)
{
	byte v, top, gone, next;
	bit was, due, stalled;

idle:
end:	atomic { depth[c] == l - 1 && H[c] && irr[c] > FILL(isr[c]) ->
		v = TOP(irr[c]);
		gate(l)
	};
	if
	:: atomic { v == OURS && attached && !oob[c] && !stop -> skip };
		oob_residence(l)
	:: v == OURS
	:: v != OURS && attached ->
#ifndef BRIEF
		opened(l);
#endif
		inner(l);
		if
#ifndef BRIEF
		:: l == 1 -> tail_work(l)
#endif
		:: skip
		fi;
#ifndef BRIEF
		opened(l)
#endif
#ifdef FAULT_PREEMPT_FULL
		if
		:: atomic { l == 1 && stop && !stopped[c] && !user[c] && AT(l) -> H[c] = 1; off[c] = 0 }; stop_here(l); cli_native(l)
		:: else
		fi
#endif
	:: v != OURS && !attached -> inner_native()
	fi;
	atomic { AT(l) ->
		if
		:: v != OURS -> off[c] = 0
		:: else
		fi;
		iret(l);
		goto idle
	}
}

/* ---- Linux ------------------------------------------------------------------------------- */

/* local_irq_save() and restore: may stand anywhere, and what was off stays off. */
inline save_pair()
{
	save_slot(0);
	cli_slot(0);
	restore_slot(0)
}

/* A hard place, CLI: native cli, perhaps a pair inside; then sti by a thunk, or out to user mode. */
inline hard_cli()
{
#ifdef FAULT_EXIT_CLI_VIRTUAL
	cli_slot(0);
#else
	cli_native(0);
#endif
#ifndef BRIEF
	if
	:: save_pair()
	:: skip
	fi;
#endif
#ifndef FAULT_EXIT_CLI_VIRTUAL
	atomic { AT(0) -> RULE(M4, !H[c] && !V[c]) }
#endif
}

/* A hard place, ALL: native pushf, cli and popf. */
inline hard_all()
{
	atomic { AT(0) -> hard_H = H[c]; hard_V = V[c]; hard_off = off[c]; H[c] = 0; off[c] = 1 };
	if
	:: save_pair()
	:: skip
	fi;
	atomic { AT(0) ->
		RULE(M5, !H[c] && V[c] == hard_V);
		off[c] = hard_off;
		H[c] = hard_H;
		hard_H = 0; hard_V = 0; hard_off = 0
	}
}

inline user_mode()
{
	hard_cli();
	atomic { AT(0) -> RULE(M10, !V[c]); user[c] = 1; off[c] = 0; H[c] = 1 };
	atomic { AT(0) -> user[c] = 0; H[c] = 0; off[c] = 1 };
	sti_slot(0)
}

/* hal_safe_halt(): Linux calls it with its interrupts off. */
inline idle_here()
{
	atomic { AT(0) -> H[c] = 0 };
	atomic { AT(0) ->
		V[c] = 0;
#ifndef FAULT_HALT_FORGETS_LOG
		if
		:: P[c] -> replay()
		:: else
		fi;
#endif
		RULE(M8, !V[c] && !log[c]);
		off[c] = 0;
		halted[c] = 1;
		H[c] = 1
	};
end_halt:
	atomic { AT(0) && (!halted[c] || stop && !stopped[c]) -> halted[c] = 0 }
}

/* hal_exc_gate() with V stalled: Linux's handler reads "off" in its frame. */
inline exception()
{
	atomic { AT(0) && H[c] -> H[c] = 0 };
#ifdef FAULT_EXCEPTION_SHOWS_ON
	sti_slot(0);				/* as Linux does where the frame has its interrupts on */
#endif
	if
	:: atomic { AT(0) -> H[c] = 1 }		/* ud2: a WARN takes long */
	:: save_pair()
	:: skip
	fi;
	atomic { AT(0) -> V[c] = 1; H[c] = 1; RULE(M9, off[c]) }
}

#define ON	(AT(0) && !off[c])
#define OFF	(AT(0) && off[c])

proctype Linux(byte c)
{
	byte top, gone, next;
	bit was, stalled, due, flag, hard_H, hard_V, hard_off;

	do
	:: ON -> cli_slot(0)
	:: ON && stop && !stopped[c] -> stop_here(0)
	:: OFF -> sti_slot(0)
	:: OFF -> idle_here()
#ifndef BRIEF
	:: ON -> hard_cli(); sti_slot(0)
	:: ON -> user_mode()
	:: OFF && attached -> exception()
	:: AT(0) -> save_pair()
	:: AT(0) -> hard_all()
#endif
	:: ON && quit -> break
	od
}

/* ---- around them ------------------------------------------------------------------------- */

proctype Device(byte c; byte mine)
{
	byte v;

	do
	:: atomic { !quit && mine & BIT(OURS) -> irr[c] = irr[c] | BIT(OURS) }
	:: atomic { !quit && mine & BIT(EDGE) ->
		irr[c] = irr[c] | BIT(EDGE);
		want[c] = want[c] | BIT(EDGE)
	   }
	:: atomic { !quit && mine & BIT(LOW) -> line[c] = line[c] | BIT(LOW); apic_ask(LOW) }
	:: atomic { !quit && mine & BIT(HIGH) -> line[c] = line[c] | BIT(HIGH); apic_ask(HIGH) }
	:: atomic { quit -> break }
	od
}

/* Detaches, attaches and so on, until all is to end. */
proctype Control()
{
	do
	:: atomic { stop = 1 };
		atomic { left == CPUS -> left = 0; arrived = 0; stop = 0; stopped[0] = 0; stopped[1] = 0 }
	:: quit = 1; break
	od
}

/* What holds in every state. A guard is true only when a rule is broken: this adds no states. */
#define I1_BROKEN(c)	(log[c] && !P[c] || P[c] && !log[c] && !inside[c])
#define I2_BROKEN(c)	(done[c] & ~held[c])
#define I3_BROKEN(c)	(H[c] && !V[c] && !oob[c] && log[c] && !(inside[c] & BIT(depth[c])))
#define M10_BROKEN(c)	(user[c] && depth[c] == 0 && V[c])
#define E2_BROKEN(c)	((want[c] & ~(irr[c] | log[c])) || (line[c] & ~(irr[c] | isr[c] | log[c])))
#define QUIET(c)	(!(want[c] | line[c] | irr[c] | isr[c] | log[c] | held[c] | done[c] | depth[c] | inside[c]) && !V[c])

proctype Watch()
{
end:	do
	:: NEVER(I1, I1_BROKEN(0) || I1_BROKEN(1))
	:: NEVER(I2, I2_BROKEN(0) || I2_BROKEN(1))
	:: NEVER(I3, I3_BROKEN(0) || I3_BROKEN(1))
	:: NEVER(M10, M10_BROKEN(0) || M10_BROKEN(1))
	:: NEVER(E2, E2_BROKEN(0) || E2_BROKEN(1))
	:: atomic { timeout -> RULE(E3, QUIET(0) && QUIET(1)); break }
	od
}

#define RUN(c, d)	run Device(c, d); run Linux(c); \
		run Irq(c, 1); run Irq(c, 2); run Irq(c, 3); run Irq(c, 4)

init {
	atomic {
		run Watch();
		run Control();
		RUN(0, DEVICES);
#ifdef DEVICES1
		RUN(1, DEVICES1)
#endif
	}
}

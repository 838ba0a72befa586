/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Priority inheritance: nucleus/mutex.c, pi.c and wait.c, with five threads of five priorities on three
 * CPUs and a chain of three mutexes. A thread does something when it is the best of its CPU, so it
 * can be preempted between any two steps but where it holds a queue's lock, hard masked. A
 * step is what happens under one thread's lock; the queue's lock (held) is kept over several.
 */
#include "rules.h"

#define T	5
#define M	3

byte base[T], eprio[T], cpu[T];
bit ready[T], waiting[T];
byte wait_on[T];		/* mutex + 1, 0: on no queue */
byte wprio[T];			/* and its place there */
byte owner[M];			/* thread + 1, 0: free */
byte boost[M];			/* the mutex's place in owner->owned */
bit held[M];
bit walking[T];			/* this one has changed what others have to follow */
hidden byte x, k, changed;

#define BEATS(u, t)	(ready[u] && cpu[u] == cpu[t] && eprio[u] > eprio[t])
#define RUNS(t)		(ready[t] && !BEATS(0, t) && !BEATS(1, t) && !BEATS(2, t) && \
			 !BEATS(3, t) && !BEATS(4, t))

/* x: the highest that waits for m, or with ALL 0 the best whose wait goes on, as thread + 1. */
inline top_of(m)
{
	x = 0;
	k = 0;
	do
	:: k < T ->
		if
		:: wait_on[k] == m + 1 && wprio[k] > x -> x = wprio[k]
		:: else
		fi;
		k++
	:: else -> break
	od
}

inline first_waiting(m)
{
	x = 0;
	changed = 0;
	k = 0;
	do
	:: k < T ->
		if
		:: wait_on[k] == m + 1 && waiting[k] && wprio[k] > changed ->
			changed = wprio[k];
			x = k + 1
		:: else
		fi;
		k++
	:: else -> break
	od
}

/* P1 of pi.c for t, as update_eprio(). */
inline update(t)
{
	x = base[t];
	k = 0;
	do
	:: k < M ->
		if
		:: owner[k] == t + 1 && boost[k] > x -> x = boost[k]
		:: else
		fi;
		k++
	:: else -> break
	od;
	changed = (eprio[t] != x);
	eprio[t] = x
}

/* Whom to follow next: link_t waits on link_w; link_t is thread + 1, 0: the chain has ended. */
inline next_link(t)
{
	if
	:: changed && wait_on[t] -> link_t = t + 1; link_w = wait_on[t] - 1
	:: else -> link_t = 0; link_w = 0; walking[me] = 0
	fi;
	changed = 0
}

/* Steps 5 to 9 of pi.c; held[m] is this thread's, and is let go of. */
inline boost_owner(m)
{
#ifdef FAULT_OWNER_READ_EARLY
	atomic { o = owner[m]; held[m] = 0 };
	atomic {
#else
	atomic { o = owner[m];
#endif
		changed = 0;
		held[m] = 0;	/* before m, which may be link_w, is another */
		if
		:: o ->
			top_of(m);
			boost[m] = x;
			update(o - 1);
			next_link(o - 1)
		:: else -> next_link(me)
		fi;
#ifdef FAULT_WALK_STOPS
		link_t = 0; link_w = 0; walking[me] = 0;
#endif
		o = 0
	}
}

/* Steps 1 to 3, then 5 to 9, until the chain ends. */
inline walk()
{
	do
	:: link_t ->
		atomic { RUNS(me) && !held[link_w] ->
			if
			:: wait_on[link_t - 1] == link_w + 1 ->
#ifndef FAULT_WAITER_NOT_MOVED
				wprio[link_t - 1] = eprio[link_t - 1];
#endif
				held[link_w] = 1
			:: else -> link_t = 0; link_w = 0; walking[me] = 0
			fi
		};
		if
		:: link_t -> boost_owner(link_w)
		:: else
		fi
	:: else -> break
	od
}

/* The wait has ended otherwise: leave, and take the boost along. */
inline leave(m)
{
	atomic { RUNS(me) && !held[m] ->
		wait_on[me] = 0;
		wprio[me] = 0;
#ifndef FAULT_BOOST_LEFT_BEHIND
		walking[me] = 1;
		held[m] = 1
#endif
	};
#ifndef FAULT_BOOST_LEFT_BEHIND
	boost_owner(m);
	walk()
#endif
}

inline give(m, t)
{
	owner[m] = t + 1;
	top_of(m);
	boost[m] = x;
	update(t);
	changed = 0
}

/* got: it is this thread's. */
inline lock(m)
{
	atomic { RUNS(me) && !held[m] ->
		if
		:: !owner[m] -> give(m, me); got = 1
		:: else ->
			waiting[me] = 1;
			wait_on[me] = m + 1;
			wprio[me] = eprio[me];
			walking[me] = 1;
			held[m] = 1
		fi
	};
	if
	:: !got ->
		boost_owner(m);
		walk();
		atomic { RUNS(me) -> ready[me] = !waiting[me] };
		atomic { RUNS(me) -> got = (owner[m] == me + 1) };
		if
		:: !got -> leave(m)
		:: else
		fi
	:: else
	fi
}

inline unlock(m)
{
	atomic { RUNS(me) && !held[m] ->
		held[m] = 1;
		owner[m] = 0;
		boost[m] = 0;
#ifndef FAULT_BOOST_KEPT
		update(me)
#endif
	};
	atomic {
		first_waiting(m);
#ifdef FAULT_LOSER_NOT_SKIPPED
		/* The first on the queue, whether it waits or not. */
		changed = x;
		top_of(m);
		if
		:: changed && wprio[changed - 1] == x -> x = changed
		:: else -> x = 0
		fi;
#endif
		o = x;
		changed = 0;
		if
		:: o ->
			waiting[o - 1] = 0;
			wait_on[o - 1] = 0;
			wprio[o - 1] = 0;
			ready[o - 1] = 1;
			give(m, o - 1)
		:: else
		fi;
		o = 0;
		got = 0;
		held[m] = 0
	}
}

#define LOCALS	byte link_t, link_w, o; bit got

inline stop()
{
	atomic { RUNS(me) -> ready[me] = 0 }
}

/* Locks one mutex. */
proctype Single(byte me, m)
{
	LOCALS;

	do
	:: lock(m);
		if
		:: got -> unlock(m)
		:: else
		fi
	:: break
	od;
	stop()
}

/* Holds one, and then wants the one that is nearer to the head of the chain. */
proctype Link(byte me, first, second)
{
	LOCALS;

	do
	:: lock(first);
		if
		:: got ->
			got = 0;
			lock(second);
			if
			:: got -> unlock(second)
			:: else
			fi;
			unlock(first)
		:: else
		fi
	:: break
	od;
	stop()
}

/* Changes the priority of another thread, wherever that waits, from the side; then waits at the far
 * end of the chain. */
proctype Changer(byte me, whom, up, m)
{
	LOCALS;

	atomic { RUNS(me) ->
		walking[me] = 1;
		base[whom] = up;
		update(whom);
		next_link(whom)
	};
	walk();
	lock(m);
	if
	:: got -> unlock(m)
	:: else
	fi;
	stop()
}

/* A timeout, when it waits, or a recall, when it is about to. */
proctype Ends(byte whom)
{
end:	do
	:: atomic { waiting[whom] -> waiting[whom] = 0; ready[whom] = 1 }
	od
}

#define QUIET	(!walking[0] && !walking[1] && !walking[2] && !walking[3] && !walking[4] && \
		 !held[0] && !held[1] && !held[2])
#define OF(t, m)	(owner[m] == t + 1 -> boost[m] : 0)
#define B1_OFF(t)	(eprio[t] < base[t] || eprio[t] < OF(t, 0) || eprio[t] < OF(t, 1) || \
			 eprio[t] < OF(t, 2) || (eprio[t] != base[t] && eprio[t] != OF(t, 0) && \
			 eprio[t] != OF(t, 1) && eprio[t] != OF(t, 2)))
#define B2_OFF(t)	(wait_on[t] && wprio[t] != eprio[t])
#define ON(t, m)	(wait_on[t] == m + 1 -> wprio[t] : 0)
#define B3_OFF(m)	(owner[m] && (boost[m] < ON(0, m) || boost[m] < ON(1, m) || boost[m] < ON(2, m) || \
			 boost[m] < ON(3, m) || boost[m] < ON(4, m) || (boost[m] != ON(0, m) && \
			 boost[m] != ON(1, m) && boost[m] != ON(2, m) && boost[m] != ON(3, m) && \
			 boost[m] != ON(4, m))))
#define B4_OFF(m)	(!owner[m] && boost[m])
#define HELD_UP(t, m)	(wait_on[t] == m + 1 && owner[m] && eprio[owner[m] - 1] < eprio[t])
#define B5_OFF(t)	(HELD_UP(t, 0) || HELD_UP(t, 1) || HELD_UP(t, 2))
#define ANY(what)	(what(0) || what(1) || what(2) || what(3) || what(4))

proctype Watch()
{
end:	do
	:: NEVER(B1, QUIET && ANY(B1_OFF))
	:: NEVER(B2, QUIET && ANY(B2_OFF))
	:: NEVER(B3, QUIET && (B3_OFF(0) || B3_OFF(1) || B3_OFF(2)))
	:: NEVER(B4, B4_OFF(0) || B4_OFF(1) || B4_OFF(2))
	:: NEVER(B5, QUIET && ANY(B5_OFF))
	:: timeout -> RULE(B6, !wait_on[0] && !wait_on[1] && !wait_on[2] && !wait_on[3] && !wait_on[4]);
		break
	od
}

inline thread(t, prio, where)
{
	base[t] = prio;
	eprio[t] = prio;
	cpu[t] = where;
	ready[t] = 1
}

init {
	atomic {
		thread(0, 1, 0);
		thread(1, 2, 1);
		thread(2, 3, 2);
		thread(3, 5, 0);
		thread(4, 4, 1);
		run Watch();
		run Single(0, 0);
		run Link(1, 1, 0);
		run Link(2, 2, 1);
		run Single(3, 1);
		run Changer(4, 3, 6, 2);
		run Ends(3)
	}
}

/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Signals of hard threads, and timers. A signal that a hard thread has blocked is kept by Keel while the
 * thread is hard, for KEEL_CALL_SIGNAL_WAIT; what it does not take is Linux's when it goes in-band. One
 * that is not blocked is Linux's at once.
 */
#ifndef KEEL_UAPI_NOTIFY_H
#define KEEL_UAPI_NOTIFY_H

/*
 * KEEL_CALL_SIGNAL_WAIT (set, until): set has bit n - 1 for signal n, all blocked. Its value is the
 * signal, with Linux's si_code in the bits from KEEL_SIGNAL_CODE_SHIFT on, 8 of them; the window has the
 * rest: signal_value, and of a timer signal_timer and signal_overrun. -EBUSY: Linux has one of them;
 * -EINVAL: one is not blocked; -ETIMEDOUT, with until 0 at once; -EINTR.
 *
 * KEEL_CALL_SIGNAL_SEND (thread, signal | code << KEEL_SIGNAL_CODE_SHIFT, value): thread 0: who waits for
 * it. -EAGAIN: Linux has to deliver it; -ESRCH: no such thread.
 */
#define KEEL_SIGNAL_MAX		64
#define KEEL_SIGNAL_CODE_SHIFT	8

/*
 * KEEL_TIMER: args[0]: signal | number << KEEL_TIMER_NUMBER_SHIFT, the number for si_timerid; signal 0:
 * none, KEEL_CALL_TIMER_WAIT. args[1]: the thread that gets it, 0: the process. data: the value.
 * There is none of SIGKILL or SIGSTOP.
 *
 * KEEL_CALL_TIMER_SET (id, first, interval): absolute; first 0: off; the interval 0, or
 * KEEL_PERIOD_MIN_NS to KEEL_FOREVER. On CLOCK_REALTIME with KEEL_REALTIME in id.
 * KEEL_CALL_TIMER_GET (id) -> ns until it expires next, 0: it is off.
 * KEEL_CALL_TIMER_OVERRUN (id) -> of its last signal, when that was Linux's; else -EAGAIN.
 * KEEL_CALL_TIMER_WAIT (id, until) -> how many expiries more than one there were since the last.
 */
#define KEEL_TIMER_NUMBER_SHIFT	8
#define KEEL_TIMER_NUMBER_MAX	0xffffff

/*
 * KEEL_CALL_THREAD_WARN: SIGXCPU to the caller for each of these; unasked, from the watchdog alone.
 * si_code is SI_QUEUE then, and si_int KEEL_WARNED + why: a KEEL_RELAX_* or one of the others.
 */
#define KEEL_WARN_SWITCH	1	/* a Linux system call or a fault has taken it in-band */
#define KEEL_WARN_SIGNAL	2	/* a signal has */
#define KEEL_WARN_OWNER		4	/* in-band it has a mutex that a better thread waits for */
#define KEEL_WARN_ALL		7

#define KEEL_WARNED		0x4b570000
#define KEEL_WARNED_MEMORY	16	/* a page fault, and its memory is not locked */
#define KEEL_WARNED_OWNER	17
#define KEEL_WARNED_UNLOCK	18	/* of libkeel-posix: it unlocked a mutex that is not its own */

#endif

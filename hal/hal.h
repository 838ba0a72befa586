/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hardware abstraction contract: all that the nucleus knows of a machine.
 *
 * A port (hal/x86, hal/sim) provides <hal_port.h> with the inline part and links the
 * functions below. hal never includes nucleus headers; it calls up through the nk_hal_*
 * functions at the end. Two masks are kept apart: the hard mask (this CPU takes no
 * interrupt at all) and the stall (only in-band, that is Linux, is held back). Nothing
 * here waits for Linux, allocates or may fail unless it says so.
 */
#ifndef HAL_HAL_H
#define HAL_HAL_H

/* Nanoseconds on the monotonic clock. */
typedef __INT64_TYPE__ hal_time_t;

#define HAL_TIME_NEVER ((hal_time_t)0x7fffffffffffffffLL)

/*
 * <hal_port.h> defines:
 *
 *   HAL_MAX_CPUS                     most CPUs this build can serve
 *   hal_flags_t                      opaque saved hard mask
 *   struct hal_spinlock              zero-initialised = unlocked
 *   struct hal_context               machine state of one thread, embedded in nk_thread
 *
 *   hal_flags_t hal_oob_save(void)        mask hard, return the mask before
 *   void hal_oob_restore(hal_flags_t)     put the mask back
 *   int  hal_oob_masked(void)             1 when hard masked
 *   void hal_oob_gap(void)                hard masked: open for a moment, what waits comes in
 *   int  hal_cpu(void)                    this CPU's number; stable only when hard masked
 *   void *hal_local(void)            what hal_local_set() stored for this CPU
 *   void hal_spin_lock(struct hal_spinlock *)    fair, hard masked by the caller
 *   void hal_spin_unlock(struct hal_spinlock *)
 *   int  hal_spin_held(struct hal_spinlock *)    1 when held (by this CPU where the port knows)
 *   void hal_cpu_relax(void)              in a spin loop
 *   HAL_NORETURN                          optional, see below
 */
#include <hal_port.h>

/* The kernel's objtool knows no functions of ours that do not return: its port defines this
 * empty, and their callers go on to a return that is never reached. */
#ifndef HAL_NORETURN
#define HAL_NORETURN __attribute__((noreturn))
#endif

/* ---- time ---------------------------------------------------------------------- */

/* Now, in ns, equal to CLOCK_MONOTONIC, never backwards on one CPU.
 * Context: hard masked, as it leaves a note on the CPU; never blocks; about 20 instructions. */
hal_time_t hal_clock_now(void);

/* The same from the last reading on this CPU and what has passed since: a few ns off, and cheaper.
 * Context: hard masked; never blocks; about 10 instructions. */
hal_time_t hal_clock_near(void);

/* What to add to hal_clock_now() for CLOCK_REALTIME. When it changes all CPUs that have read the old one
 * hear of it, see nk_hal_clock_set(). Context: any; never blocks. */
hal_time_t hal_clock_realtime_offset(void);

/* Be busy until @when, which is microseconds away at most. Context: hard masked. */
void hal_clock_await(hal_time_t when);

/* Ask for nk_hal_tick() on this CPU at @deadline (absolute ns; HAL_TIME_NEVER: none).
 * A deadline in the past fires at once. The port may fire early; never loses one.
 * Context: hard masked; never blocks. */
void hal_timer_program(hal_time_t deadline);

/* ---- other CPUs ---------------------------------------------------------------- */

/* Make @cpu run nk_hal_kick() soon. Several kicks may become one.
 * Context: hard masked; never blocks. */
void hal_ipi_send(int cpu);

/* The client's own pointer for @cpu. Context: in-band, before @cpu runs anything of ours. */
void hal_local_set(int cpu, void *local);

/* 1 when @cpu runs Keel. Context: any. */
int hal_cpu_online(int cpu);

/* ---- threads ------------------------------------------------------------------- */

/* The context in which this CPU found Linux when Keel came: never needs a stack of ours.
 * Context: any; before the CPU's first hal_switch(). */
void hal_context_init_root(struct hal_context *ctx);

/* A kernel thread that starts in @entry(@arg), after nk_hal_thread_begin(), with the hard
 * mask open, on @stack of @size bytes (16-byte aligned). @entry never returns.
 * Context: any. */
void hal_context_init_kernel(struct hal_context *ctx, void *stack, unsigned long size,
			     void (*entry)(void *), void *arg);

/* Leave @prev, run @next; returns when some CPU switches to @prev again. @prev's user and
 * vector state may stay on the CPU until another user context needs it.
 * Context: hard masked, no spinlock held; bounded. */
void hal_switch(struct hal_context *prev, struct hal_context *next);

/* Complete @ctx in memory: called by its own thread right before it leaves for in-band, so that
 * the owner, on any CPU, reads a whole context. Context: hard masked. */
void hal_context_sync(struct hal_context *ctx);

/* @ctx is off its CPU and in-band may have it: wake its Linux owner.
 * Context: hard masked, no lock held. */
void hal_inband_wake(struct hal_context *ctx);

/* @ctx's thread is in-band, and its effective priority is another one, or that is new: its owner may
 * need it too. Context: hard masked, with locks held; never blocks. */
void hal_inband_prio(struct hal_context *ctx);

/* When in-band lost this CPU last: the last reading of the clock here before that, which is in the same
 * interrupt, or by the client. Context: hard masked. */
hal_time_t hal_inband_left(void);

/* The same of @cpu, which goes on; HAL_TIME_NEVER: in-band has it. Context: any. */
hal_time_t hal_inband_left_of(int cpu);

/* 1 when in-band has something to do on this CPU. Context: hard masked, an oob thread has the CPU. */
int hal_inband_wants(void);

/* Copy @size bytes from or to the memory of the user thread that is current, by its own rights. 0, or
 * -1: not all of it is there; some may have been copied. The call that is under way then must end
 * with -EFAULT, all undone: if Linux can bring in what is missing, it is made again. Context: oob, hard masked, no spinlock held; never blocks; as long as @size makes it. */
int hal_user_read(void *to, unsigned long from, unsigned long size);
int hal_user_write(unsigned long to, const void *from, unsigned long size);

/* Drop what the port keeps of @ctx. Context: in-band, @ctx not running. */
void hal_context_destroy(struct hal_context *ctx);

/* ---- work for in-band -------------------------------------------------------------- */

/* The port's: a function of Linux's side, and whether it is asked for. */
struct hal_work;

/* Have @w's function called soon, by Linux on this CPU, in an interrupt; what was asked for and has not
 * begun is not asked for twice. Context: hard masked; never blocks; about 100 instructions. */
void hal_work_post(struct hal_work *w);

/* ---- trouble ------------------------------------------------------------------- */

/* An invariant does not hold: print, and stop the machine (Linux: BUG; sim: fail the test). */
void hal_panic(const char *file, int line, const char *what) HAL_NORETURN;

/* Something an operator must hear of, said later from in-band. @what is a literal, @arg an
 * integer for it. Bounded; losing one when many come at once is allowed.
 * Context: any. */
void hal_warn(const char *what, long arg);

/* ---- trace --------------------------------------------------------------------- */

/* What @who, @other, @a and @b of hal_trace() are. */
enum hal_trace_event {
	HAL_TRACE_SWITCH,	/* who goes, who comes, state of the one that goes */
	HAL_TRACE_WAKE,		/* who, -, how its wait ended, priority */
	HAL_TRACE_TIMER,	/* -, -, deadline, now */
	HAL_TRACE_IRQ,		/* -, -, vector */
	HAL_TRACE_LOG,		/* -, -, vector */
	HAL_TRACE_REPLAY,	/* -, -, vector */
	HAL_TRACE_HARDEN,	/* who, -, CPU */
	HAL_TRACE_RELAX,	/* who, -, reason */
	HAL_TRACE_LOCK_WAIT,	/* who waits, who has it, the lock's address */
	HAL_TRACE_LOCK_END,	/* who waited, -, the lock's address, how that ended */
	HAL_TRACE_BOOST,	/* who, -, effective priority before, and now */
	HAL_TRACE_ATTACH,
	HAL_TRACE_DETACH,
	HAL_TRACE_WATCHDOG,	/* who */
	HAL_TRACE_MARK,		/* who, -, a number, a value: the program's own */
	HAL_TRACE_RAN,		/* see hal_trace_ran() */
	HAL_TRACE_EVENTS,
};

/* <hal_port.h>: int hal_tracing(void), 1 while anybody watches; one instruction while nobody does. */

/* An event, for the trace if anybody watches, and for those kept for a crash. No lock is taken.
 * Context: any; bounded; some 50 instructions, or 800 while anybody watches. */
void hal_trace(enum hal_trace_event event, const struct hal_context *who,
	       const struct hal_context *other, long a, long b);

/* @who goes off its CPU at @now, after @ran: for a crash only, as it is frequent.
 * Context: hard masked; never blocks; about 20 instructions. */
void hal_trace_ran(const struct hal_context *who, hal_time_t ran, int state, hal_time_t now);

/* ---- what the client (nucleus) provides ---------------------------------------- */

/* All below are called hard masked, on the CPU concerned, unless they say otherwise. */

/* The programmed deadline may have passed; @now was read at entry. Runs expired timers and
 * returns the next deadline, which the port programs. Must not switch. */
hal_time_t nk_hal_tick(hal_time_t now);

/* Another CPU called hal_ipi_send(). Must not switch. */
void nk_hal_kick(void);

/* CLOCK_REALTIME was set: its offset is another one from now on. Told to one CPU, for all. Must not
 * switch. */
void nk_hal_clock_set(void);

/* End of every oob interrupt: switch if something better is ready. May call hal_switch().*/
void nk_hal_preempt(void);

/* hal_switch() is about to take the CPU from @ctx, which is not root. Must not switch. */
void nk_hal_thread_off(struct hal_context *ctx);

/* First code of a new kernel or user context after hal_switch() (finishes the switch). */
void nk_hal_thread_begin(void);

/* An in-band interrupt was held back because an oob thread has this CPU; told once per
 * residence. Starts the watchdog. */
void nk_hal_inband_waits(hal_time_t now);

/* In-band has the CPU again. Must not switch. */
void nk_hal_inband_runs(void);

/* In-band is about to wait for an interrupt, and none is held back. May call hal_switch(). */
void nk_hal_inband_idle(void);

/* @cpu, where no oob thread lives, goes offline, or is not there from the start; timers of it go to
 * @to, which is online. And it comes. Context: in-band on @cpu, or it has never run; not masked. */
void nk_hal_cpu_offline(int cpu, int to);
void nk_hal_cpu_online(int cpu);

/* 1 when no oob thread lives on @cpu. Context: any. */
int nk_cpu_idle(int cpu);

#endif

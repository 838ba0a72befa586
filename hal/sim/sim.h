/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests' remote control of the simulated machine.
 *
 * All virtual CPUs live on one host thread and run in turn; a run is deterministic. The caller
 * of sim_init() is Linux, the root context, on CPU 0; Linux on the other CPUs runs what
 * sim_post() gives it. A CPU keeps the turn until it is idle, spins, or is told otherwise by
 * sim_explore(). The clock is a variable that only sim_advance() moves. Interrupts come in
 * whenever the hard mask opens. Broken rules of the contract (a lock taken twice or with the
 * mask open, a switch with a lock held and the like) end in hal_panic().
 */
#ifndef HAL_SIM_SIM_H
#define HAL_SIM_SIM_H

#include <hal/hal.h>

/* A fresh machine with @cpus virtual CPUs, time 1 second. */
void sim_init(int cpus);

/* What hal_panic() calls; it must not return. Stays over sim_init(). */
void sim_on_panic(void (*fn)(const char *file, int line, const char *what));

/* What hal_inband_wake() calls, after counting; NULL: nothing. Cleared by sim_init(). */
void sim_on_wake(void (*fn)(struct hal_context *ctx));

/* What is called whenever a CPU's mask is about to open; NULL: nothing. Cleared by sim_init(). */
void sim_on_unmask(void (*fn)(void));

/* Let the other CPUs run until all are idle, and take this CPU's own interrupts. */
void sim_settle(void);

/* Move the clock on by @ns; on the way every timer fires at its time, and all settle. Called
 * by a thread it is a time during which the thread is busy. */
void sim_advance(hal_time_t ns);

/* The same of a CPU that lets nothing in: what comes due is late. The others' as well. */
void sim_advance_masked(hal_time_t ns);

/* Linux, on this CPU, sets CLOCK_REALTIME to the monotonic clock and @offset. It is 0 at first. */
void sim_set_realtime(hal_time_t offset);

/* Linux on @cpu, another CPU, runs @fn(@arg) when that CPU gets the turn. */
void sim_post(int cpu, void (*fn)(void *arg), void *arg);

/* An interrupt of hal on @cpu: runs @fn(@arg) hard masked, then nk_hal_preempt(). */
void sim_irq(int cpu, void (*fn)(void *arg), void *arg);

/* The other CPU with something to do gets the turn now, if there is one. */
void sim_switch_cpu(void);

/* Whether @cpu is online, as all are at first. One that is not takes no kick and no timer. */
void sim_set_online(int cpu, int online);

/* Does Linux want the CPU, when hal is asked: yes from the start. */
void sim_inband_wants(int cpu, int wants);

/* This byte of threads' memory is not there; NULL: all is. Cleared by sim_init(). */
void sim_user_hole(const void *at);

/* Work for in-band: whom it is for looks himself. */
struct hal_work {
	int posts;		/* how often it was posted */
};

/* Whether some CPU is on the stack of @ctx. */
int sim_context_runs(const struct hal_context *ctx);

/* How many spinlocks are held in all. */
int sim_locks_held(void);

/* How often one was taken since sim_init(). */
unsigned long sim_locks_taken(void);

/* What the timer of @cpu is programmed to. */
hal_time_t sim_programmed(int cpu);

/* How often the timer of @cpu was programmed. */
unsigned long sim_programs(int cpu);

/* How many kicks @cpu was sent. */
unsigned long sim_kicks(int cpu);

/* hal_warn() calls since sim_init(), and the argument of the last. */
int sim_warnings(long *arg);

/* Events of hal_trace() since the last look, a letter each in the order of enum hal_trace_event, from
 * 'A'; the first 63 of them, without those for a crash. */
const char *sim_trace(void);

/* How long threads ran by hal_trace_ran(), since the last look. */
hal_time_t sim_trace_ran(void);

/*
 * Run @fn(@arg) again and again; the calls of hal between sim_race_begin() and sim_race_end() are
 * numbered, and at the k-th another CPU gets the turn, for each k, and then for each pair
 * k < l, which gives the turn back in the midst of what the other does. @fn sets up all anew each
 * time, sim_init() included. Returns the number of runs. It sees interleavings at calls of hal
 * only, and memory is sequentially consistent here.
 */
unsigned long sim_explore(void (*fn)(void *arg), void *arg);
void sim_race_begin(void);
void sim_race_end(void);

#endif

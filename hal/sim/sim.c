// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated machine: virtual CPUs that take turns, and the tests' remote control.
 */
#include "hal/sim/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIBERS 1024
#define ROOT_STACK (256 * 1024)

struct sim_machine sim_machine;

static struct {
	int on;
	unsigned long point;	/* calls of hal so far */
	unsigned long cut[2];	/* where to give the turn away, 0: nowhere */
} race;

static void (*on_panic)(const char *file, int line, const char *what);
static struct sim_fiber fibers[MAX_FIBERS];
static int fibers_used;
static struct sim_fiber host;
static char root_stacks[HAL_MAX_CPUS][ROOT_STACK] __attribute__((aligned(16)));

void hal_panic(const char *file, int line, const char *what)
{
	if (on_panic)
		on_panic(file, line, what);
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void sim_on_panic(void (*fn)(const char *file, int line, const char *what))
{
	on_panic = fn;
}

struct sim_fiber *sim_fiber_get(void)
{
	sim_require(fibers_used < MAX_FIBERS);
	return &fibers[fibers_used++];
}

static void enqueue(struct sim_queue *q, void (*fn)(void *), void *arg)
{
	sim_require(q->count < SIM_QUEUED);
	q->call[q->count++] = (struct sim_call){ fn, arg };
}

static struct sim_call dequeue(struct sim_queue *q)
{
	struct sim_call first = q->call[0];

	q->count--;
	memmove(q->call, q->call + 1, sizeof(first) * q->count);
	return first;
}

/* ---- turns ---------------------------------------------------------------------- */

static int has_irq(const struct sim_cpu *c)
{
	return !c->masked && !c->offline &&
	       (c->kicked || c->irqs.count || c->deadline <= sim_machine.now);
}

static int wants_turn(const struct sim_cpu *c)
{
	if (c->curr->waiting == SIM_RUNS || has_irq(c))
		return 1;
	return c->curr == c->root && c->curr->waiting == SIM_IDLE && c->jobs.count;
}

/* The next CPU in the round that wants the turn, or -1. */
static int next_wanting(void)
{
	int i, cpu;

	for (i = 1; i < sim_machine.cpus; i++) {
		cpu = (sim_machine.me + i) % sim_machine.cpus;
		if (wants_turn(&sim_machine.cpu[cpu]))
			return cpu;
	}
	return -1;
}

int sim_others_want(void)
{
	return next_wanting() >= 0;
}

static int last_settling(void)
{
	int cpu, found = -1, best = 0;

	for (cpu = 0; cpu < sim_machine.cpus; cpu++) {
		if (sim_machine.cpu[cpu].curr->waiting > best) {
			best = sim_machine.cpu[cpu].curr->waiting;
			found = cpu;
		}
	}
	return found;
}

void sim_turn_to(int cpu)
{
	struct sim_fiber *from = sim_this_cpu()->curr;

	if (cpu == sim_machine.me)
		return;
	sim_machine.me = cpu;
	fiber_switch(from, sim_this_cpu()->curr);
}

/* One round; in it the fiber runs, whatever it waited for. */
static void take_irqs(struct sim_cpu *c)
{
	struct sim_fiber *f = c->curr;
	int waiting = f->waiting;
	struct sim_call irq;

	f->waiting = SIM_RUNS;
	c->masked = 1;
	if (c->deadline <= sim_machine.now) {
		c->deadline = HAL_TIME_NEVER;
		hal_timer_program(nk_hal_tick(sim_machine.now));
	}
	if (c->kicked) {
		c->kicked = 0;
		nk_hal_kick();
	}
	if (c->irqs.count) {
		irq = dequeue(&c->irqs);
		irq.fn(irq.arg);
	}
	nk_hal_preempt();
	c->masked = 0;
	f->waiting = waiting;
}

void sim_deliver(void)
{
	while (has_irq(sim_this_cpu()))
		take_irqs(sim_this_cpu());
}

void sim_switch_cpu(void)
{
	int cpu = next_wanting();

	if (cpu >= 0)
		sim_turn_to(cpu);
	sim_deliver();
}

/* Each call of hal passes here: the place to go on elsewhere, and to be interrupted. */
void sim_point(void)
{
	if (!race.on)
		return;
	race.point++;
	if (race.point == race.cut[0] || race.point == race.cut[1])
		sim_switch_cpu();
	else
		sim_deliver();
}

void sim_settle(void)
{
	struct sim_fiber *f = sim_this_cpu()->curr;
	int outer = f->waiting;
	int cpu;

	sim_require(!sim_this_cpu()->masked);
	f->waiting = ++sim_machine.settles;
	sim_deliver();
	while ((cpu = next_wanting()) >= 0) {
		sim_turn_to(cpu);
		sim_deliver();
	}
	f->waiting = outer;
}

static void idle(void)
{
	int cpu = next_wanting();

	if (cpu < 0)
		cpu = last_settling();
	sim_require(cpu >= 0);
	sim_turn_to(cpu);
}

static void root_main(void *arg)
{
	struct sim_cpu *c = arg;
	struct sim_call job;

	for (;;) {
		c->root->waiting = SIM_IDLE;
		sim_deliver();
		if (!c->jobs.count) {
			idle();
			continue;
		}
		c->root->waiting = SIM_RUNS;
		job = dequeue(&c->jobs);
		job.fn(job.arg);
	}
}

/* ---- remote control ------------------------------------------------------------- */

void sim_init(int cpus)
{
	int cpu;

	sim_require(cpus >= 1 && cpus <= HAL_MAX_CPUS);
	memset(&sim_machine, 0, sizeof(sim_machine));
	sim_machine.cpus = cpus;
	fibers_used = 0;
	sim_machine.now = 1000000000;
	fiber_adopt(&host);
	host.waiting = SIM_RUNS;
	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++)
		sim_machine.cpu[cpu].deadline = HAL_TIME_NEVER;
	sim_machine.cpu[0].root = &host;
	sim_machine.cpu[0].curr = &host;
	for (cpu = 1; cpu < cpus; cpu++) {
		struct sim_fiber *f = sim_fiber_get();

		fiber_init(f, root_stacks[cpu], ROOT_STACK, root_main, &sim_machine.cpu[cpu]);
		f->waiting = SIM_IDLE;
		sim_machine.cpu[cpu].root = f;
		sim_machine.cpu[cpu].curr = f;
	}
}

void sim_on_wake(void (*fn)(struct hal_context *ctx))
{
	sim_machine.on_wake = fn;
}

void sim_on_unmask(void (*fn)(void))
{
	sim_machine.on_unmask = fn;
}

static hal_time_t next_deadline(void)
{
	hal_time_t next = HAL_TIME_NEVER;
	int cpu;

	for (cpu = 0; cpu < sim_machine.cpus; cpu++)
		if (hal_cpu_online(cpu) && sim_machine.cpu[cpu].deadline < next)
			next = sim_machine.cpu[cpu].deadline;
	return next;
}

void sim_advance_masked(hal_time_t ns)
{
	sim_require(sim_this_cpu()->masked);
	sim_machine.now += ns;
}

void sim_advance(hal_time_t ns)
{
	hal_time_t target = sim_machine.now + ns;
	hal_time_t next;

	/* In a race time may jump right now, in the midst of what another CPU does. */
	if (!race.on)
		sim_settle();
	for (;;) {
		next = next_deadline();
		if (next > target || sim_machine.now >= target)
			break;
		if (next > sim_machine.now)
			sim_machine.now = next;
		sim_settle();
	}
	if (target > sim_machine.now)
		sim_machine.now = target;
	sim_settle();
}

void sim_set_realtime(hal_time_t offset)
{
	hal_flags_t flags = hal_oob_save();

	sim_machine.realtime_offset = offset;
	sim_point();
	nk_hal_clock_set();
	hal_oob_restore(flags);
}

void sim_post(int cpu, void (*fn)(void *arg), void *arg)
{
	sim_require(cpu != sim_machine.me && cpu < sim_machine.cpus);
	enqueue(&sim_machine.cpu[cpu].jobs, fn, arg);
}

void sim_irq(int cpu, void (*fn)(void *arg), void *arg)
{
	enqueue(&sim_machine.cpu[cpu].irqs, fn, arg);
	if (cpu == sim_machine.me)
		sim_deliver();
}

void sim_set_online(int cpu, int online)
{
	sim_machine.cpu[cpu].offline = !online;
}

void sim_inband_wants(int cpu, int wants)
{
	sim_machine.cpu[cpu].content = !wants;
}

void sim_user_hole(const void *at)
{
	sim_machine.hole = (unsigned long)at;
}

int sim_locks_held(void)
{
	int cpu, count = 0;

	for (cpu = 0; cpu < sim_machine.cpus; cpu++)
		count += sim_machine.cpu[cpu].locks;
	return count;
}

unsigned long sim_locks_taken(void)
{
	return sim_machine.locks_taken;
}

hal_time_t sim_programmed(int cpu)
{
	return sim_machine.cpu[cpu].deadline;
}

unsigned long sim_programs(int cpu)
{
	return sim_machine.cpu[cpu].programs;
}

unsigned long sim_kicks(int cpu)
{
	return sim_machine.cpu[cpu].kicks;
}

int sim_warnings(long *arg)
{
	*arg = sim_machine.warning_arg;
	return sim_machine.warnings;
}

void sim_race_begin(void)
{
	race.point = 0;
	race.on = 1;
}

void sim_race_end(void)
{
	race.on = 0;
}

/* One run; returns how many points it had. */
static unsigned long run(void (*fn)(void *), void *arg, unsigned long first, unsigned long second)
{
	race.on = 0;
	race.point = 0;
	race.cut[0] = first;
	race.cut[1] = second;
	fn(arg);
	race.on = 0;
	return race.point;
}

unsigned long sim_explore(void (*fn)(void *arg), void *arg)
{
	unsigned long first, second, points, inner, runs = 1;

	points = run(fn, arg, 0, 0);
	for (first = 1; first <= points; first++) {
		inner = run(fn, arg, first, 0);
		runs++;
		for (second = first + 1; second <= inner; second++, runs++)
			inner = run(fn, arg, first, second);
	}
	return runs;
}

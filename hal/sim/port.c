// SPDX-License-Identifier: GPL-2.0
/*
 * The hal contract on the simulated machine. What the contract demands of a caller is checked.
 */
#include "hal/sim/machine.h"

#include <string.h>

#define SPIN_LIMIT 100000

hal_flags_t hal_oob_save(void)
{
	hal_flags_t flags;

	sim_point();
	flags = sim_this_cpu()->masked;
	sim_this_cpu()->masked = 1;
	return flags;
}

void hal_oob_restore(hal_flags_t flags)
{
	if (!flags && sim_this_cpu()->masked && sim_machine.on_unmask)
		sim_machine.on_unmask();
	sim_this_cpu()->masked = flags;
	sim_deliver();
	sim_point();
}

int hal_oob_masked(void)
{
	return sim_this_cpu()->masked;
}

int hal_cpu(void)
{
	return sim_machine.me;
}

void *hal_local(void)
{
	return sim_machine.local[sim_machine.me];
}

void hal_local_set(int cpu, void *local)
{
	sim_machine.local[cpu] = local;
}

int hal_cpu_online(int cpu)
{
	return cpu >= 0 && cpu < sim_machine.cpus && !sim_machine.cpu[cpu].offline;
}

/* Somebody else must do something, or this spins for ever. */
void hal_cpu_relax(void)
{
	static int spins;

	spins = sim_others_want() ? 0 : spins + 1;
	sim_require(spins < SPIN_LIMIT);
	sim_switch_cpu();
}

void hal_spin_lock(struct hal_spinlock *lock)
{
	sim_point();
	sim_require(sim_this_cpu()->masked);
	sim_require(lock->owner != sim_machine.me + 1);
	while (lock->owner)
		sim_turn_to(lock->owner - 1);
	lock->owner = sim_machine.me + 1;
	sim_this_cpu()->locks++;
	sim_machine.locks_taken++;
}

void hal_spin_unlock(struct hal_spinlock *lock)
{
	sim_require(sim_this_cpu()->masked);
	sim_require(lock->owner == sim_machine.me + 1);
	lock->owner = 0;
	sim_this_cpu()->locks--;
	sim_point();
}

int hal_spin_held(struct hal_spinlock *lock)
{
	return lock->owner == sim_machine.me + 1;
}

hal_time_t hal_clock_now(void)
{
	return sim_machine.now;
}

hal_time_t hal_clock_near(void)
{
	return hal_clock_now();
}

void hal_clock_await(hal_time_t when)
{
	sim_require(sim_this_cpu()->masked);
	if (sim_machine.now < when)
		sim_machine.now = when;
}

hal_time_t hal_inband_left(void)
{
	return sim_this_cpu()->left;
}

hal_time_t hal_inband_left_of(int cpu)
{
	const struct sim_cpu *c = &sim_machine.cpu[cpu];

	return c->curr == c->root ? HAL_TIME_NEVER : c->left;
}

hal_time_t hal_clock_realtime_offset(void)
{
	return sim_machine.realtime_offset;
}

void hal_timer_program(hal_time_t deadline)
{
	sim_point();
	sim_require(sim_this_cpu()->masked);
	sim_this_cpu()->deadline = deadline;
	sim_this_cpu()->programs++;
}

void hal_ipi_send(int cpu)
{
	sim_require(sim_this_cpu()->masked);
	sim_require(cpu != sim_machine.me && hal_cpu_online(cpu));
	sim_machine.cpu[cpu].kicked = 1;
	sim_machine.cpu[cpu].kicks++;
	sim_point();
}

/* The fiber of a root is its CPU's, which shows at the switch. */
void hal_context_init_root(struct hal_context *ctx)
{
	*ctx = (struct hal_context){ .root = 1 };
}

static void kernel_main(void *arg)
{
	struct hal_context *ctx = arg;

	nk_hal_thread_begin();
	hal_oob_restore(0);
	ctx->entry(ctx->arg);
	sim_require(!"an entry function has returned");
}

void hal_context_init_kernel(struct hal_context *ctx, void *stack, unsigned long size,
			     void (*entry)(void *), void *arg)
{
	if (!ctx->fiber)
		ctx->fiber = sim_fiber_get();
	ctx->entry = entry;
	ctx->arg = arg;
	fiber_init(ctx->fiber, stack, size, kernel_main, ctx);
}

static struct sim_fiber *fiber_of(const struct hal_context *ctx)
{
	return ctx->root ? sim_this_cpu()->root : ctx->fiber;
}

void hal_switch(struct hal_context *prev, struct hal_context *next)
{
	struct sim_cpu *c = sim_this_cpu();

	sim_point();
	sim_require(c->masked && !c->locks);
	sim_require(c->curr == fiber_of(prev) && prev != next);
	if (prev->root)
		c->left = sim_machine.now;
	else
		nk_hal_thread_off(prev);
	c->curr = fiber_of(next);
	fiber_switch(fiber_of(prev), c->curr);
	if (prev->root)
		nk_hal_inband_runs();
	sim_point();
}

static int is_current(const struct hal_context *ctx)
{
	return sim_this_cpu()->curr == fiber_of(ctx);
}

int sim_context_runs(const struct hal_context *ctx)
{
	int cpu;

	for (cpu = 0; cpu < sim_machine.cpus; cpu++)
		if (sim_machine.cpu[cpu].curr == fiber_of(ctx))
			return 1;
	return 0;
}

void hal_context_sync(struct hal_context *ctx)
{
	sim_require(sim_this_cpu()->masked && is_current(ctx));
	ctx->syncs++;
}

void hal_inband_wake(struct hal_context *ctx)
{
	sim_require(sim_this_cpu()->masked && !sim_this_cpu()->locks);
	sim_require(!is_current(ctx) && ctx->syncs > ctx->wakes);
	ctx->wakes++;
	sim_point();
	if (sim_machine.on_wake)
		sim_machine.on_wake(ctx);
}

void hal_inband_prio(struct hal_context *ctx)
{
	sim_require(sim_this_cpu()->masked && sim_this_cpu()->locks);
	ctx->prios++;
}

void hal_oob_gap(void)
{
	sim_require(sim_this_cpu()->masked && !sim_this_cpu()->locks);
	hal_oob_restore(0);
	hal_oob_save();
}

void hal_work_post(struct hal_work *w)
{
	sim_require(sim_this_cpu()->masked);
	w->posts++;
	sim_point();
}

static int copy(void *to, const void *from, unsigned long user, unsigned long size)
{
	sim_point();
	sim_require(sim_this_cpu()->masked && !sim_this_cpu()->locks);
	if (sim_machine.hole && sim_machine.hole - user < size)
		return -1;
	memcpy(to, from, size);
	return 0;
}

int hal_user_read(void *to, unsigned long from, unsigned long size)
{
	return copy(to, (const void *)from, from, size);
}

int hal_user_write(unsigned long to, const void *from, unsigned long size)
{
	return copy((void *)to, from, to, size);
}

int hal_inband_wants(void)
{
	return !sim_machine.cpu[sim_machine.me].content;
}

void hal_context_destroy(struct hal_context *ctx)
{
	sim_require(!is_current(ctx));
}

void hal_warn(const char *what, long arg)
{
	sim_require(what);
	sim_machine.warnings++;
	sim_machine.warning_arg = arg;
}

/* ---- trace ---------------------------------------------------------------------------------- */

static char trace[64];
static unsigned int traced;
static hal_time_t traced_ran;

int hal_tracing(void)
{
	return 1;
}

void hal_trace(enum hal_trace_event event, const struct hal_context *who,
	       const struct hal_context *other, long a, long b)
{
	(void)who;
	(void)other;
	(void)a;
	(void)b;
	sim_require(event < HAL_TRACE_EVENTS && sim_this_cpu()->masked);
	if (traced < sizeof(trace) - 1)
		trace[traced++] = (char)('A' + event);
}

void hal_trace_ran(const struct hal_context *who, hal_time_t ran, int state, hal_time_t now)
{
	(void)state;
	sim_require(!who->root && ran >= 0 && now == sim_machine.now);
	traced_ran += ran;
}

hal_time_t sim_trace_ran(void)
{
	hal_time_t ran = traced_ran;

	traced_ran = 0;
	return ran;
}

const char *sim_trace(void)
{
	static char seen[sizeof(trace)];
	unsigned int i;

	for (i = 0; i < traced; i++)
		seen[i] = trace[i];
	seen[i] = 0;
	traced = 0;
	return seen;
}

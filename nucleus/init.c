// SPDX-License-Identifier: GPL-2.0
/*
 * Init and exit, in order and its reverse.
 */
#include "nucleus/init.h"
#include "nucleus/sched.h"
#include "nucleus/watchdog.h"

static int ready[HAL_MAX_CPUS];

void nk_init(void)
{
	int cpu;

	/* Every rq has its locks from the start: a thread may name a CPU that comes later. */
	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++) {
		nk_rq_init(&nk_rqs[cpu], cpu);
		ready[cpu] = 0;
	}
}

void nk_cpu_init(int cpu)
{
	hal_context_init_root(&nk_rqs[cpu].root.ctx);
	nk_watchdog_init(&nk_rqs[cpu]);
	nk_share_init(&nk_rqs[cpu]);
	nk_class_init(cpu);
	ready[cpu] = 1;
}

int nk_cpu_idle(int cpu)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_rq *rq = &nk_rqs[cpu];
	int idle;

	nk_lock_acquire(&rq->lock);
	idle = !rq->living;
	nk_lock_release(&rq->lock);
	hal_oob_restore(flags);
	return idle;
}

void nk_hal_cpu_offline(int cpu, int to)
{
	nk_timer_redirect(cpu, to);
	nk_timer_move_all(cpu, to);
}

/* Pinned timers may have been started meanwhile. */
void nk_hal_cpu_online(int cpu)
{
	hal_flags_t flags = hal_oob_save();

	nk_timer_redirect(cpu, cpu);
	nk_timer_kick(&nk_rqs[cpu].timers);
	hal_oob_restore(flags);
}

static void cpu_exit(int cpu)
{
	nk_assert(nk_cpu_idle(cpu));
	nk_class_exit(cpu);
	nk_share_exit(&nk_rqs[cpu]);
	nk_watchdog_exit(&nk_rqs[cpu]);
	ready[cpu] = 0;
}

void nk_exit(void)
{
	int cpu;

	for (cpu = HAL_MAX_CPUS - 1; cpu >= 0; cpu--)
		if (ready[cpu])
			cpu_exit(cpu);
}

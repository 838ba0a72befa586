/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inline part of the hal contract for the simulator: everything is a call into sim.c, as
 * each call is a point where the run may go on on another virtual CPU.
 */
#ifndef HAL_SIM_HAL_PORT_H
#define HAL_SIM_HAL_PORT_H

#ifndef HAL_MAX_CPUS
#define HAL_MAX_CPUS 4
#endif

typedef int hal_flags_t;	/* 1: was hard masked */

struct hal_spinlock {
	int owner;		/* CPU + 1, 0: free */
};

struct sim_fiber;

struct hal_context {
	struct sim_fiber *fiber;
	void (*entry)(void *arg);
	void *arg;
	int root;		/* Linux on its CPU */
	int syncs;		/* calls of hal_context_sync() */
	int wakes;		/* calls of hal_inband_wake() */
	int prios;		/* of hal_inband_prio() */
};

hal_flags_t hal_oob_save(void);
void hal_oob_restore(hal_flags_t flags);
int hal_oob_masked(void);
void hal_oob_gap(void);
int hal_cpu(void);
void *hal_local(void);
void hal_cpu_relax(void);
int hal_tracing(void);
void hal_spin_lock(struct hal_spinlock *lock);
void hal_spin_unlock(struct hal_spinlock *lock);
int hal_spin_held(struct hal_spinlock *lock);

#endif

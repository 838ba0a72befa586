/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the simulated machine, shared by sim.c, which gives the turns, and port.c, which
 * is the hal contract.
 *
 * A virtual CPU is what runs on it now (a fiber), its hard mask and what is pending for it. Exactly
 * one has the turn. A fiber's waiting field says whether its CPU wants the turn:
 *
 *	SIM_RUNS	yes
 *	SIM_IDLE	Linux with nothing to do: only for an interrupt or a posted job
 *	> 0		in sim_settle(): for an interrupt, or when no CPU wants it; the one that
 *			began to settle last comes first
 */
#ifndef HAL_SIM_MACHINE_H
#define HAL_SIM_MACHINE_H

#include "hal/sim/fiber.h"
#include "hal/sim/sim.h"

#define SIM_QUEUED 8

enum { SIM_RUNS = 0, SIM_IDLE = -1 };

struct sim_call {
	void (*fn)(void *arg);
	void *arg;
};

struct sim_queue {
	struct sim_call call[SIM_QUEUED];
	int count;
};

struct sim_cpu {
	struct sim_fiber *curr;
	struct sim_fiber *root;
	int masked;
	int locks;		/* spinlocks held */
	int kicked;
	int offline;
	int content;		/* Linux wants nothing */
	hal_time_t left;	/* Linux lost the CPU last */
	hal_time_t deadline;
	struct sim_queue irqs;
	struct sim_queue jobs;	/* for Linux */
	unsigned long programs;
	unsigned long kicks;
};

struct sim_machine {
	int cpus;
	int me;			/* the CPU that has the turn */
	void *local[HAL_MAX_CPUS];	/* what hal_local_set() stored */
	hal_time_t now;
	hal_time_t realtime_offset;
	int settles;
	unsigned long locks_taken;
	int warnings;
	long warning_arg;
	void (*on_wake)(struct hal_context *ctx);
	unsigned long hole;	/* see sim_user_hole() */
	void (*on_unmask)(void);
	struct sim_cpu cpu[HAL_MAX_CPUS];
};

extern struct sim_machine sim_machine;

#define sim_require(cond) \
	do { if (!(cond)) hal_panic(__FILE__, __LINE__, #cond); } while (0)

static inline struct sim_cpu *sim_this_cpu(void)
{
	return &sim_machine.cpu[sim_machine.me];
}

/* A fiber nobody uses; all are free again after sim_init(). */
struct sim_fiber *sim_fiber_get(void);

/* 1 when some other CPU wants the turn. */
int sim_others_want(void);

/* @cpu gets the turn. */
void sim_turn_to(int cpu);

/* Take the interrupts that are pending, if the mask is open. */
void sim_deliver(void);

/* Each call of hal passes here: the place to go on elsewhere, and to be interrupted. */
void sim_point(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU as the interrupt pipeline sees it: a local APIC (IRR, ISR, TMR; each end-of-interrupt
 * retires the highest bit in service; a level line asks again while it is asserted), H, V, Linux's
 * handlers and an oob thread. It does with hal/pipeline.c what the port does; detached, it is the
 * bare machine.
 *
 * Every step asserts that the pipeline is sound, that each end-of-interrupt retires the vector
 * it is meant for, that a handler runs only for something that came, with nothing logged, and
 * nested only in one that opened the flag itself.
 * irq_model_settle() asserts that nothing was lost, nothing is left in service, and each level
 * line was finished as often as it was taken.
 */
#ifndef TESTS_UNIT_IRQ_MODEL_H
#define TESTS_UNIT_IRQ_MODEL_H

#include "hal/pipeline.h"

#define IRQ_MODEL_DEPTH 8

/* A handler of Linux's that runs. */
struct irq_frame {
	unsigned int vector;
	int native;				/* with H closed, as the port gives it no frame */
	int finished;				/* it has sent its end of interrupt */
	int opened;				/* it enabled interrupts */
	unsigned long outer;			/* kept by the port */
};

struct irq_model {
	struct pipeline p;
	unsigned int state;
	int open;				/* H */
	int oob;				/* an oob thread has the CPU */
	int bare;				/* Keel has gone */
	int handling;				/* how many handlers run, */
	struct irq_frame frame[IRQ_MODEL_DEPTH]; /* the innermost last */
	int deepest;				/* as many have been */
	unsigned int eois;			/* that the controller was sent */
	unsigned char irr[PIPELINE_VECTORS], isr[PIPELINE_VECTORS], tmr[PIPELINE_VECTORS];
	unsigned char line[PIPELINE_VECTORS];	/* asserted by the device */
	unsigned char unacked[PIPELINE_VECTORS]; /* remote IRR: asked, not yet retired */
	unsigned char wanted[PIPELINE_VECTORS];	/* a message came, no handler has begun since */
	unsigned char through[PIPELINE_VECTORS]; /* in service, and may be retired */
	unsigned char native[PIPELINE_VECTORS];	/* its handler is too short for a frame of the port's */
	unsigned int runs[PIPELINE_VECTORS];	/* of the handler */
	unsigned int taken[PIPELINE_VECTORS];	/* into service, level-triggered */
	unsigned int retired[PIPELINE_VECTORS]; /* the same, from service */
};

/* H and V open, nothing anywhere. */
void irq_model_init(struct irq_model *m);

/* A device or another CPU sends an edge; a device asserts its level line. */
void irq_model_message(struct irq_model *m, unsigned int vector);
void irq_model_assert(struct irq_model *m, unsigned int vector);

/* The CPU's own flag, as native slots, the hardware's gates and Keel change it. */
void irq_model_close(struct irq_model *m);
void irq_model_open(struct irq_model *m);

/* What the slots do: cli, sti, pushf (the flag as Linux reads it), popf. */
void irq_model_cli(struct irq_model *m);
void irq_model_sti(struct irq_model *m);
int irq_model_save(const struct irq_model *m);
void irq_model_restore(struct irq_model *m, int on);

/* Halt with interrupts on: 1 when something ended it at once. */
int irq_model_halt(struct irq_model *m);

/* The innermost handler: the device is served and drops its line; end of interrupt; return. */
void irq_model_serve(struct irq_model *m);
void irq_model_eoi(struct irq_model *m);
void irq_model_return(struct irq_model *m);
void irq_model_handle(struct irq_model *m);	/* what is left of the three */

void irq_model_oob_enter(struct irq_model *m);
void irq_model_oob_leave(struct irq_model *m);

/* Keel goes: from now on Linux has the bare machine. Not in a handler, not with an oob thread. */
void irq_model_detach(struct irq_model *m);
void irq_model_attach(struct irq_model *m);	/* and comes again: the same holds */

/* Let Linux have the CPU, with all open, until it is quiet; then nothing may be left. */
void irq_model_settle(struct irq_model *m);

/* The innermost handler has sent its end of interrupt; has H closed throughout. */
static inline int irq_model_finished(const struct irq_model *m)
{
	return m->handling && m->frame[m->handling - 1].finished;
}

static inline int irq_model_native(const struct irq_model *m)
{
	return m->handling && m->frame[m->handling - 1].native;
}

int irq_model_in_service(const struct irq_model *m);	/* how many */
int irq_model_logged(const struct irq_model *m, unsigned int vector);

#endif

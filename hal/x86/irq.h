/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts at run time: the gates that thunks.S calls, end of interrupt, IPIs.
 */
#ifndef HAL_X86_IRQ_H
#define HAL_X86_IRQ_H

#include <linux/jump_label.h>
#include <linux/types.h>
#include "thunks.h"

struct pt_regs;

enum irq_kind {
	IRQ_DEVICE,	/* vector in the second argument, may be level-triggered */
	IRQ_SYSTEM,	/* one fixed vector */
	IRQ_TIMER,
	IRQ_PLATFORM,	/* Keel's IPI rides on it */
	IRQ_SPURIOUS,	/* no vector in service: never finished with the APIC, never logged */
};

struct irq_stub {
	u8 kind;
	u8 vector;	/* of system stubs */
};

extern struct irq_stub hal_irq_table[HAL_IRQ_STUBS];

/* Learn which APIC this is. 0 or -EOPNOTSUPP after a message. Context: in-band. */
int hal_apic_init(void);

/* End of interrupt for the highest vector in service. Context: hard masked. */
void hal_apic_eoi(void);

/* Write an APIC register. Context: hard masked. */
void hal_apic_write(u32 reg, u32 value);

/* Raise @vector on this CPU. Context: hard masked. */
void hal_apic_raise(unsigned int vector);

/* Linux's EOI, swallowed but for held level lines. Context: in-band, any. */
void hal_eoi_swallow(u32 reg, u32 value);

/* Raise again what is logged on this CPU; V must be open. Context: hard masked. */
void hal_irq_replay(void);

DECLARE_STATIC_KEY_FALSE(hal_x2apic);

#endif

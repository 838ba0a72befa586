/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the port needs of Linux besides entry code: the idle task, and the translations that
 * a hard thread uses behind Linux's back.
 */
#ifndef HAL_X86_LINUX_SIDE_H
#define HAL_X86_LINUX_SIDE_H

#include <linux/irq_work.h>
#include <linux/mmu_notifier.h>
#include "cpu.h"

/* One per mm with attached threads, counted. */
struct hal_mm {
	struct mmu_notifier notifier;
	struct mm_struct *mm;
	struct list_head list;
};

/* Called by Linux, in an interrupt with V stalled. */
struct hal_work {
	struct irq_work irq;
	void (*fn)(struct hal_work *w);
};

void hal_work_init(struct hal_work *w, void (*fn)(struct hal_work *w));

/* Nobody posts @w any more: wait until it does not run. Context: in-band, may sleep. */
void hal_work_sync(struct hal_work *w);

/* Wait until nothing of ours is queued in Linux. Context: in-band, may sleep. */
void hal_linux_exit(void);

/* An interrupt is logged while the idle task runs: make its next test see that it must not
 * sleep (mwait looks at the flag, hlt is replaced). Context: hard masked. */
void hal_idle_nudge(void);

/* Keep Linux out of idle states in which the local APIC timer stops, or into which it goes without
 * looking whether something came meanwhile (I/O port reads). Context: in-band, may sleep. */
void hal_idle_limit(int on);

/* Watch @mm for pages that go: from then on no hard thread of it keeps a stale translation.
 * The object or ERR_PTR. Context: in-band, may sleep; @mm is current's. */
struct hal_mm *hal_mm_get(struct mm_struct *mm);
void hal_mm_put(struct hal_mm *hm);

/* How many processes are watched. Context: any. */
int hal_mm_objects(void);

/* For tests: @deaf, let hard threads keep what is stale. Context: in-band, no hard thread. */
void hal_mm_fault(int deaf);

/* Answer another CPU's wish to drop translations. Context: hard masked, in the kick. */
void hal_flush_answer(struct hal_cpu *hc);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * What any port needs of Linux: messages from where printk may not be called, the idle task,
 * and translations of pages that Linux takes away from a hard thread's process.
 */
#include <linux/kernel.h>
#include <linux/bug.h>
#include <linux/cpuidle.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/membarrier.h>
#include <linux/mmu_notifier.h>
#include <linux/pm_qos.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "x86/compat.h"
#include "x86/cpu.h"
#include "x86/linux_side.h"
#include "x86/thunks.h"

/* ---- messages -------------------------------------------------------------------------- */

#define WARNINGS 16

static struct {
	const char *what;
	long arg;
} warnings[WARNINGS];

static atomic_t warn_head;
static unsigned int warn_tail;

static void warn_print(struct irq_work *work)
{
	unsigned int head = atomic_read(&warn_head);

	if (head - warn_tail > WARNINGS)
		warn_tail = head - WARNINGS;
	for (; warn_tail != head; warn_tail++) {
		const char *what = READ_ONCE(warnings[warn_tail % WARNINGS].what);

		if (what)
			pr_warn("keel: %s (%ld)\n", what, warnings[warn_tail % WARNINGS].arg);
	}
}

static struct irq_work warn_work = IRQ_WORK_INIT_HARD(warn_print);

void hal_warn(const char *what, long arg)
{
	unsigned long flags = hal_oob_save();
	unsigned int i = (atomic_inc_return(&warn_head) - 1) % WARNINGS;

	warnings[i].arg = arg;
	WRITE_ONCE(warnings[i].what, what);
	irq_work_queue(&warn_work);
	hal_oob_restore(flags);
}

void hal_panic(const char *file, int line, const char *what)
{
	pr_emerg("keel: invariant broken at %s:%d: %s\n", file, line, what);
	BUG();
}

/* ---- work for in-band ------------------------------------------------------------------ */

static void work_run(struct irq_work *irq)
{
	struct hal_work *w = container_of(irq, struct hal_work, irq);

	w->fn(w);
}

void hal_work_init(struct hal_work *w, void (*fn)(struct hal_work *w))
{
	w->irq = IRQ_WORK_INIT_HARD(work_run);
	w->fn = fn;
}

void hal_work_post(struct hal_work *w)
{
	irq_work_queue(&w->irq);
}

void hal_work_sync(struct hal_work *w)
{
	irq_work_sync(&w->irq);
}

/* ---- idle ------------------------------------------------------------------------------ */

void hal_idle_nudge(void)
{
	if (boot_cpu_has(X86_FEATURE_MWAIT) && is_idle_task(current))
		set_tsk_need_resched(current);
}

/*
 * A task that was woken by another CPU without an interrupt shows in need_resched alone. Nor does the idle
 * task idle while it is interrupted: what it does then may hold locks that other CPUs wait for.
 *
 *	CPU 0, idle				CPU 1
 *	a device's interrupt: tick_irq_enter()
 *	jiffies_lock, tk_core.seq odd
 *	a hard thread, for long
 *						ktime_get(): spins
 */
int hal_inband_wants(void)
{
	const struct hal_cpu *hc = hal_this();

	return (hc->fast.state & PIPELINE_PENDING) || hc->timer.linux_due ||
	       !is_idle_task(current) || test_tsk_need_resched(current) || irq_count();
}

int hal_over_idle(void)
{
	return is_idle_task(current);
}

#define SHALLOW_US 2	/* C1 wakes within this, C2 and deeper do not */

static struct pm_qos_request idle_request;

void hal_idle_limit(int on)
{
	const struct cpuidle_driver *driver = cpuidle_get_driver();

	if (!on && cpu_latency_qos_request_active(&idle_request))
		cpu_latency_qos_remove_request(&idle_request);
	if (on && driver && (!boot_cpu_has(X86_FEATURE_ARAT) || !strcmp(driver->name, "acpi_idle")))
		cpu_latency_qos_add_request(&idle_request, SHALLOW_US);
}

/* ---- translations ---------------------------------------------------------------------- */

static int mm_deaf __read_mostly;	/* for tests only */

/*
 * Linux does not know that a CPU runs a hard thread of @mm, so it sends that CPU no flush. This
 * hook is called after the page tables changed and before pages or tables are freed.
 *
 *	CPU 0, in-band (here)			CPU 1
 *	page tables changed			hard_mm = mm
 *	barrier					barrier
 *	hard_mm == mm ? ask and wait		load CR3: sees the change
 *
 * The wait is for an interrupt that CPU 1 takes whenever H is open there; CPU 1 waits for
 * nothing of ours.
 */
static void hard_cpu_flush(int cpu, const void *mm)
{
	struct hal_cpu *hc = per_cpu_ptr(&hal_cpu_data, cpu);
	unsigned long flags, asked;

	asked = __atomic_add_fetch(&hc->flush_request, 1, __ATOMIC_SEQ_CST);
	flags = hal_oob_save();
	hal_ipi_send(cpu);
	hal_oob_restore(flags);
	while (READ_ONCE(hc->hard_mm) == mm &&
	       (long)(smp_load_acquire(&hc->flush_done) - asked) < 0)
		cpu_relax();
}

static void mm_invalidate(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start,
			  unsigned long end)
{
	int cpu;

	if (mm_deaf)
		return;
	smp_mb();
	for_each_online_cpu(cpu)
		if (READ_ONCE(per_cpu(hal_cpu_data, cpu).hard_mm) == mm)
			hard_cpu_flush(cpu, mm);
}

static atomic_t mm_count = ATOMIC_INIT(0);
static LIST_HEAD(mms);		/* of processes with attached threads */
static DEFINE_SPINLOCK(mms_lock);

/* Whether the process has asked for barriers of others. Its mm may go any moment: it is looked at only
 * while its entry holds it. */
static bool mm_takes_barriers(const void *mm)
{
	const struct hal_mm *hm;
	bool takes = false;

	spin_lock(&mms_lock);
	list_for_each_entry(hm, &mms, list)
		if (hm->mm == mm)
			takes = atomic_read(&hm->mm->membarrier_state) &
				MEMBARRIER_STATE_GLOBAL_EXPEDITED;
	spin_unlock(&mms_lock);
	return takes;
}

static bool membarrier_is_for(int cmd, const void *mm)
{
	switch (cmd) {
	case MEMBARRIER_CMD_GLOBAL:	/* slow: nobody can make many */
		return true;
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return mm_takes_barriers(mm);
	default:
		return mm == current->mm;
	}
}

/*
 * membarrier() asks the CPUs whose current task is of the process, or of one that has registered. The
 * same order as above makes this one right: a CPU that is not asked has its barrier still before it,
 * or behind its hard thread. Who registers does so in Linux, so it is seen here from then on.
 */
void hal_membarrier_hard(const struct pt_regs *regs)
{
	int cpu, cmd = regs->di;

	if (cmd == MEMBARRIER_CMD_QUERY)
		return;
	smp_mb();
	for_each_online_cpu(cpu) {
		const void *mm = READ_ONCE(per_cpu(hal_cpu_data, cpu).hard_mm);

		if (mm && membarrier_is_for(cmd, mm))
			hard_cpu_flush(cpu, mm);
	}
	smp_mb();
}

int hal_mm_objects(void)
{
	return atomic_read(&mm_count);
}

void hal_mm_fault(int deaf)
{
	mm_deaf = deaf;
}

static void hal_mm_free(struct mmu_notifier *mn)
{
	struct hal_mm *hm = container_of(mn, struct hal_mm, notifier);

	spin_lock(&mms_lock);
	list_del(&hm->list);
	spin_unlock(&mms_lock);
	atomic_dec(&mm_count);
	kfree(hm);
}

static struct mmu_notifier *hal_mm_alloc(struct mm_struct *mm)
{
	struct hal_mm *hm = kzalloc(sizeof(*hm), GFP_KERNEL);

	if (!hm)
		return ERR_PTR(-ENOMEM);
	hm->mm = mm;
	spin_lock(&mms_lock);
	list_add(&hm->list, &mms);
	spin_unlock(&mms_lock);
	atomic_inc(&mm_count);
	return &hm->notifier;
}

static const struct mmu_notifier_ops mm_ops = {
	KEEL_NOTIFIER_INVALIDATE = mm_invalidate,
	.alloc_notifier = hal_mm_alloc,
	.free_notifier = hal_mm_free,
};

struct hal_mm *hal_mm_get(struct mm_struct *mm)
{
	struct mmu_notifier *mn = mmu_notifier_get(&mm_ops, mm);

	return IS_ERR(mn) ? ERR_CAST(mn) : container_of(mn, struct hal_mm, notifier);
}

void hal_mm_put(struct hal_mm *hm)
{
	mmu_notifier_put(&hm->notifier);
}

void hal_linux_exit(void)
{
	irq_work_sync(&warn_work);
	mmu_notifier_synchronize();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * preempt=full: a task may have been preempted in the middle of a slot. When it runs again it goes
 * on inside the six bytes, whatever they are now:
 *
 *	slot		stands at	the call 2e e8 rel32 put over it
 *	fa nop5		+1		H is closed there: nobody is preempted
 *	fb nop5		+1		goes on with e8 rel32: the same call, right
 *	9c 58 nop4	+1, +2		a word is left on the stack; half of rel32 is executed
 *
 * So nobody may stand inside a pushf slot when attach writes it:
 *
 *	CPU 0, task A				CPU 1, attach
 *	pushf
 *	interrupt, preempt_schedule_irq()
 *	task B					all CPUs stopped: call written
 *	task A: ip = slot + 1			crash
 *
 * The preemption model changes while Linux runs, and a task preempted under full preemption may be
 * found under none. So the model is not asked for:
 *
 * [1] All CPUs stopped: the jump to preempt_schedule_irq(), the only way in which an interrupt takes
 *     the CPU from a task in the kernel, is led through a guard. It notes that it was called.
 * [2] A grace period of RCU tasks begins: when it ends, whoever was preempted before it began has
 *     slept of its own will or been in user mode since, so it has left its slot. Exiting tasks,
 *     which are in no list any more, are covered; idle tasks are never preempted. Attach decodes
 *     text meanwhile.
 * [3] The guard is given the slots. It returns at once when what was interrupted is inside one of
 *     them; need_resched stays set for the next interrupt.
 * [4] The end of [2]. If the guard was called between [1] and [3], another whole one.
 * [5] All CPUs stopped: slots written. Then, again with all stopped, the guard is taken away: nobody
 *     is in it, as each CPU is in its stopper thread.
 *
 *	CPU 0, guard				CPU 1, [3]
 *	called = true				slots = list
 *	barrier					barrier
 *	slots ?  hold				called ?  wait for another grace period
 *
 * Detach needs none of this: a call is one instruction and returns behind the slot, and thunks may
 * be preempted (thunks.S).
 */
#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/thread_info.h>
#include <linux/vmalloc.h>
#include "attached.h"
#include "entry.h"
#include "probes.h"
#include "settle.h"
#include "stop.h"
#include "symbols.h"
#include "thunks.h"

unsigned int settle_limit_ms = 30000;

static struct patch_set guard;
static unsigned long *slots;	/* the pushf slots, in order; NULL: not known yet */
static unsigned int slot_count;
static bool called;		/* somebody was preempted beneath the guard */
static atomic_long_t put_off;

/* ---- the guard ------------------------------------------------------------------------------ */

static bool inside_slot(unsigned long ip)
{
	unsigned int low = 0, high = slot_count;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (slots[mid] < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low && ip - slots[low - 1] < SITE_LEN;
}

/*
 * Called with the stack of Linux's interrupt exit, a few frames below the registers of what was
 * interrupted. Any word of theirs that looks like such a place will do: it costs one preemption.
 */
int hal_guard_holds(const unsigned long *sp)
{
	const unsigned long *top = (void *)(((unsigned long)sp | (THREAD_SIZE - 1)) + 1);

	WRITE_ONCE(called, true);
	smp_mb();
	if (!READ_ONCE(slots))
		return 0;
	for (int i = 0; i < 128 && sp < top; i++, sp++) {
		if (inside_slot(*sp)) {
			atomic_long_inc(&put_off);
			return 1;
		}
	}
	return 0;
}

unsigned long settle_count(void)
{
	return atomic_long_read(&put_off);
}

static int address_compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static int slots_publish(void)
{
	const struct site_list *l = &hal_att.sites;
	unsigned long *list = vmalloc(array_size(l->count, sizeof(*list)));

	if (!list)
		return -ENOMEM;
	slot_count = 0;
	for (unsigned int i = 0; i < l->count; i++)
		if (l->s[i].kind == SITE_SAVE && !l->s[i].hard)
			list[slot_count++] = l->s[i].addr;
	sort(list, slot_count, sizeof(*list), address_compare, NULL);
	smp_store_release(&slots, list);
	smp_mb();
	return 0;
}

/* ---- the grace period -------------------------------------------------------------------------- */

/* Linux's while it runs, with a function of Linux's: one that was given up on may outlive us. */
static struct rcu_synchronize *grace;
static bool grace_runs;

/* False: one that was given up on still runs, and began too early for us. */
static bool grace_begin(void)
{
	if (grace_runs && !try_wait_for_completion(&grace->completion))
		return false;
	init_completion(&grace->completion);
	call_rcu_tasks(&grace->head, wakeme_after_rcu);
	grace_runs = true;
	return true;
}

static int grace_wait(bool enough)
{
	unsigned int limit_ms = READ_ONCE(settle_limit_ms);
	unsigned long left = msecs_to_jiffies(limit_ms);

	while ((left = wait_for_completion_timeout(&grace->completion, left))) {
		grace_runs = false;
		if (enough)
			return 0;
		enough = grace_begin();
	}
	pr_err("keel: a task has neither slept nor been in user mode for %u ms: it may stand where Keel changes text, if it was preempted there; end what keeps it running; nothing was changed\n",
	       limit_ms);
	return -ETIMEDOUT;
}

/* ---- the steps ----------------------------------------------------------------------------------- */

static bool grace_whole;	/* it began after [1] */

static void guard_up(void *unused)
{
	called = false;
	if (!patch_verify(&guard, 0))
		patch_apply(&guard);
}

static void guard_down(void *unused)
{
	patch_undo(&guard);
}

static int guard_prepare(void)
{
	int err = entry_redirect(&guard, hal_sym.cond_resched_irq, hal_sym.preempt_schedule_irq,
				 (unsigned long)hal_preempt_guard, "preempt_schedule_irq");

	if (!grace)
		grace = kmalloc(sizeof(*grace), GFP_KERNEL);
	if (!err && !grace)
		err = -ENOMEM;
	if (!err && probes_refuse(&guard, "nothing was changed"))
		err = -EBUSY;
	return err;
}

int settle_begin(void)
{
	int err = guard_prepare();

	if (!err)
		err = hal_stop_cpus(guard_up, NULL, NULL);
	if (!err && !guard.p[0].applied) {
		pr_err("keel: preempt_schedule_irq is not called as it was a moment ago; nothing was changed\n");
		err = -ENOEXEC;
	}
	if (!err)
		grace_whole = grace_begin();
	return err;
}

int settle_wait(void)
{
	int err = slots_publish();

	return err ? err : grace_wait(grace_whole && !READ_ONCE(called));
}

void settle_end(void)
{
	if (guard.count && guard.p[0].applied)
		hal_stop_cpus(guard_down, NULL, NULL);
	patch_free(&guard);
	vfree(slots);
	slots = NULL;
}

int settle_init(void)
{
	return hal_own_reach(hal_preempt_jmp[0], hal_sym.preempt_schedule_irq);
}

/* What Linux has still to write to is not freed: those few bytes, if a task never settled. */
void settle_exit(void)
{
	if (!grace_runs || completion_done(&grace->completion))
		kfree(grace);
	grace = NULL;
}

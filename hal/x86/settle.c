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
 * [1] All CPUs stopped: the jump to preempt_schedule_irq(), the only way in which an interrupt takes
 *     the CPU from a task in the kernel, is led through a guard. It returns at once when what was
 *     interrupted is inside a pushf slot; need_resched stays set for the next interrupt.
 * [2] A grace period of RCU tasks: whoever was preempted before [1] has slept of its own will or
 *     been in user mode since, so it has left its slot. Exiting tasks, which are in no list any
 *     more, are covered; idle tasks are never preempted.
 * [3] All CPUs stopped: slots written. Then, again with all stopped, the guard is taken away: nobody
 *     is in it, as each CPU is in its stopper thread.
 *
 * Detach needs none of this: a call is one instruction and returns behind the slot, and thunks may
 * be preempted (thunks.S). The preemption model may change while Linux runs, so it is looked at
 * again in [3].
 */
#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/thread_info.h>
#include <linux/vmalloc.h>
#include "attached.h"
#include "entry.h"
#include "settle.h"
#include "stop.h"
#include "symbols.h"
#include "thunks.h"

static struct patch_set guard;
static unsigned long *slots;	/* the pushf slots, in order */
static unsigned int slot_count;
static bool settled;
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

static int slots_gather(void)
{
	const struct site_list *l = &hal_att.sites;

	slots = vmalloc(array_size(l->count, sizeof(*slots)));
	if (!slots)
		return -ENOMEM;
	slot_count = 0;
	for (unsigned int i = 0; i < l->count; i++)
		if (l->s[i].kind == SITE_SAVE && !l->s[i].hard)
			slots[slot_count++] = l->s[i].addr;
	sort(slots, slot_count, sizeof(*slots), address_compare, NULL);
	return 0;
}

/* ---- the grace period -------------------------------------------------------------------------- */

static struct rcu_head grace;
static DECLARE_COMPLETION(grace_over);
static bool grace_runs;

static void grace_end(struct rcu_head *unused)
{
	complete(&grace_over);
}

/* One that was given up on began too early for us. */
static int grace_wait(unsigned int limit_ms)
{
	unsigned long left = msecs_to_jiffies(limit_ms);

	for (bool fresh = !grace_runs;; fresh = true) {
		if (fresh) {
			reinit_completion(&grace_over);
			call_rcu_tasks(&grace, grace_end);
			grace_runs = true;
		}
		left = wait_for_completion_timeout(&grace_over, left);
		if (!left)
			break;
		grace_runs = false;
		if (fresh)
			return 0;
	}
	pr_err("keel: a task was preempted in the kernel and has not gone on for %u ms (preempt=full): end what keeps it from running; nothing was changed\n",
	       limit_ms);
	return -ETIMEDOUT;
}

/* ---- the steps ----------------------------------------------------------------------------------- */

static void guard_up(void *unused)
{
	if (!patch_verify(&guard, 0))
		patch_apply(&guard);
}

static void guard_down(void *unused)
{
	patch_undo(&guard);
}

static int guard_prepare(void)
{
	int err = slots_gather();

	return err ? err : entry_redirect(&guard, hal_sym.cond_resched_irq,
					  hal_sym.preempt_schedule_irq,
					  (unsigned long)hal_preempt_guard,
					  "preempt_schedule_irq");
}

static void guard_free(void)
{
	patch_free(&guard);
	vfree(slots);
	slots = NULL;
}

int settle_begin(unsigned int limit_ms)
{
	int err;

	if (!preempt_model_full())
		return 0;
	err = guard_prepare();
	if (!err)
		err = hal_stop_cpus(guard_up, NULL, NULL);
	if (!err && !guard.p[0].applied) {
		pr_err("keel: preempt_schedule_irq is not called as it was a moment ago; nothing was changed\n");
		err = -ENOEXEC;
	}
	if (!err)
		err = grace_wait(limit_ms);
	settled = !err;
	return err;
}

bool settle_holds(void)
{
	return settled || !preempt_model_full();
}

void settle_end(void)
{
	if (guard.count && guard.p[0].applied)
		hal_stop_cpus(guard_down, NULL, NULL);
	settled = false;
	guard_free();
}

int settle_init(void)
{
	return hal_own_reach(hal_preempt_jmp[0], hal_sym.preempt_schedule_irq);
}

void settle_exit(void)
{
	if (grace_runs)
		rcu_barrier_tasks();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Can the kernel's unwinder read through Keel? A thread of this module goes through slots and takes
 * interrupts. A stack trace is taken from each instruction of Keel's thunks and stubs that it
 * passes, by kprobes; from a timer's handler that came by the gate, one of which interrupts a thunk
 * and warns; and from a hard thread's call of Keel, on its stack of Keel's. Each must name the functions
 * beneath, down to the end of the stack.
 */
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>

#define DEPTH	64
#define PERIOD_NS (500 * NSEC_PER_USEC)
#define ENOUGH	4	/* good traces at a place */
#define LONGEST	96	/* bytes of a function */
#define TRIES	8	/* rounds of the thread in which a place is passed, or is not on its way */

static const char *const functions[] = {
	"hal_thunk_cli", "hal_thunk_sti", "hal_thunk_save", "hal_thunk_replay", "hal_irq_replay",
	"hal_irq_stub_0", "hal_inner_stub_0", "hal_timer_gate",
};

struct tally {
	int good, bad;
};

static struct task_struct *unwind_task;
static struct irq_work unwind_irq_work;
static bool in_outer, in_spin;	/* the thread is in these functions */
static struct hrtimer unwind_timer;
static struct tally place, hard, from_timer, from_thunk;

static bool names(unsigned long addr, const char *name)
{
	char buf[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(buf, addr);
	return !strncmp(buf, name, strlen(name));
}

static bool has(const unsigned long *trace, unsigned int n, const char *name)
{
	for (unsigned int i = 0; i < n; i++)
		if (names(trace[i], name))
			return true;
	return false;
}

/* Linux's own retpolines have nothing that the unwinder could read, with Keel or without. */
static bool in_retpoline(const unsigned long *trace, unsigned int n)
{
	return n && names(trace[n - 1], "__x86_indirect_thunk");
}

static void judge(struct tally *t, const unsigned long *trace, unsigned int n, bool good)
{
	if (in_retpoline(trace, n))
		return;
	if (good)
		t->good++;
	else if (!t->bad++)
		for (unsigned int i = 0; i < n; i++)
			pr_info("unwind:   %pS\n", (void *)trace[i]);
}

/* All of the way down the thread's stack, and @by somewhere on it. */
static bool whole(const unsigned long *trace, unsigned int n, const char *by)
{
	return n && has(trace, n, by) && has(trace, n, "unwind_loop") &&
	       has(trace, n, "kthread") && names(trace[n - 1], "ret_from_fork");
}

/* The breakpoint has left ip behind its first byte, where the stack may be another already. */
static int on_place(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned long trace[DEPTH], ip = regs->ip;
	unsigned int n;

	if (current != unwind_task || !READ_ONCE(in_outer) || place.good + place.bad >= ENOUGH)
		return 0;
	regs->ip = (unsigned long)kp->addr;
	n = stack_trace_save(trace, DEPTH, 0);
	judge(&place, trace, n, whole(trace, n, "unwind_outer"));
	regs->ip = ip;
	return 0;
}

/* In a hard thread: what Linux believes to be current has nothing to do with it. */
static int on_hard(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned long trace[DEPTH], ip = regs->ip;
	unsigned int n;

	if (hard.good + hard.bad >= ENOUGH)
		return 0;
	regs->ip = (unsigned long)kp->addr;
	n = stack_trace_save(trace, DEPTH, 0);
	judge(&hard, trace, n, n && has(trace, n, "hal_syscall_gate") &&
	      names(trace[n - 1], "entry_SYSCALL_64_after_hwframe"));
	regs->ip = ip;
	return 0;
}

/* With one there is a breakpoint, and no jump to a copy that the unwinder does not know. */
static void behind_probe(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}

static enum hrtimer_restart on_timer(struct hrtimer *timer)
{
	unsigned long trace[DEPTH];
	unsigned int n;

	hrtimer_forward_now(timer, ns_to_ktime(PERIOD_NS));
	if (current != unwind_task || !READ_ONCE(in_spin))
		return HRTIMER_RESTART;
	n = stack_trace_save(trace, DEPTH, 0);
	judge(&from_timer, trace, n, whole(trace, n, "unwind_spin") &&
	      has(trace, n, "hal_inner_stub_"));
	if (has(trace, n, "hal_thunk_")) {
		WARN(!from_thunk.good, "unwind: on purpose\n");
		judge(&from_thunk, trace, n, whole(trace, n, "unwind_spin"));
	}
	return HRTIMER_RESTART;
}

static void on_irq_work(struct irq_work *work)
{
}

/* All slots, once with an interrupt in the log when V opens. */
static noinline void unwind_work(void)
{
	unsigned long flags;

	local_irq_save(flags);
	irq_work_queue(&unwind_irq_work);
	local_irq_restore(flags);
	local_irq_disable();
	barrier();
	local_irq_enable();
}

/* Most of its time in thunks. */
static noinline void unwind_spin(void)
{
	u64 end = ktime_get_mono_fast_ns() + 2 * NSEC_PER_MSEC;

	WRITE_ONCE(in_spin, true);
	while (ktime_get_mono_fast_ns() < end)
		for (int i = 0; i < 20; i++) {
			local_irq_disable();
			barrier();
			local_irq_enable();
		}
	WRITE_ONCE(in_spin, false);
}

static noinline void unwind_outer(void)
{
	WRITE_ONCE(in_outer, true);
	unwind_work();
	unwind_spin();
	WRITE_ONCE(in_outer, false);
}

static noinline int unwind_loop(void *rounds)
{
	hrtimer_start(&unwind_timer, ns_to_ktime(PERIOD_NS), HRTIMER_MODE_REL_PINNED_HARD);
	while (!kthread_should_stop()) {
		unwind_outer();
		++*(unsigned long *)rounds;
		usleep_range(100, 200);
	}
	hrtimer_cancel(&unwind_timer);
	return 0;
}

static unsigned long symbol_size(unsigned long addr)
{
	char buf[KSYM_SYMBOL_LEN];
	unsigned long size = 0;
	char *slash;

	sprint_symbol(buf, addr);
	slash = strchr(buf, '/');
	if (slash && sscanf(slash, "/0x%lx", &size) != 1)
		size = 0;
	return size;
}

static unsigned long rounds;	/* of the thread */
static bool with_hard;		/* threads are there, and nothing else is to be tried */
module_param(with_hard, bool, 0);

/* Its size, at the first place of a function. */
static void try_place(const char *name, unsigned int offset, unsigned long *size)
{
	struct kprobe kp = {
		.symbol_name = name, .offset = offset,
		.pre_handler = on_place, .post_handler = behind_probe,
	};
	unsigned long end;

	place = (struct tally){ };
	if (register_kprobe(&kp))
		return;		/* no instruction begins there */
	*size = symbol_size((unsigned long)kp.addr);
	end = READ_ONCE(rounds) + TRIES;
	while (READ_ONCE(rounds) < end && !READ_ONCE(place.good) && !READ_ONCE(place.bad))
		usleep_range(500, 1000);
	unregister_kprobe(&kp);
	if (place.bad)
		pr_info("unwind: %s+0x%x BAD\n", name, offset);
}

static void report(const char *name, struct tally t)
{
	pr_info("unwind: %s: %d good, %d bad\n", name, t.good, t.bad);
}

static void try_function(const char *name)
{
	struct tally all = { };
	unsigned long size = 1;

	for (unsigned int offset = 0; offset < size && offset < LONGEST; offset++) {
		try_place(name, offset, &size);
		all.good += place.good > 0;
		all.bad += place.bad > 0;
	}
	report(name, all);
}

static void try_hard(void)
{
	struct kprobe kp = {
		.symbol_name = "hal_syscall_gate",
		.pre_handler = on_hard, .post_handler = behind_probe,
	};

	if (!register_kprobe(&kp)) {
		for (int i = 0; i < 500 && READ_ONCE(hard.good) + READ_ONCE(hard.bad) < ENOUGH; i++)
			msleep(10);
		unregister_kprobe(&kp);
	}
	report("hard", hard);
}

/* With hard threads beside it an interrupt, and its trace, may be theirs. */
static int try_soft(void)
{
	init_irq_work(&unwind_irq_work, on_irq_work);
	hrtimer_init(&unwind_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	unwind_timer.function = on_timer;
	unwind_task = kthread_create(unwind_loop, &rounds, "unwind");
	if (IS_ERR(unwind_task))
		return PTR_ERR(unwind_task);
	kthread_bind(unwind_task, 0);
	wake_up_process(unwind_task);
	for (unsigned int i = 0; i < ARRAY_SIZE(functions); i++)
		try_function(functions[i]);
	kthread_stop(unwind_task);
	report("timer", from_timer);
	report("thunk", from_thunk);
	irq_work_sync(&unwind_irq_work);
	return 0;
}

static int __init unwind_init(void)
{
	if (!with_hard)
		return try_soft();
	try_hard();
	return 0;
}

static void __exit unwind_exit(void)
{
}

module_init(unwind_init);
module_exit(unwind_exit);

MODULE_DESCRIPTION("Stack traces from within Keel's thunks, gates and calls");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * Threads of low priority on each CPU that stand inside an interrupt-flag slot most of the time,
 * and one of high priority that preempts it there 2000 times a second (with preempt=full).
 *
 * What the slots answer is checked: /sys/module/inslot/parameters/wrong counts bad answers, rounds
 * goes up.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

#define CPUS 8
#define EACH_MAX 16

static struct task_struct *victims[CPUS * EACH_MAX], *preemptors[CPUS];

static uint each = 1;	/* of low priority on each CPU */
module_param(each, uint, 0);

static ulong rounds, wrong;
module_param(rounds, ulong, 0444);
module_param(wrong, ulong, 0444);

static bool hog;	/* while this is set those of low priority never sleep */
module_param(hog, bool, 0644);

#define SAVE(on)	(bad += !(arch_local_save_flags() & X86_EFLAGS_IF) == (on))
#define SAVE4(on)	do { SAVE(on); SAVE(on); SAVE(on); SAVE(on); } while (0)
#define SAVE16(on)	do { SAVE4(on); SAVE4(on); SAVE4(on); SAVE4(on); } while (0)

static unsigned int one_round(void)
{
	unsigned int bad = 0;
	unsigned long flags;

	for (int i = 0; i < 40; i++)
		SAVE16(1);
	for (int i = 0; i < 20; i++) {
		local_irq_save(flags);
		bad += !irqs_disabled();
		local_irq_restore(flags);
		local_irq_enable();	/* changes nothing */
		bad += irqs_disabled();
	}
	for (int i = 0; i < 300; i++) {
		local_irq_disable();
		SAVE(0);
		local_irq_enable();
	}
	return bad;
}

static int victim(void *unused)
{
	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		for (int i = 0; i < 20; i++) {
			__atomic_add_fetch(&wrong, one_round(), __ATOMIC_RELAXED);
			__atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED);
		}
		if (READ_ONCE(hog))
			cond_resched();
		else
			usleep_range(100, 101);
	}
	return 0;
}

static int preemptor(void *unused)
{
	sched_set_fifo(current);
	while (!kthread_should_stop())
		usleep_range(491, 492);
	return 0;
}

static void stop_all(void)
{
	for (int cpu = 0; cpu < CPUS; cpu++)
		if (preemptors[cpu])
			kthread_stop(preemptors[cpu]);
	for (int i = 0; i < CPUS * EACH_MAX; i++)
		if (victims[i])
			kthread_stop(victims[i]);
}

static struct task_struct *start(int (*fn)(void *), int cpu, const char *name, int *err)
{
	struct task_struct *t = kthread_create(fn, NULL, name, cpu);

	if (IS_ERR(t)) {
		*err = PTR_ERR(t);
		return NULL;
	}
	kthread_bind(t, cpu);
	wake_up_process(t);
	return t;
}

static int __init inslot_init(void)
{
	int cpu, err = 0;

	if (each > EACH_MAX)
		return -EINVAL;
	for_each_online_cpu(cpu) {
		if (cpu >= CPUS)
			break;
		for (uint i = 0; i < each; i++)
			victims[cpu * EACH_MAX + i] = start(victim, cpu, "inslot/%d", &err);
		preemptors[cpu] = start(preemptor, cpu, "outslot/%d", &err);
	}
	if (err)
		stop_all();
	return err;
}

static void __exit inslot_exit(void)
{
	stop_all();
}

module_init(inslot_init);
module_exit(inslot_exit);

MODULE_DESCRIPTION("Threads that are preempted inside interrupt-flag slots");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/hooks: who hooked into Linux. One line for each function on the notifier chains of the
 * parameter, each probe of a tracepoint, and each callback of a CPU's tick device; a second read
 * tells whether something is left. Text regions of the modules, for a look from outside, are in
 * /proc/regions. Unexported places are parameters, from /proc/kallsyms.
 */
#include <linux/clockchips.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/tracepoint.h>
#include "hal/x86/compat.h"

static ulong chains[8], lapic_events;
static int chain_count;
module_param_array(chains, ulong, &chain_count, 0);	/* blocking ones */
module_param(lapic_events, ulong, 0);

static void chain_show(struct seq_file *m, int i)
{
	struct blocking_notifier_head *chain = (void *)chains[i];
	struct notifier_block *nb;

	down_read(&chain->rwsem);
	for (nb = rcu_dereference_protected(chain->head, 1); nb;
	     nb = rcu_dereference_protected(nb->next, 1))
		seq_printf(m, "chain %d: %ps\n", i, nb->notifier_call);
	up_read(&chain->rwsem);
}

static void tracepoint_show(struct tracepoint *tp, void *m)
{
	const struct tracepoint_func *f;

	rcu_read_lock_sched();
	for (f = rcu_dereference_sched(tp->funcs); f && f->func; f++)
		seq_printf(m, "tracepoint %s: %ps\n", tp->name, f->func);
	rcu_read_unlock_sched();
}

static void tick_show(struct seq_file *m, int cpu)
{
	const struct clock_event_device *dev =
		per_cpu_ptr((struct clock_event_device __percpu *)lapic_events, cpu);

	seq_printf(m, "tick %d: %ps %ps %ps %ps %ps %ps\n", cpu, dev->set_next_event,
		   dev->set_state_periodic, dev->set_state_oneshot,
		   dev->set_state_oneshot_stopped, dev->set_state_shutdown, dev->tick_resume);
}

static int hooks_show(struct seq_file *m, void *unused)
{
	int cpu;

	for (int i = 0; i < chain_count; i++)
		chain_show(m, i);
	for_each_kernel_tracepoint(tracepoint_show, m);
	for_each_online_cpu(cpu)
		tick_show(m, cpu);
	return 0;
}

/* Name, address and size of the other modules' text. Nobody loads or unloads meanwhile. */
static int regions_show(struct seq_file *m, void *unused)
{
	const struct module *mod;

	list_for_each_entry(mod, &THIS_MODULE->list, list) {
		if ((unsigned long)mod >= MODULES_VADDR)
			seq_printf(m, "%s %#lx %lu\n", mod->name, module_text_get(mod).start,
				   module_text_get(mod).size);
	}
	return 0;
}

static int __init hooks_init(void)
{
	if (proc_create_single("hooks", 0400, NULL, hooks_show) &&
	    proc_create_single("regions", 0400, NULL, regions_show))
		return 0;
	remove_proc_subtree("hooks", NULL);
	return -ENOMEM;
}

static void __exit hooks_exit(void)
{
	remove_proc_entry("hooks", NULL);
	remove_proc_entry("regions", NULL);
}

module_init(hooks_init);
module_exit(hooks_exit);
MODULE_DESCRIPTION("Shows who hooked into Linux");
MODULE_LICENSE("GPL");

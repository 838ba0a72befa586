// SPDX-License-Identifier: GPL-2.0
/*
 * Compares what Keel changes in Linux with a copy taken before: kernel text and read-only data, the
 * text of other modules, and the callbacks of each CPU's tick device.
 *
 * A write to /proc/textsum takes the copy. Reading it gives one line for each of the first
 * differences, then "same" or "changed" and how many bytes. Modules that come or go between
 * are left out. The places of the unexported symbols are parameters, from /proc/kallsyms.
 */
#include <linux/clockchips.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>
#include "hal/x86/compat.h"

#define REGIONS	128
#define SHOWN	16

static ulong stext, etext, rodata, erodata, lapic_events;
module_param(stext, ulong, 0);
module_param(etext, ulong, 0);
module_param(rodata, ulong, 0);
module_param(erodata, ulong, 0);
module_param(lapic_events, ulong, 0);

static struct region {
	char name[MODULE_NAME_LEN];
	const unsigned char *start;
	unsigned char *copy;
	size_t size;
} regions[REGIONS];

static int region_count;
static DEFINE_MUTEX(lock);

static int region_add(const char *name, const void *start, size_t size)
{
	struct region *r = &regions[region_count];

	if (region_count == REGIONS)
		return -ENOSPC;
	r->copy = vmalloc(size);
	if (!r->copy)
		return -ENOMEM;
	strscpy(r->name, name, sizeof(r->name));
	r->start = start;
	r->size = size;
	memcpy(r->copy, start, size);
	region_count++;
	return 0;
}

static void regions_free(void)
{
	while (region_count)
		vfree(regions[--region_count].copy);
}

/* ---- what is compared ----------------------------------------------------------------- */

static int tick_add(int cpu)
{
	struct clock_event_device *dev =
		per_cpu_ptr((struct clock_event_device __percpu *)lapic_events, cpu);
	int err = region_add("tick", &dev->set_next_event, sizeof(dev->set_next_event));

	return err ? err : region_add("tick", &dev->set_state_periodic,
				      offsetofend(struct clock_event_device, tick_resume) -
				      offsetof(struct clock_event_device, set_state_periodic));
}

/* This module leads to all others; the list's head lies outside the modules' area. */
static const struct module *module_next(const struct module *mod)
{
	const struct module *next = list_next_entry(mod, list);

	if ((unsigned long)next < MODULES_VADDR)
		next = list_next_entry(next, list);
	return next == THIS_MODULE ? NULL : next;
}

static int modules_add(void)
{
	const struct module *mod;
	int err = 0;

	for (mod = module_next(THIS_MODULE); mod && !err; mod = module_next(mod)) {
		struct module_text t = module_text_get(mod);

		if (strcmp(mod->name, "keel") && t.size)
			err = region_add(mod->name, (void *)t.start, t.size);
	}
	return err;
}

static int base_take(void)
{
	int cpu, err = region_add("kernel", (void *)stext, etext - stext);

	if (!err)
		err = region_add("rodata", (void *)rodata, erodata - rodata);
	if (!err)
		err = modules_add();
	for_each_online_cpu(cpu)
		if (!err)
			err = tick_add(cpu);
	return err;
}

/* Still what the copy was taken of: kernel and ticks stay, a module may be gone. */
static bool region_there(const struct region *r)
{
	const struct module *mod;

	if ((unsigned long)r->start - MODULES_VADDR >= MODULES_LEN)
		return true;
	for (mod = module_next(THIS_MODULE); mod; mod = module_next(mod))
		if (!strcmp(mod->name, r->name) &&
		    module_text_get(mod).start == (unsigned long)r->start)
			return true;
	return false;
}

/* ---- /proc/textsum ----------------------------------------------------------------------- */

static unsigned long region_show(struct seq_file *m, const struct region *r, unsigned long before)
{
	unsigned long changed = 0;

	for (size_t i = 0; i < r->size; i++) {
		if (r->start[i] == r->copy[i])
			continue;
		if (before + changed++ < SHOWN)
			seq_printf(m, "%s %pS %02x now %02x\n", r->name, r->start + i, r->copy[i],
				   r->start[i]);
	}
	return changed;
}

static int textsum_show(struct seq_file *m, void *unused)
{
	unsigned long changed = 0;

	mutex_lock(&lock);
	for (int i = 0; i < region_count; i++)
		if (region_there(&regions[i]))
			changed += region_show(m, &regions[i], changed);
	mutex_unlock(&lock);
	if (changed)
		seq_printf(m, "changed %lu\n", changed);
	else
		seq_puts(m, region_count ? "same\n" : "no copy\n");
	return 0;
}

static int textsum_open(struct inode *inode, struct file *file)
{
	return single_open(file, textsum_show, NULL);
}

static ssize_t textsum_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	int err;

	mutex_lock(&lock);
	regions_free();
	err = base_take();
	if (err)
		regions_free();
	mutex_unlock(&lock);
	return err ? err : size;
}

static const struct proc_ops textsum_ops = {
	.proc_open = textsum_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = textsum_write,
};

/* ---- tracepoints ---------------------------------------------------------------------------- */

/*
 * The first and the second probe of a tracepoint change kernel text, by Linux itself. Keel
 * keeps probes while it is loaded, also when stopped; with two of ours there already
 * that is no change.
 */
static const char *const names[] = {
	"sched_process_exit", "sched_process_exec", "signal_generate",
};
static struct tracepoint *watched[ARRAY_SIZE(names)];

static void probe_a(void) { }
static void probe_b(void) { }

static void watch(struct tracepoint *tp, void *unused)
{
	int i = match_string(names, ARRAY_SIZE(names), tp->name);

	if (i >= 0)
		watched[i] = tp;
}

static void probes_remove(void)
{
	for (int i = 0; i < ARRAY_SIZE(names); i++) {
		tracepoint_probe_unregister(watched[i], probe_a, NULL);
		tracepoint_probe_unregister(watched[i], probe_b, NULL);
	}
	tracepoint_synchronize_unregister();
}

static int probes_add(void)
{
	int err = 0;

	for_each_kernel_tracepoint(watch, NULL);
	for (int i = 0; i < ARRAY_SIZE(names); i++)
		if (!watched[i])
			return -ENOENT;
	for (int i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		err = tracepoint_probe_register(watched[i], probe_a, NULL);
		if (!err)
			err = tracepoint_probe_register(watched[i], probe_b, NULL);
	}
	if (err)
		probes_remove();
	return err;
}

static int __init textsum_init(void)
{
	int err;

	if (!stext || etext <= stext || !rodata || erodata <= rodata || !lapic_events)
		return -EINVAL;
	err = probes_add();
	if (err)
		return err;
	if (proc_create("textsum", 0600, NULL, &textsum_ops))
		return 0;
	probes_remove();
	return -ENOMEM;
}

static void __exit textsum_exit(void)
{
	remove_proc_entry("textsum", NULL);
	probes_remove();
	regions_free();
}

module_init(textsum_init);
module_exit(textsum_exit);
MODULE_DESCRIPTION("Compares kernel text with what it was");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * What the port shows of itself, for people and for tests.
 */
#include <linux/cpumask.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include "attach.h"
#include "attached.h"
#include "compat.h"
#include "cpu.h"
#include "modules.h"
#include "probes.h"
#include "settle.h"
#include "sites.h"
#include "symbols.h"
#include "thunks.h"

static const char *const kinds[SITE_KINDS] = { "cli", "sti", "save" };

static void count_raw(void *arg, unsigned long addr, unsigned char opcode)
{
	++*(unsigned long *)arg;
}

void hal_show_slots(struct seq_file *m)
{
	const struct site_list *l = hal_sites_lock();
	unsigned long hard = 0, raw = 0;

	probes_lock();
	for (unsigned int i = 0; i < l->count; i++)
		hard += l->s[i].hard;
	sites_raw(hal_sym.stext, hal_sym.etext, count_raw, &raw);
	seq_printf(m, "virtual %lu\nhard %lu\nraw %lu\n", l->count - hard, hard, raw);
	probes_unlock();
	hal_sites_unlock();
}

/* Kernel: offset from _stext. Modules: name and offset from their text. */
static void show_place(struct seq_file *m, unsigned long addr)
{
	const struct module *mod;

	if (addr >= hal_sym.stext && addr < hal_sym.etext) {
		seq_printf(m, "%lx", addr - hal_sym.stext);
		return;
	}
	mod = hal_module_of(addr);
	if (mod)
		seq_printf(m, "%s+%lx", mod->name, addr - module_text_get(mod).start);
	else
		seq_puts(m, "gone");
}

void hal_show_sites(struct seq_file *m)
{
	const struct site_list *l = hal_sites_lock();

	for (unsigned int i = 0; i < l->count; i++) {
		show_place(m, l->s[i].addr);
		seq_printf(m, " %s %s\n", kinds[l->s[i].kind],
			   l->s[i].hard ? "hard" : "virtual");
	}
	hal_sites_unlock();
}

/* ---- every place by name, without an address --------------------------------------------------
 *
 * Order of the locks, as in attach: hal_att.lock, module_mutex, that of the probes. Linux takes neither
 * of the last two under the other, and calls the notifiers of modules, which take the first, without both.
 */

static void show_named(struct seq_file *m, unsigned long addr)
{
	const struct module *mod = hal_module_of(addr);
	unsigned long size, offset = 0;
	char name[KSYM_SYMBOL_LEN];

	hal_kallsyms_lookup_size_offset(addr, &size, &offset);
	hal_symbol_name(addr, name);
	seq_printf(m, "%s %s+0x%lx", mod ? mod->name : "kernel", name, offset);
}

/* What was changed of Linux beside slots: calls redirected, functions replaced, a pointer. */
static void show_change(struct seq_file *m, const struct patch *p)
{
	if (p->len == SITE_LEN || within_module((unsigned long)p->addr, THIS_MODULE))
		return;
	show_named(m, (unsigned long)p->addr);
	seq_printf(m, " %s replaced\n", p->len == 4 ? "call" : p->len == 5 ? "jump" : "data");
}

/* Behind a jump of ours the rest of a function is dead, and does not decode. */
static bool behind_jump(unsigned long addr)
{
	unsigned long size, offset;

	if (!hal_kallsyms_lookup_size_offset(addr, &size, &offset))
		return false;
	for (unsigned int i = 0; i < hal_att.text.count; i++) {
		const struct patch *p = &hal_att.text.p[i];

		if (p->len == 5 && addr - (unsigned long)p->addr <= offset)
			return true;
	}
	return false;
}

static void show_raw(void *arg, unsigned long addr, unsigned char opcode)
{
	const char *kind = opcode == 0xfa ? "cli" : opcode == 0xfb ? "sti" :
			   opcode == 0x9c ? "pushf" : "popf";
	const struct module *mod = hal_module_of(addr);

	if (behind_jump(addr) || (mod && !module_runs(mod, addr)))
		return;
	show_named(arg, addr);
	seq_printf(arg, " %s raw\n", kind);
}

static void show_raw_text(void *arg, unsigned long start, unsigned long end)
{
	sites_raw(start, end, show_raw, arg);
}

void hal_show_places(struct seq_file *m)
{
	const struct site_list *l = hal_sites_lock();

	mutex_lock(hal_sym.module_mutex);
	probes_lock();
	for (unsigned int i = 0; i < l->count; i++) {
		show_named(m, l->s[i].addr);
		seq_printf(m, " %s %s\n", kinds[l->s[i].kind],
			   l->s[i].hard ? "hard" : "virtual");
	}
	for (unsigned int i = 0; i < hal_att.text.count; i++)
		show_change(m, &hal_att.text.p[i]);
	show_raw_text(m, hal_sym.stext, hal_sym.etext);
	modules_each_text(show_raw_text, m);
	probes_unlock();
	mutex_unlock(hal_sym.module_mutex);
	hal_sites_unlock();
}

/* ---- CPUs ------------------------------------------------------------------------------------------ */

void hal_cpu_counts(int cpu, u64 *logged, u64 *leaks, u64 *flushes)
{
	const struct hal_cpu *hc = per_cpu_ptr(&hal_cpu_data, cpu);

	*logged = READ_ONCE(hc->pipe.logged);
	*leaks = READ_ONCE(hc->leaks);
	*flushes = READ_ONCE(hc->flush_done);
}

s64 hal_inband_deadline(int cpu)
{
	const struct hal_timer *t = &per_cpu(hal_cpu_data, cpu).timer;
	s64 deadline = READ_ONCE(t->inband);

	return deadline == HAL_TIME_NEVER || !READ_ONCE(t->dev) ? 0 : deadline;
}

void hal_show_cpus(struct seq_file *m)
{
	int cpu;

	seq_printf(m, "attached %d\nput off %lu\ncpu logged leaks flushes\n", hal_attached(),
		   settle_count());
	for_each_online_cpu(cpu) {
		u64 logged, leaks, flushes;

		hal_cpu_counts(cpu, &logged, &leaks, &flushes);
		seq_printf(m, "%d %llu %llu %llu\n", cpu, logged, leaks, flushes);
	}
}

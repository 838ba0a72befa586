// SPDX-License-Identifier: GPL-2.0
/*
 * What the port shows of itself, for people and for tests.
 */
#include <linux/cpumask.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include "attach.h"
#include "compat.h"
#include "cpu.h"
#include "probes.h"
#include "settle.h"
#include "sites.h"
#include "symbols.h"

static const char *const kinds[SITE_KINDS] = { "cli", "sti", "save" };

void hal_show_slots(struct seq_file *m)
{
	const struct site_list *l = hal_sites_lock();
	unsigned long hard = 0;

	probes_lock();
	for (unsigned int i = 0; i < l->count; i++)
		hard += l->s[i].hard;
	seq_printf(m, "virtual %lu\nhard %lu\nraw %lu\n", l->count - hard, hard,
		   sites_count_raw(hal_sym.stext, hal_sym.etext));
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

void hal_show_cpus(struct seq_file *m)
{
	int cpu;

	seq_printf(m, "attached %d\nput off %lu\ncpu logged leaks flushes\n", hal_attached(),
		   settle_count());
	for_each_online_cpu(cpu) {
		const struct hal_cpu *hc = per_cpu_ptr(&hal_cpu_data, cpu);

		seq_printf(m, "%d %lu %lu %lu\n", cpu, hc->pipe.logged, hc->leaks,
			   READ_ONCE(hc->flush_done));
	}
}

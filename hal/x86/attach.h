/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attach to and detach from the running kernel: all or nothing.
 */
#ifndef HAL_X86_ATTACH_H
#define HAL_X86_ATTACH_H

struct module;
struct seq_file;
struct site_list;

/* For tests: make one check fail. NULL or a symbol's name; a slot to spoil; a fake answer. */
struct hal_faults {
	const char *hide_symbol;
	int spoil_slot;		/* the expected bytes of this slot are wrong; -1: none */
	int no_paravirt;
	int no_flush;		/* hard threads keep stale translations */
};

/* Once per module load: symbols, checks, scan. Nothing of Linux is changed. 0 or -errno after
 * one message. Context: in-band, may sleep. */
int hal_init(const struct hal_faults *faults);
void hal_exit(void);

/* Put the pipeline in place, on all CPUs. 0 or -errno after a message, nothing changed then.
 * Context: in-band, may sleep; one caller at a time. */
int hal_attach(void);

/* Take it away. No oob thread may be left. 0, or -EBUSY after a message when text that Keel
 * changed was changed by somebody else since. Context: as hal_attach(). */
int hal_detach(void);

int hal_attached(void);

/* KVM is there: its guests' state may be in registers that hard threads would use. */
int hal_kvm_present(void);

/* The slots, held still until unlocked. Context: in-band, may sleep. */
const struct site_list *hal_sites_lock(void);
void hal_sites_unlock(void);

/* The module whose text has @addr, NULL: none. Context: between lock and unlock of the slots. */
const struct module *hal_module_of(unsigned long addr);

/* For debugfs. */
void hal_show_slots(struct seq_file *m);
void hal_show_sites(struct seq_file *m);
void hal_show_places(struct seq_file *m);	/* slow: decodes all text */
void hal_show_cpus(struct seq_file *m);

/* Of @cpu: interrupts logged, V found stalled in user mode, flushes asked for; when Linux's timer is
 * due, or 0. Context: any. */
void hal_cpu_counts(int cpu, u64 *logged, u64 *leaks, u64 *flushes);
s64 hal_inband_deadline(int cpu);

#endif

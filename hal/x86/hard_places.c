// SPDX-License-Identifier: GPL-2.0
/*
 * Rules per slot. CLI: the cli stays native and closes H, the sti is a thunk and opens both:
 * right where a disable/enable pair does not nest. ALL: cli, sti and pushf stay native: for
 * save/restore pairs, as a thunked pushf that reads "off" would make the restore skip its sti and
 * leave H closed.
 */
#include <linux/string.h>
#include "hard_places.h"
#include "sites.h"

#define CLI 1
#define ALL 2

struct hard_row {
	const char *name;	/* a trailing * matches the rest */
	int what;
};

static const struct hard_row rows[] = {
	/* The way out to user mode: assembly behind it relies on H being closed and V open, and
	 * work flags set after their last test must not wait for the next interrupt. */
	{ "syscall_exit_to_user_mode*", CLI },
	{ "exit_to_user_mode*", CLI },
	{ "irqentry_exit*", CLI },
	{ "__do_fast_syscall_32", CLI },
	/* Tails of exception handlers: the same, and kernel returns by iret. */
	{ "exc_*", CLI },
	{ "noist_exc_*", CLI },
	{ "do_error_trap", CLI },
	{ "math_error", CLI },
	{ "handle_bug", CLI },
	{ "kvm_async_pf_task_wait*", CLI },
	{ "preempt_schedule_irq", CLI },
	/* End of softirqs, often in an interrupt's tail: back to assembly with H closed. */
	{ "handle_softirqs", CLI },

	/* swapgs pairs: an interrupt between them takes the wrong GS. */
	{ "native_load_gs_index", ALL },
	{ "x86_gsbase_read_cpu_inactive", ALL },
	{ "x86_gsbase_write_cpu_inactive", ALL },
	{ "current_save_fsgs", ALL },

	/* Two-word ICR writes: Keel sends IPIs too and would split the pair. */
	{ "native_apic_icr_write", ALL },
	{ "default_send_IPI_*", ALL },
	{ "_flat_send_IPI_mask", ALL },
	{ "__x2apic_send_IPI_mask", ALL },

	/* Global TLB flush by CR4.PGE, caches off, MTRR and PAT changes, text through the
	 * temporary mm: nobody else may run with the CPU in that state. */
	{ "native_flush_tlb_global", ALL },
	{ "generic_set_mtrr", ALL },
	{ "generic_set_all", ALL },	/* 6.1; later cache_cpu_init */
	{ "cache_cpu_init", ALL },
	{ "__text_poke", ALL },
	{ "text_poke_early", ALL },

	/* A HPET read spins on a lock that a preempted reader on this CPU would hold. */
	{ "read_hpet", ALL },

	/* Rendezvous of all CPUs: callers assume that nothing else runs. */
	{ "multi_cpu_stop", ALL },
	{ "native_cpu_up", ALL },	/* 6.1: the TSC comparison at CPU bring-up */
	{ "tsc_restore_sched_clock_state", ALL },
	/* A gap between its reads makes Linux give the TSC up. */
	{ "clocksource_watchdog", CLI },

	/* The end of a CPU or of the system: interrupts must stay out for good. */
	{ "stop_this_cpu", CLI },
	{ "native_stop_other_cpus", ALL },
	{ "native_machine_*", CLI },
	{ "machine_real_restart", CLI },
	{ "machine_kexec", CLI },
	{ "crash_nmi_callback", CLI },
	{ "panic", CLI },
	{ "play_dead_common", CLI },
	{ "lapic_shutdown", ALL },
	{ "lapic_suspend", ALL },
	{ "lapic_resume", ALL },

	/* KVM: a request raised after its last test must break guest entry; around VMRUN the
	 * flag belongs to the world switch. */
	{ "kvm_arch_vcpu_ioctl_run", CLI },	/* vcpu_enter_guest is inlined there */
	{ "svm_vcpu_enter_exit", ALL },
};

static int row_matches(const struct hard_row *r, const char *name)
{
	size_t n = strlen(r->name);

	if (r->name[n - 1] == '*')
		return !strncmp(name, r->name, n - 1);
	return !strcmp(name, r->name);
}

int hard_place(const char *name, int kind)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (row_matches(&rows[i], name))
			return rows[i].what == ALL || kind == SITE_CLI;
	return 0;
}

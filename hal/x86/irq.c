// SPDX-License-Identifier: GPL-2.0
/*
 * Every interrupt comes here first. Ours is dealt with; Linux's goes on at once, or is logged
 * when Linux is stalled or an oob thread has the CPU (rules: hal/pipeline.c).
 *
 * Linux frees the vector that a device had on another CPU when the controller's IRR says that
 * nothing waits there. What is logged is not in the IRR, yet it never waits behind such a test:
 *
 *	CPU 0, where it was			CPU 1, where it goes
 *	a message arrives, is logged
 *						the next one: handled; CPU 0 shall clean up
 *	6.1: vector 0x20 arrives		(6.1: by vector 0x20; 6.12: by a timer, a
 *	V opens: the log is raised, highest	tick later)
 *	first; 0x20 is below all devices
 *	the message is handled
 *	the clean-up closes V, tests the IRR
 *
 * V was open between the message and the test, so the log was empty in between. A message that a
 * held line of a higher class keeps from this CPU is in the IRR, as on the bare machine. A CPU that
 * goes offline makes its test in the rendezvous, with H closed and V open: its log is empty.
 */
#include <linux/kernel.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <asm/ptrace.h>
#include "cpu.h"
#include "irq.h"
#include "context.h"
#include "linux_side.h"
#include "timer.h"
#include "user.h"

DEFINE_PER_CPU_ALIGNED(struct hal_cpu, hal_cpu_data);

/* The per-CPU memory of a CPU that cannot come is somebody else's. */
void hal_local_set(int cpu, void *local)
{
	if (cpu < nr_cpu_ids && cpu_possible(cpu))
		per_cpu(hal_cpu_data, cpu).fast.local = local;
}

struct irq_stub hal_irq_table[HAL_IRQ_STUBS];
DEFINE_STATIC_KEY_FALSE(hal_x2apic);

int hal_apic_init(void)
{
	u64 base;

	if (!boot_cpu_has(X86_FEATURE_APIC) || rdmsrl_safe(MSR_IA32_APICBASE, &base) ||
	    !(base & MSR_IA32_APICBASE_ENABLE)) {
		pr_err("keel: no local APIC in use (noapic, nolapic?): Keel needs it\n");
		return -EOPNOTSUPP;
	}
	if (base & X2APIC_ENABLE)
		static_branch_enable(&hal_x2apic);
	return 0;
}

static __always_inline void apic_put(u32 reg, u32 value)
{
	*(volatile u32 *)(APIC_BASE + reg) = value;
}

static __always_inline u32 apic_get(u32 reg)
{
	return *(volatile u32 *)(APIC_BASE + reg);
}

static __always_inline void x2apic_put(u32 reg, u64 value)
{
	asm volatile("wrmsr" : : "c"(APIC_BASE_MSR + (reg >> 4)), "a"((u32)value),
		     "d"((u32)(value >> 32)) : "memory");
}

void hal_apic_write(u32 reg, u32 value)
{
	if (static_branch_unlikely(&hal_x2apic))
		x2apic_put(reg, value);
	else
		apic_put(reg, value);
}

void hal_apic_eoi(void)
{
	hal_apic_write(APIC_EOI, 0);
}

/* The xAPIC takes a command while the last is under way only on newer CPUs; the wait is a few
 * bus cycles, and given up rather than unbounded. */
static void icr_wait(void)
{
	for (int i = 0; i < 1000 && (apic_get(APIC_ICR) & APIC_ICR_BUSY); i++)
		cpu_relax();
}

void hal_apic_raise(unsigned int vector)
{
	if (static_branch_unlikely(&hal_x2apic)) {
		asm volatile("mfence; lfence" : : : "memory");
		x2apic_put(APIC_SELF_IPI, vector);
		return;
	}
	icr_wait();
	apic_put(APIC_ICR, APIC_DEST_SELF | APIC_DM_FIXED | vector);
}

/* Linux's own two-word ICR writes are hard places, so ours never splits one. */
void hal_ipi_send(int cpu)
{
	struct hal_cpu *hc = per_cpu_ptr(&hal_cpu_data, cpu);
	u32 id = per_cpu(x86_cpu_to_apicid, cpu);

	if (xchg(&hc->kicked, 1))
		return;
	if (static_branch_unlikely(&hal_x2apic)) {
		asm volatile("mfence; lfence" : : : "memory");
		x2apic_put(APIC_ICR, (u64)id << 32 | APIC_DM_FIXED | X86_PLATFORM_IPI_VECTOR);
		return;
	}
	icr_wait();
	apic_put(APIC_ICR2, SET_XAPIC_DEST_FIELD(id));
	apic_put(APIC_ICR, APIC_DM_FIXED | X86_PLATFORM_IPI_VECTOR);
}

static bool vector_level(unsigned int vector)
{
	u32 reg = APIC_TMR + (vector / 32) * 0x10;
	u32 bits;

	if (static_branch_unlikely(&hal_x2apic)) {
		u32 high;

		asm volatile("rdmsr" : "=a"(bits), "=d"(high) : "c"(APIC_BASE_MSR + (reg >> 4)));
	} else {
		bits = apic_get(reg);
	}
	return bits & (1u << (vector % 32));
}

void hal_eoi_swallow(u32 reg, u32 value)
{
	unsigned long flags = hal_oob_save();
	struct hal_cpu *hc = hal_this();
	unsigned int n = pipeline_eoi(&hc->pipe, !(flags & HAL_X86_IF));

	while (n--)
		hal_apic_eoi();
	hal_oob_restore(flags);
}

/* Linux has this vector now, or when V opens. Returns 1 to run its handler. */
static noinline int linux_arrive(struct hal_cpu *hc, struct pt_regs *regs, unsigned int vector)
{
	if (user_mode(regs) && !hc->fast.oob && unlikely(hc->fast.state & PIPELINE_STALLED)) {
		/* Never: a way out to user mode that is no hard place. Heal and count. */
		hc->fast.state &= ~PIPELINE_STALLED;
		hc->leaks++;
	}
	if (unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_IRQ, NULL, NULL, vector, 0);
	if (pipeline_arrive(&hc->pipe, &hc->fast.state, hc->fast.oob, vector) == PIPELINE_DELIVER)
		return 1;
	hal_trace(HAL_TRACE_LOG, NULL, NULL, vector, 0);
	if (hc->fast.oob) {
		if (!hc->waits_told) {
			hc->waits_told = 1;
			nk_hal_inband_waits(hal_clock_now());
		}
		shadow_poll();
	} else {
		hal_idle_nudge();
	}
	return 0;
}

static void kick_gate(struct hal_cpu *hc, struct pt_regs *regs)
{
	if (unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_IRQ, NULL, NULL, X86_PLATFORM_IPI_VECTOR, 0);
	hal_flush_answer(hc);
	nk_hal_kick();
	nk_hal_preempt();
	hc = hal_this();
	if (hc->fast.oob && user_mode(regs))
		shadow_return(regs);
}

/* Flattened: the headline path. Everything it calls that is seen here is inlined. */
__attribute__((flatten)) int hal_timer_gate(struct pt_regs *regs)
{
	struct hal_cpu *hc = hal_this();

	hal_apic_eoi();
	if (unlikely(!hc->timer.dev))
		return linux_arrive(hc, regs, LOCAL_TIMER_VECTOR);
	hal_timer_interrupt(hc);
	/* Oob threads first; when this returns for root, Linux's turn has come. */
	nk_hal_preempt();
	if (hc->timer.linux_due && linux_arrive(hc, regs, LOCAL_TIMER_VECTOR)) {
		hc->timer.linux_due = 0;
		return 1;
	}
	if (hc->fast.oob && user_mode(regs))
		shadow_return(regs);
	return 0;
}

static void device_ack(struct hal_cpu *hc, unsigned int vector)
{
	if (vector_level(vector))
		pipeline_hold(&hc->pipe, vector);
	else
		hal_apic_eoi();
}

int hal_irq_gate(struct pt_regs *regs, unsigned long vector, int stub)
{
	struct hal_cpu *hc = hal_this();
	const struct irq_stub *s = &hal_irq_table[stub];
	int deliver;

	switch (s->kind) {
	case IRQ_PLATFORM:
		hal_apic_eoi();
		if (xchg(&hc->kicked, 0)) {
			kick_gate(hc, regs);
			return 0;
		}
		vector = s->vector;
		break;
	case IRQ_DEVICE:
		vector &= 0xff;
		device_ack(hc, vector);
		break;
	case IRQ_SPURIOUS:
		if (hc->fast.oob || (hc->fast.state & PIPELINE_STALLED))
			return 0;
		pipeline_deliver(&hc->pipe, s->vector);
		return 1;
	default:
		hal_apic_eoi();
		vector = s->vector;
	}
	deliver = linux_arrive(hc, regs, vector);
	if (!deliver && hc->fast.oob && user_mode(regs))
		shadow_return(regs);
	return deliver;
}

noinline void hal_irq_replay(void)
{
	struct hal_cpu *hc = hal_this();
	unsigned int eois;
	int vector, raise;

	while ((vector = pipeline_next(&hc->pipe, &hc->fast.state, &eois, &raise)) >= 0) {
		hal_trace(HAL_TRACE_REPLAY, NULL, NULL, vector, 0);
		while (eois--)
			hal_apic_eoi();
		if (raise)
			hal_apic_raise(vector);
	}
}

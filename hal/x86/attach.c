// SPDX-License-Identifier: GPL-2.0
/*
 * Attach and detach.
 *
 * Attach, under text_mutex: scan (1), prepare all changes (2), stop all CPUs (3), compare every
 * byte (4), write (5), every CPU serialises, sets its state and takes its timer (6). Up to 4
 * nothing of Linux has changed. Detach is the reverse: log given back, timers returned, bytes
 * restored; then a grace period, until nobody can be inside a thunk.
 */
#include <linux/kernel.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/static_call_types.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include "attach.h"
#include "attached.h"
#include "compat.h"
#include "context.h"
#include "cpu.h"
#include "entry.h"
#include "irq.h"
#include "linux_side.h"
#include "machine.h"
#include "modules.h"
#include "probes.h"
#include "settle.h"
#include "stop.h"
#include "symbols.h"
#include "timer.h"
#include "user.h"
#include "xstate.h"

#define GOING_MS    20	/* between two looks at a module that is going, */
#define GOING_TRIES 250	/* for five seconds */

struct hal_attach_state hal_att = { .lock = __MUTEX_INITIALIZER(hal_att.lock) };
static enum cpuhp_state hotplug_state;
static const struct hal_faults *faults;

int hal_attached(void)
{
	return READ_ONCE(hal_att.on);
}

int hal_kvm_present(void)
{
	return READ_ONCE(hal_att.kvm);
}

const struct site_list *hal_sites_lock(void)
{
	mutex_lock(&hal_att.lock);
	return &hal_att.sites;
}

void hal_sites_unlock(void)
{
	mutex_unlock(&hal_att.lock);
}

/* ---- our own text ------------------------------------------------------------------------------- */

static int own_open(int i, unsigned long target)
{
	int err = hal_own_reach(hal_open_call[i], target);

	return err ? err : hal_own_reach(hal_open_jmp[i], target);
}

static int own_bootstrap(void)
{
	int err = hal_own_reach(hal_linux_jmp[0], hal_sym.insn_decode);

	if (!err)
		err = hal_own_reach(hal_linux_jmp[1], hal_sym.kallsyms_lookup_size_offset);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[4], hal_sym.recover_probed);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[5], hal_sym.send_sigtrap);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[6], hal_sym.membarrier);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[7], hal_sym.secure_computing);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[8], hal_sym.lseek);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[9], hal_sym.ct_nmi_enter);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[10], hal_sym.ct_nmi_exit);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[11], hal_sym.setaffinity);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[12], hal_sym.send_sig_info);
	if (!err)
		err = hal_own_reach(hal_vsyscall_call[0], hal_sym.update_vsyscall);
	if (!err)
		err = hal_own_reach(hal_stack_call[0], hal_sym.stack_info_noinstr);
	if (!err)
		err = own_open(0, hal_sym.tick_irq_enter);
	if (!err)
		err = own_open(1, hal_sym.wake_up_process);
	if (!err)
		err = hal_own_reach(hal_user_exit[0], hal_sym.user_exit);
	if (!err)
		err = hal_own_reach(hal_linux_jmp[3], hal_sym.stop_machine_cpuslocked);
	if (!err)
		err = settle_init();
	return err;
}

/* ---- preparing ------------------------------------------------------------------------------------ */

static int eoi_prepare(struct patch_set *set)
{
#if KEEL_LINUX_612
	const struct static_call_key *key = (const void *)hal_sym.eoi;

	return entry_replace(set, (unsigned long)key->func, (unsigned long)hal_eoi_swallow);
#else
	const struct apic *a = *(const struct apic **)hal_sym.eoi;
	void (*swallow)(u32 reg, u32 value) = hal_eoi_swallow;

	return patch_add(set, (unsigned long)&a->eoi_write, &a->eoi_write, &swallow,
			 sizeof(swallow));
#endif
}

static int vsyscall_prepare(struct patch_set *set)
{
	return entry_redirect(set, hal_sym.timekeeping_update, hal_sym.update_vsyscall,
			      (unsigned long)hal_update_vsyscall, "update_vsyscall");
}

static int stack_info_prepare(struct patch_set *set)
{
	return entry_redirect(set, hal_sym.stack_info, hal_sym.stack_info_noinstr,
			      (unsigned long)hal_stack_info, "get_stack_info_noinstr");
}

/* Long, and with H closed otherwise: time brought up to date in the first interrupt after a long idle, and the
 * wake-up of ksoftirqd behind softirqs that find no end. */
static int open_prepare(struct patch_set *set)
{
	int err = entry_redirect(set, hal_sym.irq_enter, hal_sym.tick_irq_enter,
				 (unsigned long)hal_tick_irq_enter, "tick_irq_enter");

	return err ? err : entry_redirect(set, hal_sym.softirqs, hal_sym.wake_up_process,
					  (unsigned long)hal_wake_up_process, "wake_up_process");
}

static int functions_prepare(struct patch_set *set)
{
	int err = entry_replace(set, hal_sym.safe_halt, (unsigned long)hal_safe_halt);

	if (!err)
		err = patch_add(set, (unsigned long)hal_thunk_cli_act, hal_thunk_cli_act,
				hal_thunk_cli_virtual, HAL_THUNK_CLI_LEN);
	if (!err)
		err = vsyscall_prepare(set);
	if (!err)
		err = entry_redirect(set, hal_sym.sys_call, hal_sym.membarrier,
				     (unsigned long)hal_membarrier, "membarrier");
	if (!err)
		err = entry_redirect(set, hal_sym.sys_call, hal_sym.lseek,
				     (unsigned long)hal_lseek, "lseek");
	if (!err)
		err = stack_info_prepare(set);
	if (!err)
		err = open_prepare(set);
	if (!err)
		err = eoi_prepare(set);
	if (err || !boot_cpu_has(X86_FEATURE_FSGSBASE))
		return err;
	err = entry_replace(set, hal_sym.rdgsbase_inactive, (unsigned long)hal_rdgsbase_inactive);
	return err ? err : entry_replace(set, hal_sym.wrgsbase_inactive,
					 (unsigned long)hal_wrgsbase_inactive);
}

static int prepare(void)
{
	int err = sites_scan(&hal_att.sites, hal_sym.stext, hal_sym.etext);

	if (!err)
		err = modules_scan();
	if (!err)
		err = sites_patches(&hal_att.sites, 0, &hal_att.text);
	if (!err)
		err = entry_prepare(&hal_att.text, &hal_att.own);
	if (!err)
		err = functions_prepare(&hal_att.text);
	if (!err && faults->spoil_slot >= 0 && faults->spoil_slot < hal_att.text.count)
		hal_att.text.p[faults->spoil_slot].old[0] ^= 0xff;
	return err;
}

static void unprepare(void)
{
	sites_free(&hal_att.sites);
	patch_free(&hal_att.text);
	patch_free(&hal_att.own);
}

/* ---- stopped ---------------------------------------------------------------------------------------- */

static void cpu_start(struct hal_cpu *hc)
{
	hc->fast.state = 0;
	hc->fast.oob = 0;
	hc->kicked = 0;
	memset(&hc->pipe, 0, sizeof(hc->pipe));
	hal_timer_take(hc);
}

static void cpu_stop(struct hal_cpu *hc)
{
	unsigned int n;

	hal_timer_release(hc);
	hc->fast.state &= ~PIPELINE_STALLED;
	hal_irq_replay();
	/* Lines still held belong to handlers that will not be seen finishing: none runs here. */
	for (int v = PIPELINE_VECTORS - 1; v >= 0; v--)
		for (n = pipeline_finish(&hc->pipe, v); n; n--)
			hal_apic_eoi();
}

struct change {
	int attach;
	const struct patch *bad;
};

static void text_change(void *arg)
{
	struct change *c = arg;

	c->bad = patch_verify(&hal_att.text, !c->attach);
	if (c->bad)
		return;
	if (c->attach)
		patch_apply(&hal_att.text);
	else
		patch_undo(&hal_att.text);
	WRITE_ONCE(hal_att.on, c->attach);
	hal_clock_publish_state(c->attach);
}

static void cpu_change(void *arg)
{
	const struct change *c = arg;

	if (c->bad)
		return;
	if (c->attach)
		cpu_start(hal_this());
	else
		cpu_stop(hal_this());
}

static int stop_and(int attach)
{
	struct change c = { .attach = attach };
	int err = hal_stop_cpus(text_change, cpu_change, &c);

	if (!err && c.bad) {
		pr_err("keel: %pS does not hold the bytes it should (%*ph): changed by another (livepatch, tracer?); %s\n",
		       c.bad->addr, c.bad->len, c.bad->addr,
		       attach ? "nothing was changed" : "Keel stays attached");
		err = attach ? -ENOEXEC : -EBUSY;
	}
	return err;
}

/* ---- CPUs that come and go ------------------------------------------------------------------------------ */

static int hotplug_online(unsigned int cpu)
{
	unsigned long flags;

	nk_hal_cpu_online(cpu);
	if (!hal_att.on)
		return 0;
	flags = hal_oob_save();
	if (!hal_this()->timer.dev) {
		hal_this()->kicked = 0;
		hal_timer_take(hal_this());
	}
	hal_oob_restore(flags);
	return 0;
}

static int hotplug_offline(unsigned int cpu)
{
	unsigned long flags;

	if (hal_att.on && !nk_cpu_idle(cpu)) {
		pr_err("keel: CPU %u has real-time threads: end or move them before taking it offline\n",
		       cpu);
		return -EBUSY;
	}
	nk_hal_cpu_offline(cpu, cpumask_any_but(cpu_online_mask, cpu));
	if (!hal_att.on)
		return 0;
	flags = hal_oob_save();
	hal_timer_release(hal_this());
	hal_oob_restore(flags);
	return 0;
}

/* The CPU's state, or an error. */
static int hotplug_watch(void)
{
	int cpu, err;

	cpus_read_lock();
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			nk_hal_cpu_offline(cpu, cpumask_first(cpu_online_mask));
	err = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN, "keel:online",
						   hotplug_online, hotplug_offline);
	cpus_read_unlock();
	return err;
}

int hal_cpu_online(int cpu)
{
	return cpu >= 0 && cpu < nr_cpu_ids && per_cpu(hal_cpu_data, cpu).timer.dev;
}

/* ---- the calls ------------------------------------------------------------------------------------------------ */

static void own_apply(void)
{
	mutex_lock(hal_sym.text_mutex);
	patch_apply(&hal_att.own);
	mutex_unlock(hal_sym.text_mutex);
}

/* No module's text and no probe comes or goes meanwhile. */
static int change_text(void)
{
	int err = settle_begin();

	if (!err)
		err = prepare();
	if (!err && probes_refuse(&hal_att.text, "nothing was changed"))
		err = -EBUSY;
	if (!err) {
		own_apply();
		err = settle_wait();
	}
	if (!err)
		err = stop_and(1);
	settle_end();
	if (err)
		unprepare();
	return err;
}

/* A module on its way out would not tell of its end again: -EAGAIN. */
static int change_locked(void)
{
	int err = -EAGAIN;

	mutex_lock(hal_sym.module_mutex);
	if (!modules_going()) {
		probes_lock();
		err = change_text();
		probes_unlock();
	}
	mutex_unlock(hal_sym.module_mutex);
	return err;
}

static int attach_locked(void)
{
	int err = machine_check(faults->no_paravirt);

	if (!err)
		err = hal_clock_init();
	if (!err)
		err = hal_timer_check();
	if (!err)
		err = change_locked();
	if (!err)
		hal_idle_limit(1);
	return err;
}

/*
 * A module that is going is waited for without the lock, which its notifier takes:
 *
 *	CPU 0: keel start		CPU 1: rmmod
 *					state GOING, exit code
 *	lock; GOING: unlock, wait
 *					notifier: lock, unlock; the text goes
 *	lock; attach
 */
int hal_attach(void)
{
	int err;

	for (int tries = 0; tries < GOING_TRIES; tries++) {
		err = 0;
		mutex_lock(&hal_att.lock);
		if (!hal_att.on)
			err = attach_locked();
		mutex_unlock(&hal_att.lock);
		if (err != -EAGAIN)
			return err;
		msleep(GOING_MS);
	}
	pr_err("keel: a module is being unloaded and does not finish; nothing was changed\n");
	return -EBUSY;
}

static int detach_locked(void)
{
	int err = -EBUSY;

	probes_lock();
	if (!probes_refuse(&hal_att.text, "Keel stays attached"))
		err = stop_and(0);
	probes_unlock();
	if (!err) {
		unprepare();
		hal_idle_limit(0);
	}
	return err;
}

int hal_detach(void)
{
	int err = 0;

	mutex_lock(&hal_att.lock);
	if (hal_att.on)
		err = detach_locked();
	mutex_unlock(&hal_att.lock);
	/* Whoever was inside a thunk or stub when the bytes went back has left it after this. */
	if (!err) {
		synchronize_rcu_tasks();
		synchronize_rcu();
	}
	return err;
}

static int cpus_alloc(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct hal_cpu *hc = per_cpu_ptr(&hal_cpu_data, cpu);
		void *raw = kzalloc_node(hal_xstate_root_size() + 64, GFP_KERNEL, cpu_to_node(cpu));

		if (!raw)
			return -ENOMEM;
		hc->root.xraw = raw;
		hc->root.xstate = PTR_ALIGN(raw, 64);
		hc->fast.cpu = cpu;
		hc->timer.oob = hc->timer.inband = hc->timer.hardware = HAL_TIME_NEVER;
	}
	return 0;
}

static void cpus_free(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu(hal_cpu_data, cpu).root.xraw);
}

int hal_init(const struct hal_faults *f)
{
	int err;

	faults = f;
	hal_mm_fault(f->no_flush);
	err = hal_symbols_resolve(f->hide_symbol);
	if (!err)
		err = own_bootstrap();
	if (!err)
		err = hal_apic_init();
	if (!err)
		err = hal_xstate_init();
	if (err)
		return err;
	err = cpus_alloc();
	if (!err)
		err = hal_clock_share();
	if (err)
		goto free;
	err = modules_watch();
	if (err)
		goto free;
	err = hotplug_watch();
	if (err < 0)
		goto unregister;
	hotplug_state = err;
	return 0;
unregister:
	modules_unwatch();
free:
	hal_clock_unshare();
	cpus_free();
	return err;
}

void hal_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
	modules_unwatch();
	settle_exit();
	hal_linux_exit();
	hal_clock_unshare();
	cpus_free();
}

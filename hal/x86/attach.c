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
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/static_call_types.h>
#include <linux/stop_machine.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/hypervisor.h>
#include <asm/sync_core.h>
#include "attach.h"
#include "compat.h"
#include "context.h"
#include "cpu.h"
#include "entry.h"
#include "irq.h"
#include "linux_side.h"
#include "patch.h"
#include "sites.h"
#include "symbols.h"
#include "timer.h"
#include "user.h"
#include "xstate.h"

static struct site_list sites;
static struct patch_set text;	/* changes of Linux and its modules */
static struct patch_set own;	/* displacements in our own stubs */
static int attached;
static int kvm_present;
static DEFINE_MUTEX(attach_lock);
static enum cpuhp_state hotplug_state;
static const struct hal_faults *faults;

int hal_attached(void)
{
	return READ_ONCE(attached);
}

int hal_kvm_present(void)
{
	return READ_ONCE(kvm_present);
}

const struct site_list *hal_sites_lock(void)
{
	mutex_lock(&attach_lock);
	return &sites;
}

void hal_sites_unlock(void)
{
	mutex_unlock(&attach_lock);
}

/* ---- what this machine must be like ---------------------------------------------------------- */

static int machine_refuse(const char *what)
{
	pr_err("keel: %s; nothing was changed\n", what);
	return -EOPNOTSUPP;
}

static int machine_check(void)
{
	if (!IS_ENABLED(CONFIG_PARAVIRT_XXL) || faults->no_paravirt)
		return machine_refuse("this kernel was built without CONFIG_PARAVIRT_XXL, so its interrupt-flag places cannot be changed: use a stock Debian kernel");
	if (nr_cpu_ids > HAL_MAX_CPUS)
		return machine_refuse("more CPUs than this build serves: boot with nr_cpus=128");
	if (boot_cpu_has(X86_FEATURE_XENPV) || hypervisor_is_type(X86_HYPER_MS_HYPERV) ||
	    cc_platform_has(CC_ATTR_GUEST_STATE_ENCRYPT))
		return machine_refuse("Xen PV, Hyper-V and encrypted guests have interrupt paths of their own, which Keel does not serve");
	if (boot_cpu_has(X86_FEATURE_PCID) && boot_cpu_has(X86_FEATURE_PTI) &&
	    !boot_cpu_has(X86_FEATURE_INVPCID))
		return machine_refuse("this CPU has PCID but no INVPCID: boot with nopcid");
	if (boot_cpu_has(X86_FEATURE_TDX_GUEST))
		return machine_refuse("TDX guests have interrupt paths of their own, which Keel does not serve");
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return machine_refuse("this is a PREEMPT_RT kernel, where tasks sleep in places that Keel changes: use the plain Debian kernel");
	if (preempt_model_full())
		return machine_refuse("the kernel runs with preempt=full, where a task may sleep inside a place that Keel changes: boot with preempt=voluntary");
	return 0;
}

/* ---- our own text ------------------------------------------------------------------------------- */

static int own_bootstrap(void)
{
	int err = hal_own_reach(hal_linux_jmp[0], hal_sym.insn_decode);

	if (!err)
		err = hal_own_reach(hal_linux_jmp[1], hal_sym.kallsyms_lookup_size_offset);
	if (!err)
		err = hal_own_reach(hal_vsyscall_call[0], hal_sym.update_vsyscall);
	if (!err)
		err = hal_own_reach(hal_user_exit[0], hal_sym.user_exit);
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

static int functions_prepare(struct patch_set *set)
{
	int err = entry_replace(set, hal_sym.safe_halt, (unsigned long)hal_safe_halt);

	if (!err)
		err = vsyscall_prepare(set);
	if (!err)
		err = eoi_prepare(set);
	if (err || !boot_cpu_has(X86_FEATURE_FSGSBASE))
		return err;
	err = entry_replace(set, hal_sym.rdgsbase_inactive, (unsigned long)hal_rdgsbase_inactive);
	return err ? err : entry_replace(set, hal_sym.wrgsbase_inactive,
					 (unsigned long)hal_wrgsbase_inactive);
}

static int module_scan(const struct module *mod, bool with_init)
{
	struct module_text t = module_text_get(mod);
	int err = sites_scan(&sites, t.start, t.start + t.size);

	if (!err && with_init && t.init_size)
		err = sites_scan(&sites, t.init_start, t.init_start + t.init_size);
	return err;
}

/* THIS_MODULE leads to the others in the kernel's list, whose head lies in the kernel's data. Ours has
 * no slots that may be changed. */
#define for_each_other_module(mod)				\
	list_for_each_entry(mod, &THIS_MODULE->list, list)	\
		if ((unsigned long)(mod) >= MODULES_VADDR &&	\
		    (mod)->state != MODULE_STATE_UNFORMED)

const struct module *hal_module_of(unsigned long addr)
{
	const struct module *mod, *found = NULL;

	for_each_other_module(mod) {
		struct module_text t = module_text_get(mod);

		if (addr - t.start < t.size || addr - t.init_start < t.init_size)
			found = mod;
	}
	return found;
}

static int modules_scan(void)
{
	const struct module *mod;
	int err = 0;

	for_each_other_module(mod) {
		if (!strncmp(mod->name, "kvm", 3))
			kvm_present = 1;
		if (!err)
			err = module_scan(mod, mod->state == MODULE_STATE_COMING);
	}
	return err;
}

static int prepare(void)
{
	int err = sites_scan(&sites, hal_sym.stext, hal_sym.etext);

	if (!err)
		err = modules_scan();
	if (!err)
		err = sites_patches(&sites, 0, &text);
	if (!err)
		err = entry_prepare(&text, &own);
	if (!err)
		err = functions_prepare(&text);
	if (!err && faults->spoil_slot >= 0 && faults->spoil_slot < text.count)
		text.p[faults->spoil_slot].old[0] ^= 0xff;
	return err;
}

static void unprepare(void)
{
	sites_free(&sites);
	patch_free(&text);
	patch_free(&own);
}

/* ---- stopped ---------------------------------------------------------------------------------------- */

struct stop_work {
	atomic_t arrived;	/* the first one works for all */
	int done;
	int attach;
	const struct patch *bad;
};

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

static int stopped(void *arg)
{
	struct stop_work *w = arg;

	if (atomic_inc_return(&w->arrived) == 1) {
		w->bad = patch_verify(&text, !w->attach);
		if (!w->bad) {
			if (w->attach)
				patch_apply(&text);
			else
				patch_undo(&text);
			WRITE_ONCE(attached, w->attach);
			hal_clock_publish_state(w->attach);
		}
		smp_store_release(&w->done, 1);
	}
	while (!smp_load_acquire(&w->done))
		cpu_relax();
	sync_core();
	if (!w->bad) {
		if (w->attach)
			cpu_start(hal_this());
		else
			cpu_stop(hal_this());
	}
	return 0;
}

static int stop_and(int attach)
{
	struct stop_work w = { .attach = attach };
	int err;

	mutex_lock(hal_sym.text_mutex);
	err = stop_machine(stopped, &w, cpu_online_mask);
	mutex_unlock(hal_sym.text_mutex);
	if (!err && w.bad) {
		pr_err("keel: %pS does not hold the bytes it should (%*ph): changed by another (kprobe, livepatch, tracer?); %s\n",
		       w.bad->addr, w.bad->len, w.bad->addr,
		       attach ? "nothing was changed" : "Keel stays attached");
		err = attach ? -ENOEXEC : -EBUSY;
	}
	return err;
}

/* ---- modules that come and go ------------------------------------------------------------------------ */

/* Add the changes in @fresh, written already, to those that detach undoes. */
static int text_adopt(const struct patch_set *fresh)
{
	unsigned int first = text.count;

	for (unsigned int i = 0; i < fresh->count; i++) {
		const struct patch *p = &fresh->p[i];

		if (patch_add(&text, (unsigned long)p->addr, p->old, p->new, p->len)) {
			text.count = first;
			return -ENOMEM;
		}
		text.p[text.count - 1].applied = 1;
	}
	return 0;
}

static int module_change(struct patch_set *fresh)
{
	int err;

	mutex_lock(hal_sym.text_mutex);
	err = patch_verify(fresh, 0) ? -ENOEXEC : 0;
	if (!err) {
		patch_apply(fresh);	/* nobody runs it yet */
		err = text_adopt(fresh);
		if (err)
			patch_undo(fresh);
	}
	mutex_unlock(hal_sym.text_mutex);
	return err;
}

/*
 * A module whose slots cannot be changed must not run: a native sti of its would close a section that
 * a thunk of the kernel opened, and leave V stalled for ever.
 */
static int module_coming(struct module *mod)
{
	struct module_text t = module_text_get(mod);
	unsigned int from = sites.count;
	struct patch_set fresh = { 0 };
	int err;

	if (!strncmp(mod->name, "kvm", 3)) {
		/* Guests leave their system call entry in registers: no thread is hard from now on. */
		WRITE_ONCE(kvm_present, 1);
		shadow_send_home();
	}
	if (sites_known(&sites, t.start, t.size))
		return 0;	/* attach saw it on its way in */
	err = module_scan(mod, true);
	if (!err)
		err = sites_patches(&sites, from, &fresh);
	if (!err)
		err = module_change(&fresh);
	if (err) {
		pr_err("keel: the interrupt-flag places of module %s cannot be changed (error %d): not loaded; free memory, or 'keel stop' first\n",
		       mod->name, err);
		sites.count = from;
	}
	patch_free(&fresh);
	return err;
}

static void text_forget(unsigned long start, unsigned long size)
{
	if (!size)
		return;
	sites_forget(&sites, start, size);
	patch_forget(&text, start, size);
}

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;
	struct module_text t = module_text_get(mod);
	int err = 0;

	mutex_lock(&attach_lock);
	if (attached && event == MODULE_STATE_COMING)
		err = module_coming(mod);
	else if (attached && event == MODULE_STATE_LIVE)
		text_forget(t.init_start, t.init_size);
	else if (attached && event == MODULE_STATE_GOING)
		text_forget(t.start, t.size);
	mutex_unlock(&attach_lock);
	return notifier_from_errno(err);
}

static struct notifier_block module_notifier = { .notifier_call = module_event };

/* ---- CPUs that come and go ------------------------------------------------------------------------------ */

static int hotplug_online(unsigned int cpu)
{
	unsigned long flags;

	if (!attached)
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

	if (!attached)
		return 0;
	if (!nk_cpu_idle(cpu)) {
		pr_err("keel: CPU %u has real-time threads: end or move them before taking it offline\n",
		       cpu);
		return -EBUSY;
	}
	flags = hal_oob_save();
	hal_timer_release(hal_this());
	hal_oob_restore(flags);
	return 0;
}

int hal_cpu_online(int cpu)
{
	return cpu >= 0 && cpu < nr_cpu_ids && per_cpu(hal_cpu_data, cpu).timer.dev;
}

/* ---- the calls ------------------------------------------------------------------------------------------------ */

static int own_apply(void)
{
	mutex_lock(hal_sym.text_mutex);
	patch_apply(&own);
	mutex_unlock(hal_sym.text_mutex);
	return 0;
}

static bool module_going(void)
{
	const struct module *mod;
	bool going = false;

	for_each_other_module(mod)
		going |= mod->state == MODULE_STATE_GOING;
	return going;
}

/* With module_mutex, so that no module's text goes in between. One on its way out is waited
 * for: its exit code must not run half changed, and no notifier would tell of its end. */
static int change_text(void)
{
	int err = -EBUSY;

	for (int tries = 0; tries < 100 && err == -EBUSY; tries++) {
		mutex_lock(hal_sym.module_mutex);
		if (!module_going()) {
			err = prepare();
			if (!err)
				err = own_apply();
			if (!err)
				err = stop_and(1);
		}
		mutex_unlock(hal_sym.module_mutex);
		if (err == -EBUSY)
			msleep(20);
	}
	if (err == -EBUSY)
		pr_err("keel: a module is being unloaded and does not finish; nothing was changed\n");
	return err;
}

static int attach_locked(void)
{
	int err = machine_check();

	if (!err)
		err = hal_clock_init();
	if (!err)
		err = hal_timer_check();
	if (!err)
		err = change_text();
	if (err)
		unprepare();
	else
		hal_idle_limit(1);
	return err;
}

int hal_attach(void)
{
	int err = 0;

	mutex_lock(&attach_lock);
	if (!attached)
		err = attach_locked();
	mutex_unlock(&attach_lock);
	return err;
}

int hal_detach(void)
{
	int err = 0;

	mutex_lock(&attach_lock);
	if (attached) {
		err = stop_and(0);
		if (!err) {
			unprepare();
			hal_idle_limit(0);
		}
	}
	mutex_unlock(&attach_lock);
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
	err = register_module_notifier(&module_notifier);
	if (err)
		goto free;
	err = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "keel:online", hotplug_online,
					hotplug_offline);
	if (err < 0)
		goto unregister;
	hotplug_state = err;
	return 0;
unregister:
	unregister_module_notifier(&module_notifier);
free:
	hal_clock_unshare();
	cpus_free();
	return err;
}

void hal_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
	unregister_module_notifier(&module_notifier);
	hal_linux_exit();
	hal_clock_unshare();
	cpus_free();
}

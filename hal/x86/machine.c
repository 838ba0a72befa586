// SPDX-License-Identifier: GPL-2.0
/*
 * Machines and kernels that Keel refuses, each with one line in the log.
 */
#include <linux/kernel.h>
#include <linux/cc_platform.h>
#include <linux/cpumask.h>
#include <linux/jump_label.h>
#include <asm/cpufeature.h>
#include <asm/hypervisor.h>
#include "hal_port.h"
#include "machine.h"
#include "symbols.h"

static int machine_refuse(const char *what)
{
	pr_err("keel: %s; nothing was changed\n", what);
	return -EOPNOTSUPP;
}

/*
 * KVM tells its guest by a page fault of the current task that the host fetches a page. One
 * that hits a hard thread would be taken for the thread's own, its token never be picked up, and
 * the next fault of Linux's be taken for it.
 */
static bool async_faults(void)
{
	struct static_key *on = (void *)hal_symbol_lookup("kvm_async_pf_enabled");

	return on && static_key_count(on) > 0;
}

int machine_check(int no_paravirt)
{
	if (!IS_ENABLED(CONFIG_PARAVIRT_XXL) || no_paravirt)
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
	if (async_faults())
		return machine_refuse("KVM sends this guest its own page faults, which cannot be told from those of hard threads: boot with no-kvmapf");
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return machine_refuse("this is a PREEMPT_RT kernel, where tasks sleep in places that Keel changes: use the plain Debian kernel");
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * keel.ko: init and exit, attach and detach.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include "ctl.h"
#include "debugfs.h"
#include "flight.h"
#include "hal/x86/attach.h"
#include "hal/x86/settle.h"
#include "latency.h"
#include "names.h"
#include "nucleus/class.h"
#include "nucleus/init.h"
#include "nucleus/share.h"
#include "nucleus/timer.h"
#include "nucleus/watchdog.h"
#include "shadow.h"
#include "version.h"

static DEFINE_MUTEX(control_lock);

static unsigned int watchdog_ms = 4000;
module_param(watchdog_ms, uint, 0444);
MODULE_PARM_DESC(watchdog_ms, "longest time Linux is kept off a CPU before the thread is sent to it (0: no limit)");

module_param_named(settle_ms, settle_limit_ms, uint, 0644);
MODULE_PARM_DESC(settle_ms, "longest time Keel waits, before it attaches, for tasks that may have been preempted where it changes text");

static int linux_share_set(const char *text, const struct kernel_param *kp)
{
	unsigned int percent;
	int err = kstrtouint(text, 0, &percent);

	if (!err && percent > NK_SHARE_MAX)
		err = -EINVAL;
	if (err)
		return err;
	mutex_lock(&control_lock);
	if (hal_attached())
		nk_share_set(percent);
	else
		nk_share_percent = percent;
	mutex_unlock(&control_lock);
	return 0;
}

static const struct kernel_param_ops linux_share_ops = {
	.set = linux_share_set,
	.get = param_get_int,
};
module_param_cb(linux_share, &linux_share_ops, &nk_share_percent, 0644);
MODULE_PARM_DESC(linux_share, "percent of each CPU that Linux gets if it wants, 0 to 50; 0: none, and watchdog_ms counts");

static int gravity_set(const char *text, const struct kernel_param *kp)
{
	unsigned int ns;
	int err = kstrtouint(text, 0, &ns);

	if (!err && ns > NK_GRAVITY_MAX)
		err = -EINVAL;
	if (!err)
		WRITE_ONCE(*(int *)kp->arg, ns);
	return err;
}

static const struct kernel_param_ops gravity_ops = {
	.set = gravity_set,
	.get = param_get_int,
};
module_param_cb(gravity_irq, &gravity_ops, &nk_gravity[NK_GRAVITY_IRQ], 0644);
MODULE_PARM_DESC(gravity_irq, "ns by which timers with a handler anticipate their time, 0 to 100000");
module_param_cb(gravity_kernel, &gravity_ops, &nk_gravity[NK_GRAVITY_KERNEL], 0644);
MODULE_PARM_DESC(gravity_kernel, "the same for waits of Keel's kernel threads");
module_param_cb(gravity_user, &gravity_ops, &nk_gravity[NK_GRAVITY_USER], 0644);
MODULE_PARM_DESC(gravity_user, "the same for waits of user threads");
static int edf_percent_set(const char *text, const struct kernel_param *kp)
{
	unsigned int percent;
	int err = kstrtouint(text, 0, &percent);

	if (!err && (!percent || percent > 100))
		err = -EINVAL;
	if (!err)
		WRITE_ONCE(nk_edf_percent, percent);
	return err;
}

static const struct kernel_param_ops edf_percent_ops = {
	.set = edf_percent_set,
	.get = param_get_int,
};
module_param_cb(edf_percent, &edf_percent_ops, &nk_edf_percent, 0644);
MODULE_PARM_DESC(edf_percent, "percent of each CPU that EDF threads may be promised, 1 to 100; who is admitted stays");

static char *fault_symbol;
module_param(fault_symbol, charp, 0444);
MODULE_PARM_DESC(fault_symbol, "for tests: treat this kernel symbol as missing");

static int fault_slot = -1;
module_param(fault_slot, int, 0444);
MODULE_PARM_DESC(fault_slot, "for tests: expect other bytes in this slot");

static bool fault_no_paravirt;
module_param(fault_no_paravirt, bool, 0444);
MODULE_PARM_DESC(fault_no_paravirt, "for tests: act as on a kernel without CONFIG_PARAVIRT_XXL");

static bool fault_no_flush;
module_param(fault_no_flush, bool, 0444);
MODULE_PARM_DESC(fault_no_flush, "for tests: let hard threads keep stale translations");

static struct hal_faults faults;

static void open_up(void)
{
	shadow_resume();
	latency_allow();
}

/* Not while the system goes to sleep or down: that has begun without Keel, and ends so. */
int keel_start(void)
{
	unsigned int sleep = lock_system_sleep();
	int err;

	mutex_lock(&control_lock);
	err = hal_attach();
	if (!err) {
		hal_trace(HAL_TRACE_ATTACH, NULL, NULL, 0, 0);
		open_up();
	}
	mutex_unlock(&control_lock);
	unlock_system_sleep(sleep);
	return err;
}

int keel_stop(void)
{
	int err;

	mutex_lock(&control_lock);
	shadow_suspend();
	latency_stop_all();
	err = hal_detach();
	if (err)
		open_up();
	else
		hal_trace(HAL_TRACE_DETACH, NULL, NULL, 0, 0);
	mutex_unlock(&control_lock);
	return err;
}

/* The way down is Linux's alone. */
static int on_reboot(struct notifier_block *nb, unsigned long event, void *unused)
{
	keel_stop();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_notifier = { .notifier_call = on_reboot };

/* Sleep takes timers, clock and other CPUs away from beneath hard threads. */
static int on_power(struct notifier_block *nb, unsigned long event, void *unused)
{
	bool sleep = event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE ||
		     event == PM_RESTORE_PREPARE;

	if (!sleep || !hal_attached())
		return NOTIFY_DONE;
	pr_err("keel: the system cannot sleep while Keel is attached: 'keel stop' first, 'keel start' afterwards\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block power_notifier = { .notifier_call = on_power };

static void nucleus_start(void)
{
	int cpu;

	nk_watchdog_limit = (nk_time_t)watchdog_ms * 1000000;
	nk_init();
	for_each_possible_cpu(cpu)
		nk_cpu_init(cpu);
}

/* While somebody has changed text that Keel changed it cannot be put back, nor can this text go. */
static void stop_for_good(void)
{
	while (keel_stop() == -EBUSY)
		msleep(1000);
}

static int __init keel_init(void)
{
	int err;

	faults = (struct hal_faults){
		.hide_symbol = fault_symbol,
		.spoil_slot = fault_slot,
		.no_paravirt = fault_no_paravirt,
		.no_flush = fault_no_flush,
	};
	if (nr_cpu_ids > HAL_MAX_CPUS) {
		pr_err("keel: %u CPUs, this build serves %d: boot with nr_cpus=%d\n", nr_cpu_ids,
		       HAL_MAX_CPUS, HAL_MAX_CPUS);
		return -EOPNOTSUPP;
	}
	nucleus_start();
	err = flight_init();
	if (err)
		return err;
	err = hal_init(&faults);
	if (err)
		goto flight;
	err = shadow_init();
	if (err)
		goto hal;
	register_pm_notifier(&power_notifier);
	err = keel_start();
	if (err)
		goto power;
	err = ctl_init();
	if (err)
		goto stop;
	debugfs_init();
	register_reboot_notifier(&reboot_notifier);
	pr_info("keel: " KEEL_VERSION " loaded\n");
	return 0;
stop:
	stop_for_good();
power:
	unregister_pm_notifier(&power_notifier);
	shadow_exit();
hal:
	hal_exit();
flight:
	flight_exit();
	return err;
}

static void __exit keel_exit(void)
{
	unregister_pm_notifier(&power_notifier);
	unregister_reboot_notifier(&reboot_notifier);
	debugfs_exit();
	ctl_exit();
	names_exit();
	stop_for_good();
	shadow_exit();
	hal_exit();
	nk_exit();
	flight_exit();
	pr_info("keel: unloaded\n");
}

module_init(keel_init);
module_exit(keel_exit);
MODULE_LICENSE("GPL");
MODULE_VERSION(KEEL_VERSION);
MODULE_DESCRIPTION("Keel, a hard real-time nanokernel beneath Linux");

// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts that can be counted: QEMU's "edu" devices raise one for each bit that is written to
 * them. Even ones use their level-triggered line, odd ones messages (MSI).
 *
 * A thread for each device raises bits, some with interrupts off, and waits until the handler has
 * met them: one that does not come within ten seconds is lost. A handler that ran more often than
 * messages were sent was doubled. The first two devices raise one bit at a time, so all counts are
 * equal; the others bursts, of which the handler may meet several bits at once. With opens=1 the handlers of the lines enable interrupts, as old drivers do.
 *
 * run=0 lets them come to rest.
 *
 * debugfs edu/counts: device, interrupt, lost, doubled, bits raised, bits handled, runs, stalled
 * raises; edu/raise: writing a vector raises it on this CPU, "int255" executes that instruction.
 */
#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <asm/apic.h>

#define EDU_STATUS	0x24
#define EDU_RAISE	0x60
#define EDU_ACK		0x64
#define EDU_MAX		8

struct edu {
	void __iomem *regs;
	struct task_struct *task;
	int irq;
	bool msi, bursts;
	unsigned int lost, doubled, stalled;
	unsigned int raised;		/* bits */
	unsigned int handled, runs;	/* by the handler only */
};

static bool opens;
module_param(opens, bool, 0444);

static bool run = true;
module_param(run, bool, 0644);

static struct edu edus[EDU_MAX];
static int edu_count;
static struct dentry *edu_dir;

static irqreturn_t edu_handler(int irq, void *data)
{
	struct edu *e = data;
	u32 status;

	if (opens && !e->msi) {
		local_irq_enable();
		udelay(20);
		local_irq_disable();
	}
	status = ioread32(e->regs + EDU_STATUS);
	if (!status && !e->msi)
		return IRQ_NONE;	/* the line is another's too */
	if (++e->runs > READ_ONCE(e->raised))
		e->doubled++;
	iowrite32(status, e->regs + EDU_ACK);
	WRITE_ONCE(e->handled, e->handled + hweight32(status));
	return IRQ_HANDLED;
}

/* One bit, or a few; sometimes where Linux wants no interrupt. */
static void edu_raise(struct edu *e)
{
	unsigned int burst = e->bursts ? 1 + get_random_u32() % 4 : 1;
	bool stall = get_random_u32() & 1;
	unsigned long flags = 0;

	WRITE_ONCE(e->raised, e->raised + burst);
	if (stall)
		local_irq_save(flags);
	for (unsigned int i = 0; i < burst; i++)
		iowrite32(1u << i, e->regs + EDU_RAISE);
	if (!stall)
		return;
	e->stalled++;
	udelay(get_random_u32() % 32);
	local_irq_restore(flags);
}

static int edu_thread(void *data)
{
	struct edu *e = data;
	unsigned long until;

	while (!kthread_should_stop()) {
		if (!run || e->lost) {
			msleep(20);
			continue;
		}
		edu_raise(e);
		until = jiffies + 10 * HZ;
		while (READ_ONCE(e->handled) != e->raised) {
			if (time_after(jiffies, until)) {
				e->lost = e->raised - READ_ONCE(e->handled);
				break;
			}
			cond_resched_tasks_rcu_qs();
		}
		cond_resched_tasks_rcu_qs();
	}
	return 0;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *e = &edus[edu_count];
	int err;

	if (edu_count == EDU_MAX)
		return -ENOSPC;
	err = pcim_enable_device(pdev);
	if (!err)
		err = pcim_iomap_regions(pdev, 1, "edu");
	if (err)
		return err;
	e->regs = pcim_iomap_table(pdev)[0];
	e->msi = edu_count & 1;
	e->bursts = edu_count & 2;
	pci_set_master(pdev);
	if (e->msi)
		err = pci_enable_msi(pdev);
	if (err)
		return err;
	e->irq = pdev->irq;
	pci_set_drvdata(pdev, e);
	err = request_irq(e->irq, edu_handler, e->msi ? 0 : IRQF_SHARED,
			  e->msi ? "edu-msi" : "edu-line", e);
	if (err)
		goto no_irq;
	e->task = kthread_run(edu_thread, e, "edu/%d", edu_count);
	if (!IS_ERR(e->task)) {
		edu_count++;
		return 0;
	}
	err = PTR_ERR(e->task);
	free_irq(e->irq, e);
no_irq:
	pci_disable_msi(pdev);
	return err;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *e = pci_get_drvdata(pdev);

	kthread_stop(e->task);
	free_irq(e->irq, e);
	pci_disable_msi(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};

static int counts_show(struct seq_file *m, void *unused)
{
	for (int i = 0; i < edu_count; i++) {
		struct edu *e = &edus[i];

		seq_printf(m, "%s %d %u %u %u %u %u %u\n", e->msi ? "msi" : "line",
			   e->irq, e->lost, e->doubled, e->raised,
			   e->handled, e->runs, e->stalled);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static ssize_t raise_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	u8 vector;
	int err;

	if (len == 7 && *pos == 0) {
		asm volatile("int $0xff");
		return len;
	}
	err = kstrtou8_from_user(from, len, 0, &vector);
	if (err)
		return err;
	preempt_disable();
	*(volatile u32 *)(APIC_BASE + APIC_ICR) = APIC_DEST_SELF | APIC_DM_FIXED | vector;
	preempt_enable();
	return len;
}

static const struct file_operations raise_fops = {
	.owner = THIS_MODULE,
	.write = raise_write,
};

static int __init edu_init(void)
{
	int err = pci_register_driver(&edu_driver);

	if (err)
		return err;
	edu_dir = debugfs_create_dir("edu", NULL);
	debugfs_create_file("counts", 0400, edu_dir, NULL, &counts_fops);
	debugfs_create_file("raise", 0200, edu_dir, NULL, &raise_fops);
	return 0;
}

static void __exit edu_exit(void)
{
	debugfs_remove_recursive(edu_dir);
	pci_unregister_driver(&edu_driver);
}

module_init(edu_init);
module_exit(edu_exit);

MODULE_DESCRIPTION("Test: interrupts raised and handled, counted");
MODULE_LICENSE("GPL");

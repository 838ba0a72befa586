// SPDX-License-Identifier: GPL-2.0
/*
 * Keel's state for people and tests. Nothing depends on it being there.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include "ctl.h"
#include "debugfs.h"
#include "hal/x86/attach.h"
#include "nucleus/sched.h"
#include "shadow.h"

static struct dentry *dir;

static int slots_show(struct seq_file *m, void *unused)
{
	hal_show_slots(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(slots);

static int sites_show(struct seq_file *m, void *unused)
{
	hal_show_sites(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sites);

/* Made in one go: the default buffer would grow, and all text be decoded again each time. */
#define PLACES_SIZE	(1 << 20)

static int places_show(struct seq_file *m, void *unused)
{
	hal_show_places(m);
	return 0;
}

static int places_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, places_show, NULL, PLACES_SIZE);
}

static const struct file_operations places_fops = {
	.owner = THIS_MODULE,
	.open = places_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int cpus_show(struct seq_file *m, void *unused)
{
	hal_show_cpus(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cpus);

static int threads_show(struct seq_file *m, void *unused)
{
	shadow_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(threads);

static int objects_show(struct seq_file *m, void *unused)
{
	ctl_show_objects(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

static int share_show(struct seq_file *m, void *unused)
{
	int cpu;

	seq_puts(m, "cpu slices\n");
	for_each_online_cpu(cpu)
		seq_printf(m, "%d %lu\n", cpu, READ_ONCE(nk_rqs[cpu].share.slices));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(share);

void debugfs_init(void)
{
	dir = debugfs_create_dir("keel", NULL);
	debugfs_create_file("slots", 0444, dir, NULL, &slots_fops);
	debugfs_create_file("sites", 0444, dir, NULL, &sites_fops);
	debugfs_create_file("places", 0400, dir, NULL, &places_fops);
	debugfs_create_file("cpus", 0444, dir, NULL, &cpus_fops);
	debugfs_create_file("share", 0444, dir, NULL, &share_fops);
	debugfs_create_file("threads", 0444, dir, NULL, &threads_fops);
	debugfs_create_file("objects", 0444, dir, NULL, &objects_fops);
}

void debugfs_exit(void)
{
	debugfs_remove_recursive(dir);
}

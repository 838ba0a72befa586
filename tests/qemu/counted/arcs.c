// SPDX-License-Identifier: GPL-2.0
/*
 * The compiler's counters in the form that gcov reads, a file of debugfs for each source. Layout and
 * form are those of GCC 12, which the kernels are built with.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include "counted.h"

#if __GNUC__ != 12
#error "the counters of this compiler are laid out otherwise"
#endif

#define KINDS		8		/* of counters; arcs come first, and are all there is */
#define MAGIC		0x67636461	/* "gcda" */
#define TAG_FUNCTION	0x01000000
#define TAG_ARCS	0x01a10000

struct arcs_counts {
	u32 count;
	const u64 *values;
};

struct arcs_function {
	const struct arcs_file *file;
	u32 ident, lines_sum, graph_sum;
	struct arcs_counts arcs;
};

struct arcs_file {
	u32 version;
	struct arcs_file *next;
	u32 stamp, sum;
	const char *name;
	void (*merge[KINDS])(u64 *values, unsigned int n);
	u32 count;
	struct arcs_function *const *functions;
};

static atomic_t fail_alloc = ATOMIC_INIT(0);

bool alloc_fails(void)
{
	return atomic_dec_if_positive(&fail_alloc) == 0;
}

module_param_named(fail_alloc, fail_alloc.counter, int, 0644);
MODULE_PARM_DESC(fail_alloc, "for tests: so many allocations from now on one fails; 0: none");

int planted;
module_param(planted, int, 0444);
MODULE_PARM_DESC(planted, "for tests: this bug is awake");

const struct arcs_file *const arcs_last[0] __section(".gcov_info");

static struct dentry *arcs_dir;

/* Named by what the compiler writes; nothing here merges. */
void __gcov_merge_add(u64 *values, unsigned int n);
void __gcov_merge_add(u64 *values, unsigned int n)
{
}

static void word(struct seq_file *m, u32 value)
{
	seq_write(m, &value, sizeof(value));
}

static void function_show(struct seq_file *m, const struct arcs_function *f)
{
	word(m, TAG_FUNCTION);
	word(m, 3 * sizeof(u32));
	word(m, f->ident);
	word(m, f->lines_sum);
	word(m, f->graph_sum);
	word(m, TAG_ARCS);
	word(m, f->arcs.count * sizeof(u64));
	seq_write(m, f->arcs.values, f->arcs.count * sizeof(u64));
}

static int arcs_file_show(struct seq_file *m, void *unused)
{
	const struct arcs_file *a = m->private;

	word(m, MAGIC);
	word(m, a->version);
	word(m, a->stamp);
	word(m, a->sum);
	for (u32 i = 0; i < a->count; i++)
		if (a->functions[i] && a->functions[i]->file == a)
			function_show(m, a->functions[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(arcs_file);

void arcs_show(void)
{
	arcs_dir = debugfs_create_dir("keel-arcs", NULL);
	for (const struct arcs_file *const *a = arcs_first; a < arcs_last; a++)
		debugfs_create_file(kbasename((*a)->name), 0400, arcs_dir, (void *)*a,
				    &arcs_file_fops);
}

void arcs_hide(void)
{
	debugfs_remove_recursive(arcs_dir);
}

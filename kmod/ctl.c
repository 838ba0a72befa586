// SPDX-License-Identifier: GPL-2.0
/*
 * The control device. Each request is a row in one table; a handler checks everything first
 * and then acts.
 */
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "change.h"
#include "ctl.h"
#include "hal/x86/attach.h"
#include "hal/x86/compat.h"
#include "hal/x86/linux_side.h"
#include "hal/x86/timer.h"
#include "latency.h"
#include "limit.h"
#include "list.h"
#include "named_file.h"
#include "names.h"
#include "nucleus/trace.h"
#include "objects.h"
#include "outer.h"
#include "process.h"
#include "sched.h"
#include "shadow.h"
#include "skins/native/objects.h"
#include "version.h"

static atomic_t files = ATOMIC_INIT(0);

union request {
	struct keel_info info;
	struct keel_attach attach;
	struct keel_thread_set set;
	struct keel_mutex_req mutex;
	struct keel_object object;
	struct keel_name name;
	struct keel_latency_start latency_start;
	struct keel_latency_read latency_read;
	struct keel_control control;
	struct keel_list list;
	struct keel_sched sched;
	struct keel_group group;
	struct keel_frame frame;
	struct keel_mark mark;
	struct keel_file file;
	struct keel_thread_change change;
};

/* One clear line for whoever reads the log; at most a few a second. */
#define refuse(err, fmt, ...)							\
	({									\
		pr_notice_ratelimited("keel: %s[%d]: " fmt "\n", current->comm,	\
				      task_pid_nr(current), ##__VA_ARGS__);	\
		(err);								\
	})

static long do_info(struct keel_process *p, union request *r)
{
	struct keel_info *i = &r->info;

	memset(i, 0, sizeof(*i));
	i->abi_base = KEEL_ABI_BASE;
	i->abi_level = KEEL_ABI_LEVEL;
	i->windows_size = KEEL_WINDOWS_SIZE;
	i->attached = hal_attached();
	i->cpus = num_online_cpus();
	i->refusal = hal_kvm_present() ? KEEL_REFUSE_KVM : KEEL_REFUSE_NONE;
	strscpy(i->release, KEEL_VERSION, sizeof(i->release));
	return 0;
}

static int prio_check(int prio)
{
	if (prio >= KEEL_PRIO_MIN && prio <= KEEL_PRIO_MAX)
		return 0;
	return refuse(-EINVAL, "priority %d is not within %d..%d", prio, KEEL_PRIO_MIN,
		      KEEL_PRIO_MAX);
}

static int cpu_check(int cpu)
{
	if (cpu == -1 || (cpu >= 0 && cpu < nr_cpu_ids && cpu_online(cpu)))
		return 0;
	return refuse(-EINVAL, "CPU %d is not online", cpu);
}

static long do_attach(struct keel_process *p, union request *r)
{
	struct keel_attach *a = &r->attach;
	int i, limit;

	if (a->abi_level < KEEL_ABI_BASE || a->abi_level > KEEL_ABI_LEVEL)
		return refuse(-EPROTONOSUPPORT,
			      "library level %u, module serves %d..%d: install matching versions",
			      a->abi_level, KEEL_ABI_BASE, KEEL_ABI_LEVEL);
	if (prio_check(a->prio) || cpu_check(a->cpu))
		return -EINVAL;
	limit = limit_of_current(p);
	if (a->prio > limit)
		return refuse(-EPERM, "a real-time thread needs CAP_SYS_NICE, or a limit of priorities (ulimit -r) of %d",
			      a->prio);
	a->name[KEEL_NAME_LEN - 1] = 0;
	i = shadow_attach(p, a, limit);
	if (i < 0)
		return i;
	a->index = i;
	return 0;
}

static long do_detach(struct keel_process *p, union request *r)
{
	return shadow_detach(p);
}

static long do_set(struct keel_process *p, union request *r)
{
	if ((r->set.prio && prio_check(r->set.prio)) || cpu_check(r->set.cpu))
		return -EINVAL;
	return shadow_set(p, &r->set);
}

/* Ids of a set are copied first, so that one that fails changes nothing. */
static long do_object_create(struct keel_process *p, union request *r)
{
	struct keel_object *o = &r->object;
	u32 ids[KEEL_SET_MAX];

	if (o->type == KEEL_SET && o->args[0] <= KEEL_SET_MAX &&
	    copy_from_user(ids, u64_to_user_ptr(o->data), o->args[0] * sizeof(*ids)))
		return refuse(-EFAULT, "a set of objects: bad pointer");
	return objects_create(p, o, ids);
}

static long do_object_delete(struct keel_process *p, union request *r)
{
	struct keel_object *o = &r->object;

	if (o->args[0] || o->args[1] || o->data || o->pad)
		return -EINVAL;
	return objects_delete(p, o->type, o->id);
}

static long do_mutex_create(struct keel_process *p, union request *r)
{
	struct keel_object o = { .type = KEEL_MUTEX };
	long err = objects_create(p, &o, NULL);

	if (err)
		return err;
	r->mutex.id = o.id;
	r->mutex.pad = 0;
	return 0;
}

static long do_mutex_delete(struct keel_process *p, union request *r)
{
	return r->mutex.pad ? -EINVAL : objects_delete(p, KEEL_MUTEX, r->mutex.id);
}

static long do_drain(struct keel_process *p, union request *r)
{
	struct keel_object *o = &r->object;

	if (o->pad || o->args[0] || o->args[1] || o->data)
		return -EINVAL;
	return outer_drain(p, o->type, o->id, &o->data);
}

static long do_name_create(struct keel_process *p, union request *r)
{
	return names_create(p, &r->name);
}

static long do_name_bind(struct keel_process *p, union request *r)
{
	return names_bind(p, &r->name);
}

static long do_name_delete(struct keel_process *p, union request *r)
{
	return names_delete(&r->name);
}

static long do_file_create(struct keel_process *p, union request *r)
{
	return named_file_create(p, &r->file);
}

static long do_file_bind(struct keel_process *p, union request *r)
{
	return named_file_bind(p, &r->file);
}

static long do_latency_start(struct keel_process *p, union request *r)
{
	struct latency *l;
	long err = -EBUSY;

	if (!capable(CAP_SYS_NICE))
		return refuse(-EPERM, "a latency measurement needs CAP_SYS_NICE");
	mutex_lock(&p->lock);
	if (!p->latency) {
		l = latency_start(&r->latency_start);
		err = PTR_ERR_OR_ZERO(l);
		if (!err)
			p->latency = l;
	}
	mutex_unlock(&p->lock);
	if (err == -EINVAL)
		refuse(err, "latency: kind %u, period %lld ns, priority %d or CPU %d is out of range",
		       r->latency_start.kind, r->latency_start.period_ns, r->latency_start.prio,
		       r->latency_start.cpu);
	return err;
}

static long do_latency_read(struct keel_process *p, union request *r)
{
	struct keel_latency_read *out = &r->latency_read;
	long err = -ENOENT;

	mutex_lock(&p->lock);
	if (p->latency) {
		const u32 *cells = latency_read(p->latency, out);

		err = 0;
		if (out->cells && copy_to_user(u64_to_user_ptr(out->cells), cells,
					       KEEL_LATENCY_CELLS * sizeof(*cells)))
			err = -EFAULT;
	}
	mutex_unlock(&p->lock);
	return err;
}

static long do_latency_stop(struct keel_process *p, union request *r)
{
	long err = -ENOENT;

	mutex_lock(&p->lock);
	if (p->latency) {
		latency_stop(p->latency);
		p->latency = NULL;
		err = 0;
	}
	mutex_unlock(&p->lock);
	return err;
}

static long do_control(struct keel_process *p, union request *r)
{
	if (r->control.pad || r->control.command > KEEL_CONTROL_START)
		return refuse(-EINVAL, "control command %u is not known", r->control.command);
	if (!capable(CAP_SYS_ADMIN))
		return refuse(-EPERM, "starting and stopping Keel needs CAP_SYS_ADMIN");
	return r->control.command == KEEL_CONTROL_START ? keel_start() : keel_stop();
}

static long do_sched_set(struct keel_process *p, union request *r)
{
	long err = sched_class_set(p, &r->sched);

	if (err == -EINVAL)
		refuse(err, "scheduling class %u: a parameter is out of range", r->sched.sched_class);
	return err;
}

static long do_sched_get(struct keel_process *p, union request *r)
{
	return sched_class_get(p, &r->sched);
}

static long do_group_set(struct keel_process *p, union request *r)
{
	if (!capable(CAP_SYS_NICE))
		return refuse(-EPERM, "a quota group needs CAP_SYS_NICE");
	return sched_group_set(&r->group);
}

static long do_group_add(struct keel_process *p, union request *r)
{
	if (!capable(CAP_SYS_NICE))
		return refuse(-EPERM, "a quota group needs CAP_SYS_NICE");
	return sched_group_add(&r->group);
}

static long do_group_get(struct keel_process *p, union request *r)
{
	return sched_group_get(&r->group);
}

static long do_frame_get(struct keel_process *p, union request *r)
{
	return sched_frame_get(&r->frame);
}

static long do_frame_set(struct keel_process *p, union request *r)
{
	if (!capable(CAP_SYS_NICE))
		return refuse(-EPERM, "time partitions need CAP_SYS_NICE");
	return sched_frame_set(&r->frame);
}

static long do_list(struct keel_process *p, union request *r)
{
	struct keel_list *l = &r->list;
	struct list_records records = { .kind = l->kind, .size = l->size, .room = l->room };
	long err = list_check(&records);

	if (err || l->pad)
		return refuse(-EINVAL, "list %u, records of %u bytes, room for %u: out of range",
			      l->kind, l->size, l->room);
	records.at = kvcalloc(l->room, l->size, GFP_KERNEL);
	if (!records.at)
		return -ENOMEM;
	list_fill(&records);
	l->count = records.count;
	if (copy_to_user(u64_to_user_ptr(l->data), records.at,
			 (size_t)min(l->count, l->room) * l->size))
		err = refuse(-EFAULT, "list: bad pointer");
	kvfree(records.at);
	return err;
}

static long do_mark(struct keel_process *p, union request *r)
{
	struct shadow *s = shadow_of(p);

	if (r->mark.pad)
		return -EINVAL;
	if (!s)
		return -EPERM;
	nk_trace_mark(&s->thread, r->mark.number, r->mark.value);
	return 0;
}

static long do_change(struct keel_process *p, union request *r)
{
	const struct keel_thread_change *c = &r->change;
	bool prio = c->what == KEEL_CHANGE_PRIO, cpu = c->what == KEEL_CHANGE_CPU;
	bool class = c->what == KEEL_CHANGE_CLASS;
	struct keel_sched rest = c->sched;

	if (c->what < KEEL_CHANGE_PRIO || c->what > KEEL_CHANGE_UNBLOCK || c->pad || (!cpu && c->cpu))
		return refuse(-EINVAL, "change %u of thread %d is not known", c->what, c->tid);
	if ((prio && prio_check(c->sched.prio)) || (cpu && (c->cpu < 0 || cpu_check(c->cpu))))
		return -EINVAL;
	rest.prio = prio ? 0 : rest.prio;
	if (!class && memchr_inv(&rest, 0, sizeof(rest)))
		return refuse(-EINVAL, "change %u of thread %d takes no class", c->what, c->tid);
	return change_thread(c);
}

static const struct request_row {
	unsigned int cmd;
	long (*handle)(struct keel_process *p, union request *r);
} requests[] = {
	{ KEEL_IOC_INFO, do_info },
	{ KEEL_IOC_ATTACH, do_attach },
	{ KEEL_IOC_DETACH, do_detach },
	{ KEEL_IOC_THREAD_SET, do_set },
	{ KEEL_IOC_MUTEX_CREATE, do_mutex_create },
	{ KEEL_IOC_MUTEX_DELETE, do_mutex_delete },
	{ KEEL_IOC_LATENCY_START, do_latency_start },
	{ KEEL_IOC_LATENCY_READ, do_latency_read },
	{ KEEL_IOC_LATENCY_STOP, do_latency_stop },
	{ KEEL_IOC_CONTROL, do_control },
	{ KEEL_IOC_OBJECT_CREATE, do_object_create },
	{ KEEL_IOC_OBJECT_DELETE, do_object_delete },
	{ KEEL_IOC_LIST, do_list },
	{ KEEL_IOC_NAME_CREATE, do_name_create },
	{ KEEL_IOC_NAME_BIND, do_name_bind },
	{ KEEL_IOC_NAME_DELETE, do_name_delete },
	{ KEEL_IOC_SCHED_SET, do_sched_set },
	{ KEEL_IOC_SCHED_GET, do_sched_get },
	{ KEEL_IOC_GROUP_SET, do_group_set },
	{ KEEL_IOC_FRAME_SET, do_frame_set },
	{ KEEL_IOC_TRACE_MARK, do_mark },
	{ KEEL_IOC_FILE_CREATE, do_file_create },
	{ KEEL_IOC_FILE_BIND, do_file_bind },
	{ KEEL_IOC_THREAD_CHANGE, do_change },
	{ KEEL_IOC_PROXY_DRAIN, do_drain },
	{ KEEL_IOC_GROUP_ADD, do_group_add },
	{ KEEL_IOC_GROUP_GET, do_group_get },
	{ KEEL_IOC_FRAME_GET, do_frame_get },
};

static long keel_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct request_row *row = NULL;
	void __user *user = (void __user *)arg;
	union request r;
	long ret;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].cmd == cmd)
			row = &requests[i];
	if (!row)
		return refuse(-ENOTTY, "request 0x%x is not known, or of another size", cmd);
	memset(&r, 0, sizeof(r));
	if ((_IOC_DIR(cmd) & _IOC_WRITE) && copy_from_user(&r, user, _IOC_SIZE(cmd)))
		return refuse(-EFAULT, "request 0x%x: bad pointer", cmd);
	/* Tried before the request is carried out, so that one that fails changes nothing. */
	if ((_IOC_DIR(cmd) & _IOC_READ) && copy_to_user(user, &r, _IOC_SIZE(cmd)))
		return refuse(-EFAULT, "request 0x%x: bad pointer", cmd);
	ret = row->handle(file->private_data, &r);
	if (!ret && (_IOC_DIR(cmd) & _IOC_READ) && copy_to_user(user, &r, _IOC_SIZE(cmd)))
		ret = refuse(-EFAULT, "request 0x%x: bad pointer", cmd);
	return ret;
}

static loff_t keel_llseek(struct file *file, loff_t offset, int whence)
{
	if (offset != KEEL_PARK_HARDEN || whence != SEEK_SET)
		return refuse(-EINVAL, "seek to %lld is not known", offset);
	return shadow_park(file->private_data);
}

/* A 32-bit program's request: nothing here serves those, and its threads could not be hard. */
static long keel_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return refuse(-EOPNOTSUPP, "32-bit programs are not served");
}

/* What can be mapped: all of it, and only the heap to be written. */
static int keel_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct keel_process *p = file->private_data;
	const struct {
		unsigned long offset, size;
		void *what;
	} maps[] = {
		{ 0, KEEL_WINDOWS_SIZE, p->windows },
		{ KEEL_CLOCK_OFFSET, PAGE_SIZE, hal_clock_page() },
		{ KEEL_HEAP_OFFSET, KEEL_HEAP_SIZE, p->space->heap },
	};
	unsigned long size = vma->vm_end - vma->vm_start;
	unsigned long offset = vma->vm_pgoff << PAGE_SHIFT;

	if (offset >= KEEL_AREA_OFFSET)
		return objects_map(p, vma, offset - KEEL_AREA_OFFSET);
	for (int i = 0; i < ARRAY_SIZE(maps); i++) {
		bool heap = maps[i].offset == KEEL_HEAP_OFFSET;

		if (offset != maps[i].offset || size != maps[i].size)
			continue;
		if ((vma->vm_flags & VM_WRITE) && !(heap && (vma->vm_flags & VM_SHARED)))
			return refuse(-EACCES, "windows and clock are read-only, the heap is shared");
		window_vma_flags(vma, heap);
		return remap_vmalloc_range(vma, maps[i].what, 0);
	}
	return refuse(-EINVAL, "mmap of %lu bytes at %lu: not windows, clock or heap", size, offset);
}

static int keel_open(struct inode *inode, struct file *file)
{
	struct keel_process *p = process_alloc();

	if (!p)
		return -ENOMEM;
	atomic_inc(&files);
	file->private_data = p;
	return 0;
}

static int keel_release(struct inode *inode, struct file *file)
{
	struct keel_process *p = file->private_data;

	shadow_detach_all(p);
	if (p->latency)
		latency_stop(p->latency);
	objects_end(p);
	process_free(p);
	atomic_dec(&files);
	return 0;
}

static const struct file_operations keel_fops = {
	.owner = THIS_MODULE,
	.open = keel_open,
	.release = keel_release,
	.unlocked_ioctl = keel_ioctl,
	.compat_ioctl = keel_compat_ioctl,
	.llseek = keel_llseek,
	.mmap = keel_mmap,
};

struct keel_process *ctl_process(const struct file *file)
{
	return file->f_op == &keel_fops ? file->private_data : NULL;
}

static struct miscdevice keel_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keel",
	.fops = &keel_fops,
	.mode = 0660,
};

void ctl_show_objects(struct seq_file *m)
{
	seq_printf(m, "files %d\nthreads %d\nobjects %d\nnames %d\nprocesses %d\n",
		   atomic_read(&files), shadow_objects(), objects_count(), names_count(),
		   hal_mm_objects());
}

int ctl_init(void)
{
	return misc_register(&keel_device);
}

void ctl_exit(void)
{
	misc_deregister(&keel_device);
}

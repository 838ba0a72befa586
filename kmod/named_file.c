// SPDX-License-Identifier: GPL-2.0
/*
 * Files that refer to shared objects: nothing is read or written by them, but they can be polled, inherited
 * and passed on. A file has a reference to its object, so the watches in it never outlive that.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <keel/abi.h>
#include "hal/x86/linux_side.h"
#include "named_file.h"
#include "names.h"
#include "nucleus/watch.h"
#include "objects.h"
#include "skins/native/objects.h"

struct named_file {
	struct native_memory *mem;
	struct nk_watch in, out;	/* wq is NULL: never ready */
	struct hal_work work;
	wait_queue_head_t pollers;
};

static void on_ready(struct hal_work *w)
{
	wake_up_interruptible_poll(&container_of(w, struct named_file, work)->pollers,
				   EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM);
}

static void tell_in(struct nk_watch *w)
{
	hal_work_post(&container_of(w, struct named_file, in)->work);
}

static void tell_out(struct nk_watch *w)
{
	hal_work_post(&container_of(w, struct named_file, out)->work);
}

static __poll_t named_file_poll(struct file *file, poll_table *wait)
{
	struct named_file *f = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &f->pollers, wait);
	if (f->in.wq && nk_watch_ask(&f->in))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (f->out.wq && nk_watch_ask(&f->out))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static void watch_end(struct nk_watch *w)
{
	if (w->wq)
		nk_watch_forget(w);
}

static int named_file_release(struct inode *inode, struct file *file)
{
	struct named_file *f = file->private_data;

	watch_end(&f->in);
	watch_end(&f->out);
	hal_work_sync(&f->work);
	names_put(f->mem);
	kfree(f);
	return 0;
}

static const struct file_operations named_file_fops = {
	.owner = THIS_MODULE,
	.poll = named_file_poll,
	.release = named_file_release,
	.llseek = noop_llseek,
};

static void watch_begin(struct nk_watch *w, const struct native_memory *mem, int write,
			void (*tell)(struct nk_watch *w))
{
	nk_watch_init(w, tell);
	if (native_memory_watch(mem, write, w))
		w->wq = NULL;
}

/* The reference to @mem is the file's, or given up. */
static int file_for(struct native_memory *mem, unsigned int flags)
{
	struct named_file *f = kzalloc(sizeof(*f), GFP_KERNEL);
	int fd = -ENOMEM;

	if (f) {
		f->mem = mem;
		watch_begin(&f->in, mem, 0, tell_in);
		watch_begin(&f->out, mem, 1, tell_out);
		hal_work_init(&f->work, on_ready);
		init_waitqueue_head(&f->pollers);
		fd = anon_inode_getfd("[keel]", &named_file_fops, f, flags | O_CLOEXEC);
	}
	if (fd < 0) {
		names_put(mem);
		kfree(f);
	}
	return fd;
}

long named_file_create(struct keel_process *p, struct keel_file *req)
{
	struct native_memory *mem;

	if (req->fd || req->type || req->args[0] || req->args[1] || req->data ||
	    (req->flags & ~(O_ACCMODE | O_NONBLOCK)) || (req->flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	mem = names_get(p, req->id);
	if (IS_ERR(mem))
		return PTR_ERR(mem);
	req->fd = file_for(mem, req->flags);
	return req->fd < 0 ? req->fd : 0;
}

static long bind_to(struct keel_process *p, struct keel_file *req, const struct file *file)
{
	const struct named_file *f = file->private_data;
	long id = names_bind_memory(p, f->mem);

	if (id < 0)
		return id;
	req->id = id;
	req->flags = file->f_flags & (O_ACCMODE | O_NONBLOCK);
	req->type = f->mem->type;
	memcpy(req->args, f->mem->args, sizeof(req->args));
	req->data = objects_area(f->mem, id);
	return 0;
}

long named_file_bind(struct keel_process *p, struct keel_file *req)
{
	struct file *file;
	long err = -EINVAL;

	if (req->id || req->flags || req->type || req->args[0] || req->args[1] || req->data)
		return -EINVAL;
	file = fget(req->fd);
	if (!file)
		return -EBADF;
	if (file->f_op == &named_file_fops)
		err = bind_to(p, req, file);
	fput(file);
	return err;
}

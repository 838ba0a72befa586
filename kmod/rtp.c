// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/rtpN: the end of a pipe that Linux's programs have. One read is one message, one write is one.
 * The device goes with the object; who has it open reads what is left, and then the end.
 *
 * The hard threads of a process have the other end. Who made the pipe has one, and who shows that he may read and write
 * the device, by a descriptor, gets another one, of the same pipe; it lasts as long as the first.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <keel/abi.h>
#include "hal/x86/linux_side.h"
#include "nucleus/pipe.h"
#include "outer.h"

struct rtp {
	struct kref ref;		/* each end of hard threads, and each open file */
	struct nk_pipe to_linux, to_rt;
	struct native_link link;	/* the two */
	struct hal_work readable, writable;
	wait_queue_head_t readers, writers;
	struct miscdevice misc;
	char name[8];
	int minor;			/* -1: none yet */
	void *area;
};

struct rtp_end {
	struct outer outer;		/* first */
	struct rtp *rtp;
};

static DECLARE_BITMAP(minors, KEEL_PIPE_MINORS);
static DEFINE_MUTEX(minors_lock);

static void rtp_free(struct kref *ref)
{
	struct rtp *r = container_of(ref, struct rtp, ref);

	hal_work_sync(&r->readable);
	hal_work_sync(&r->writable);
	vfree(r->area);
	kfree(r);
}

/* ---- reading and writing ------------------------------------------------------------------- */

static void on_readable(struct hal_work *w)
{
	wake_up_interruptible_poll(&container_of(w, struct rtp, readable)->readers,
				   EPOLLIN | EPOLLRDNORM);
}

static void on_writable(struct hal_work *w)
{
	wake_up_interruptible_poll(&container_of(w, struct rtp, writable)->writers,
				   EPOLLOUT | EPOLLWRNORM);
}

static int rtp_try(struct nk_pipe *p, size_t room, struct nk_parcel **parcel)
{
	return p->to_inband ? nk_pipe_take(p, room, 0, parcel) : nk_pipe_place(p, 0, parcel);
}

/*
 * A message that fits into @room, or a place, of @p. Who does not wait is told too when there is one, as that is how an
 * edge-triggered epoll hears of it.
 */
static int rtp_get(struct file *file, struct nk_pipe *p, wait_queue_head_t *wq, size_t room,
		   struct nk_parcel **parcel)
{
	int err;

	while ((err = rtp_try(p, room, parcel)) == -EWOULDBLOCK) {
		if (file->f_flags & O_NONBLOCK) {
			if (!nk_pipe_want(p))
				return -EAGAIN;
		} else if (wait_event_interruptible(*wq, nk_pipe_want(p))) {
			return -ERESTARTSYS;
		}
	}
	return err;
}

static ssize_t rtp_read(struct file *file, char __user *to, size_t room, loff_t *pos)
{
	struct rtp *r = file->private_data;
	struct nk_parcel *parcel;
	ssize_t ret = rtp_get(file, &r->to_linux, &r->readers, room, &parcel);

	if (ret)
		return ret == -EIDRM ? 0 : ret;
	ret = parcel->size;
	if (copy_to_user(to, parcel->data, ret))
		ret = -EFAULT;
	if (ret < 0)
		nk_pipe_untake(&r->to_linux, parcel);
	else
		nk_pipe_free(&r->to_linux, parcel);
	return ret;
}

static ssize_t rtp_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	struct rtp *r = file->private_data;
	struct nk_parcel *parcel;
	int err;

	if (!size)
		return 0;
	if (size > r->to_rt.size)
		return -EMSGSIZE;
	err = rtp_get(file, &r->to_rt, &r->writers, 0, &parcel);
	if (err)
		return err == -EIDRM ? -EPIPE : err;
	if (copy_from_user(parcel->data, from, size)) {
		nk_pipe_free(&r->to_rt, parcel);
		return -EFAULT;
	}
	parcel->size = size;
	nk_pipe_send(&r->to_rt, parcel);
	return size;
}

static __poll_t rtp_poll(struct file *file, poll_table *wait)
{
	struct rtp *r = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &r->readers, wait);
	poll_wait(file, &r->writers, wait);
	if (nk_pipe_want(&r->to_linux))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (nk_pipe_want(&r->to_rt))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return READ_ONCE(r->to_rt.wq.closed) ? mask | EPOLLHUP : mask;
}

static long rtp_ioctl(struct file *file, unsigned int cmd, unsigned long which)
{
	struct rtp *r = file->private_data;

	if (cmd != KEEL_IOC_PIPE_FLUSH)
		return -ENOTTY;
	return native_link_flush(&r->link, which);
}

/* misc_open() holds off misc_deregister(), so the first end's reference is still there. */
static int rtp_open(struct inode *inode, struct file *file)
{
	struct rtp *r = container_of(file->private_data, struct rtp, misc);

	kref_get(&r->ref);
	file->private_data = r;
	return stream_open(inode, file);
}

static int rtp_release(struct inode *inode, struct file *file)
{
	struct rtp *r = file->private_data;

	kref_put(&r->ref, rtp_free);
	return 0;
}

static const struct file_operations rtp_fops = {
	.owner = THIS_MODULE,
	.open = rtp_open,
	.release = rtp_release,
	.read = rtp_read,
	.write = rtp_write,
	.poll = rtp_poll,
	.unlocked_ioctl = rtp_ioctl,
	.compat_ioctl = rtp_ioctl,
};

/* ---- the object ---------------------------------------------------------------------------- */

static int minor_claim(u64 asked)
{
	int i = asked;

	mutex_lock(&minors_lock);
	if (asked == KEEL_PIPE_ANY)
		i = find_first_zero_bit(minors, KEEL_PIPE_MINORS);
	if (i == KEEL_PIPE_MINORS)
		i = -ENOSPC;
	else if (test_and_set_bit(i, minors))
		i = -EBUSY;
	mutex_unlock(&minors_lock);
	return i;
}

static int rtp_show(struct rtp *r, u64 asked)
{
	int err = minor_claim(asked);

	if (err < 0)
		return err;
	r->minor = err;
	snprintf(r->name, sizeof(r->name), "rtp%d", r->minor);
	r->misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR, .name = r->name, .fops = &rtp_fops, .mode = 0660,
	};
	err = misc_register(&r->misc);
	if (err) {
		clear_bit(r->minor, minors);
		r->minor = -1;
	}
	return err;
}

static int rtp_fill(struct rtp *r, unsigned long room, const struct keel_object *req)
{
	unsigned int places = req->args[0], size = req->args[1];

	kref_init(&r->ref);
	r->minor = -1;
	hal_work_init(&r->readable, on_readable);
	hal_work_init(&r->writable, on_writable);
	init_waitqueue_head(&r->readers);
	init_waitqueue_head(&r->writers);
	r->area = __vmalloc(2 * room, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!r->area)
		return -ENOMEM;
	nk_pipe_init(&r->to_linux, r->area, places, size, 1, &r->readable);
	nk_pipe_init(&r->to_rt, r->area + room, places, size, 0, &r->writable);
	r->link.to_inband = &r->to_linux;
	r->link.to_oob = &r->to_rt;
	return 0;
}

/* With the caller's reference, or ERR_PTR. */
static struct rtp_end *end_new(struct rtp *r, bool borrowed)
{
	struct rtp_end *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return ERR_PTR(-ENOMEM);
	e->rtp = r;
	e->outer.link = r->link;
	e->outer.link.borrowed = borrowed;
	return e;
}

static struct outer *rtp_make(struct keel_object *req)
{
	unsigned long room = nk_pipe_room(req->args[0], req->args[1]);
	struct rtp_end *e = NULL;
	struct rtp *r;
	int err;

	if (!room || (req->data != KEEL_PIPE_ANY && req->data >= KEEL_PIPE_MINORS))
		return ERR_PTR(-EINVAL);
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return ERR_PTR(-ENOMEM);
	err = rtp_fill(r, room, req);
	if (!err) {
		e = end_new(r, false);
		err = IS_ERR(e) ? PTR_ERR(e) : rtp_show(r, req->data);
	}
	if (err) {
		if (!IS_ERR(e))
			kfree(e);
		kref_put(&r->ref, rtp_free);
		return ERR_PTR(err);
	}
	req->data = r->minor;
	return &e->outer;
}

/* The file is held: so is the pipe. */
static struct outer *bind_file(struct file *file, struct keel_object *req)
{
	struct rtp *r = file->private_data;
	struct rtp_end *e;

	if (file->f_op != &rtp_fops || (file->f_mode & (FMODE_READ | FMODE_WRITE)) != (FMODE_READ | FMODE_WRITE))
		return ERR_PTR(-EINVAL);
	e = end_new(r, true);
	if (IS_ERR(e))
		return ERR_CAST(e);
	kref_get(&r->ref);
	req->data = r->minor;
	return &e->outer;
}

static struct outer *rtp_bind(struct keel_object *req)
{
	struct file *file = req->data <= INT_MAX ? fget(req->data) : NULL;
	struct outer *o;

	if (!file)
		return ERR_PTR(-EBADF);
	o = bind_file(file, req);
	fput(file);
	return o;
}

static struct outer *rtp_create(struct keel_process *p, struct keel_object *req)
{
	return req->args[0] == KEEL_PIPE_BIND && !req->args[1] ? rtp_bind(req) : rtp_make(req);
}

static void rtp_close(struct outer *o)
{
	struct rtp *r = container_of(o, struct rtp_end, outer)->rtp;

	if (o->link.borrowed)
		return;
	misc_deregister(&r->misc);
	clear_bit(r->minor, minors);
}

static void rtp_put(struct outer *o)
{
	struct rtp_end *e = container_of(o, struct rtp_end, outer);

	kref_put(&e->rtp->ref, rtp_free);
	kfree(e);
}

const struct outer_kind rtp_kind = { rtp_create, rtp_close, rtp_put };

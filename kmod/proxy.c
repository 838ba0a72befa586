// SPDX-License-Identifier: GPL-2.0
/*
 * Proxies: what hard threads write goes to a file of Linux, message by message in order, by a thread of
 * Linux with the credentials of who made the proxy. That thread keeps what it needs, so a proxy may
 * end while a write of its blocks:
 *
 *	delete, or end of the process		the thread
 *	pipe closed
 *						writes what is left; done
 *	waits for that as long as something
 *	is written each second, 10 s in all
 *	SIGKILL
 *						the write ends; what is left is lost; done
 *	goes on
 *
 * Who waits until all is written asks the thread, which answers when it finds no message after it has seen
 * the question; or it has written as many since as there are places: of those that came before there
 * were no more.
 *
 *	drain					the thread
 *	asked = 1; wakes it
 *						sees 1; takes what is there, writes it
 *						sees 1; none is there: answered = 1
 *	goes on
 */
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <keel/abi.h>
#include "hal/x86/linux_side.h"
#include "nucleus/pipe.h"
#include "outer.h"

#define PATIENCE 10	/* s */

struct proxy {
	struct outer outer;		/* first */
	struct kref ref;		/* the object, and the thread */
	struct nk_pipe pipe;
	struct hal_work work;
	struct task_struct *task;
	struct file *file;
	const struct cred *cred;
	struct completion done;
	unsigned long written;		/* bytes */
	unsigned long messages;		/* that are done with */
	atomic_t asked;			/* drains so far, and up to which they are answered */
	int answered;
	wait_queue_head_t drains;
	void *area;
};

static void proxy_free(struct kref *ref)
{
	struct proxy *x = container_of(ref, struct proxy, ref);

	hal_work_sync(&x->work);
	if (x->task)
		put_task_struct(x->task);
	put_cred(x->cred);
	fput(x->file);
	vfree(x->area);
	kfree(x);
}

static void on_message(struct hal_work *w)
{
	wake_up_process(container_of(w, struct proxy, work)->task);
}

/* ---- the thread ---------------------------------------------------------------------------- */

/* By the file's own position where it has one, as write() does. */
static ssize_t write_some(struct file *file, const char *data, size_t size)
{
	loff_t *pos = file->f_mode & FMODE_STREAM ? NULL : &file->f_pos;
	bool shared = file->f_mode & FMODE_ATOMIC_POS;
	ssize_t n;

	if (shared)
		mutex_lock(&file->f_pos_lock);
	n = kernel_write(file, data, size, pos);
	if (shared)
		mutex_unlock(&file->f_pos_lock);
	return n;
}

/* One that does not wait is asked again. */
static void write_all(struct proxy *x, const struct nk_parcel *parcel)
{
	size_t done = 0;

	while (done < parcel->size) {
		ssize_t n = write_some(x->file, parcel->data + done, parcel->size - done);

		if (n == -EAGAIN && !signal_pending(current)) {
			schedule_timeout_interruptible(msecs_to_jiffies(10));
			continue;
		}
		if (n <= 0) {
			nk_pipe_lose(&x->pipe);
			return;
		}
		done += n;
		WRITE_ONCE(x->written, x->written + n);
	}
}

static void answer(struct proxy *x, int asked)
{
	if (x->answered == asked)
		return;
	WRITE_ONCE(x->answered, asked);
	wake_up(&x->drains);
}

/* A message, or -EIDRM when none will come. */
static int next_message(struct proxy *x, struct nk_parcel **parcel)
{
	int err, asked;

	for (;;) {
		set_current_state(TASK_IDLE);
		asked = atomic_read(&x->asked);
		err = nk_pipe_take(&x->pipe, NK_PIPE_SIZE, 0, parcel);
		if (err != -EWOULDBLOCK)
			break;
		answer(x, asked);
		if (!nk_pipe_want(&x->pipe))
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	return err;
}

static int proxy_run(void *arg)
{
	struct proxy *x = arg;
	const struct cred *old = override_creds(x->cred);
	struct nk_parcel *parcel;

	allow_kernel_signal(SIGKILL);
	while (!next_message(x, &parcel)) {
		if (signal_pending(current))
			nk_pipe_lose(&x->pipe);
		else
			write_all(x, parcel);
		nk_pipe_free(&x->pipe, parcel);
		WRITE_ONCE(x->messages, x->messages + 1);
		if (x->answered != atomic_read(&x->asked))
			wake_up(&x->drains);
	}
	revert_creds(old);
	complete_all(&x->done);
	wake_up(&x->drains);
	kref_put(&x->ref, proxy_free);
	module_put_and_kthread_exit(0);
	return 0;
}

/* ---- the object ---------------------------------------------------------------------------- */

static int file_check(const struct file *file)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	/* What has no write_iter wants the memory of a process. */
	return !file->f_op->write_iter || file->f_op->write ? -EOPNOTSUPP : 0;
}

static int proxy_start(struct proxy *x)
{
	struct task_struct *t = kthread_create(proxy_run, x, "keel-proxy/%d",
					       task_pid_nr(current));

	if (IS_ERR(t))
		return PTR_ERR(t);
	get_task_struct(t);
	x->task = t;
	kref_get(&x->ref);
	__module_get(THIS_MODULE);
	wake_up_process(t);
	return 0;
}

static int proxy_fill(struct proxy *x, unsigned long room, const struct keel_object *req)
{
	int err;

	kref_init(&x->ref);
	init_completion(&x->done);
	init_waitqueue_head(&x->drains);
	hal_work_init(&x->work, on_message);
	x->cred = get_current_cred();
	x->outer.link.to_inband = &x->pipe;
	err = file_check(x->file);
	if (err)
		return err;
	x->area = __vmalloc(room, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!x->area)
		return -ENOMEM;
	nk_pipe_init(&x->pipe, x->area, req->args[0], req->args[1], 1, &x->work);
	return proxy_start(x);
}

static struct outer *proxy_create(struct keel_process *p, struct keel_object *req)
{
	unsigned long room = nk_pipe_room(req->args[0], req->args[1]);
	struct file *file;
	struct proxy *x;
	int err;

	if (!room || req->data > INT_MAX)
		return ERR_PTR(-EINVAL);
	file = fget(req->data);
	if (!file)
		return ERR_PTR(-EBADF);
	x = kzalloc(sizeof(*x), GFP_KERNEL);
	if (!x) {
		fput(file);
		return ERR_PTR(-ENOMEM);
	}
	x->file = file;
	err = proxy_fill(x, room, req);
	if (err) {
		kref_put(&x->ref, proxy_free);
		return ERR_PTR(err);
	}
	return &x->outer;
}

static void proxy_close(struct outer *o)
{
	struct proxy *x = container_of(o, struct proxy, outer);
	unsigned long written, before = READ_ONCE(x->written);

	for (int i = 0; i < PATIENCE; i++) {
		if (wait_for_completion_timeout(&x->done, HZ))
			return;
		written = READ_ONCE(x->written);
		if (written == before)
			break;
		before = written;
	}
	pr_notice_ratelimited("keel: %s[%d]: a proxy's file takes no more, what is left is lost\n",
			      current->comm, task_pid_nr(current));
	send_sig(SIGKILL, x->task, 1);
}

static bool drained(struct proxy *x, int asked, unsigned long before)
{
	return READ_ONCE(x->answered) - asked >= 0 || completion_done(&x->done) ||
	       READ_ONCE(x->messages) - before > x->pipe.places;
}

static long proxy_drain(struct outer *o, u64 *lost)
{
	struct proxy *x = container_of(o, struct proxy, outer);
	unsigned long before = READ_ONCE(x->messages);
	int asked = atomic_inc_return(&x->asked);
	long err;

	wake_up_process(x->task);
	err = wait_event_interruptible(x->drains, drained(x, asked, before));
	*lost = READ_ONCE(x->pipe.lost);
	return err ? -EINTR : 0;
}

static void proxy_put(struct outer *o)
{
	kref_put(&container_of(o, struct proxy, outer)->ref, proxy_free);
}

const struct outer_kind proxy_kind = { proxy_create, proxy_close, proxy_put, proxy_drain };

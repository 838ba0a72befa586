// SPDX-License-Identifier: GPL-2.0
/*
 * Which tasks are attached: attach, detach, and the ends that Linux tells of.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>
#include "hal/x86/linux_side.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "filters.h"
#include "limit.h"
#include "process.h"
#include "skins/native/objects.h"
#include "shadow.h"
#include "signal.h"

static DEFINE_HASHTABLE(shadows, 8);
static DEFINE_HASHTABLE(groups, 6);	/* the same by process, for its signals */
static DEFINE_SPINLOCK(shadows_lock);
static struct workqueue_struct *reaper;
static atomic_t shadow_count = ATOMIC_INIT(0);	/* until their memory has gone */

struct shadow *shadow_of(struct keel_process *p)
{
	struct shadow *s, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(shadows, s, by_task, (unsigned long)current)
		if (s->task == current && (!p || s->proc == p))
			found = s;
	rcu_read_unlock();
	return found;
}

/* ---- attach and detach ---------------------------------------------------------------------- */

static int window_claim(struct keel_process *p)
{
	int i = -EAGAIN;

	mutex_lock(&p->lock);
	if (!p->mm)
		p->mm = current->mm;
	if (p->mm != current->mm) {
		i = -EPERM;	/* a forked child: it opens the device itself */
	} else {
		i = find_first_zero_bit(p->used, KEEL_MAX_THREADS);
		if (i < KEEL_MAX_THREADS)
			set_bit(i, p->used);
		else
			i = -EAGAIN;
	}
	mutex_unlock(&p->lock);
	return i;
}

static int shadow_fill(struct shadow *s, struct keel_process *p, const struct keel_attach *req)
{
	char name[KEEL_NAME_LEN];
	int err;

	strscpy(name, req->name[0] ? req->name : current->comm, sizeof(name));
	nk_thread_init(&s->thread, name, req->prio, raw_smp_processor_id());
	s->thread.user = 1;
	s->thread.tid = task_pid_nr(current);
	s->proc = p;
	s->task = current;
	err = hal_user_init(&s->user);
	if (err)
		return err;
	err = boost_begin(&s->boost);
	if (err)
		return err;
	s->mm_watch = hal_mm_get(current->mm);
	if (IS_ERR(s->mm_watch))
		return PTR_ERR(s->mm_watch);
	s->window = &p->windows[s->index];
	memset(s->window, 0, sizeof(*s->window));
	signals_attach(s);
	return 0;
}

int shadow_attach(struct keel_process *p, const struct keel_attach *req, int limit)
{
	struct shadow *s;
	int i, err;

	if (shadow_of(NULL))
		return -EALREADY;
	i = window_claim(p);
	if (i < 0)
		return i;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	err = -ENOMEM;
	if (s) {
		s->index = i;
		err = shadow_fill(s, p, req);
		s->thread.limit = limit;
	}
	if (err) {
		if (s) {
			boost_end(&s->boost);
			hal_user_destroy(&s->user);
		}
		kfree(s);
		clear_bit(i, p->used);
		/* A signal broke off what Linux was asked for: again, behind that. */
		return err == -EINTR ? -ERESTARTNOINTR : err;
	}
	get_task_struct(current);
	atomic_inc(&shadow_count);
	native_thread_begins(p->space, i, &s->thread, task_pid_vnr(current));
	spin_lock(&shadows_lock);
	hash_add_rcu(shadows, &s->by_task, (unsigned long)current);
	hash_add_rcu(groups, &s->by_group, (unsigned long)current->signal);
	spin_unlock(&shadows_lock);
	return i;
}

static void shadow_free(struct work_struct *work)
{
	struct shadow *s = container_of(to_rcu_work(work), struct shadow, free);

	boost_end(&s->boost);
	hal_mm_put(s->mm_watch);
	hal_user_destroy(&s->user);
	put_task_struct(s->task);
	kfree(s);
	atomic_dec(&shadow_count);
}

/* One only drops a shadow: its task, or the last close of the file. */
static bool shadow_claim(struct shadow *s)
{
	bool first;

	spin_lock(&shadows_lock);
	first = !s->dropped;
	s->dropped = true;
	spin_unlock(&shadows_lock);
	return first;
}

/* Tracepoints come here, so nothing sleeps: what may is the reaper's. Off the table last, as then
 * the process may go. */
static void shadow_drop(struct shadow *s)
{
	native_thread_ends(s->proc->space, s->index);
	nk_mutex_abandon_all(&s->thread);
	nk_thread_destroy(&s->thread);
	hal_context_destroy(&s->thread.ctx);
	clear_bit(s->index, s->proc->used);
	spin_lock(&shadows_lock);
	hash_del_rcu(&s->by_task);
	hash_del_rcu(&s->by_group);
	spin_unlock(&shadows_lock);
	INIT_RCU_WORK(&s->free, shadow_free);
	queue_rcu_work(reaper, &s->free);
}

int shadow_detach(struct keel_process *p)
{
	struct shadow *s = shadow_of(p);

	if (!s)
		return -EPERM;
	if (shadow_claim(s))
		shadow_drop(s);
	return 0;
}

/* One of @p's shadows, or NULL. */
static struct shadow *shadow_any(struct keel_process *p)
{
	struct shadow *s, *found = NULL;
	int b;

	rcu_read_lock();
	hash_for_each_rcu(shadows, b, s, by_task)
		if (s->proc == p)
			found = s;
	rcu_read_unlock();
	return found;
}

void shadow_detach_all(struct keel_process *p)
{
	struct shadow *s;

	rcu_read_lock();
	while ((s = shadow_any(p))) {
		if (shadow_claim(s))
			shadow_drop(s);
		else
			cpu_relax();	/* its task is at it, and does not sleep */
	}
	rcu_read_unlock();
}

/* A task that dies, or becomes another program: its thread ends with it. */
static void on_exit(void *data, struct task_struct *task)
{
	struct shadow *s = shadow_of(NULL);

	filters_exit();
	if (unlikely(s) && shadow_claim(s))
		shadow_drop(s);
}

static void on_exec(void *data, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	on_exit(NULL, task);
}

struct prio_request {
	int prio, limit, err;
};

static void set_prio(struct shadow *s, void *arg)
{
	struct prio_request *r = arg;

	limit_raise(s, r->limit);
	r->err = nk_thread_set_prio(&s->thread, r->prio);
}

int shadow_set(struct keel_process *p, const struct keel_thread_set *req)
{
	struct prio_request r = { .prio = req->prio, .limit = limit_of_current(p) };

	if (!shadow_of(p))
		return -EPERM;
	if (r.prio && !shadow_with(current, set_prio, &r))
		return -EPERM;
	return r.err;
}

static void signal_for_task(struct task_struct *task, int sig)
{
	struct shadow *s;

	hash_for_each_possible_rcu(shadows, s, by_task, (unsigned long)task)
		if (s->task == task)
			nk_signal_inband(&s->signals, sig);
}

static void signal_for_group(struct task_struct *task, int sig)
{
	struct shadow *s;

	hash_for_each_possible_rcu(groups, s, by_group, (unsigned long)task->signal)
		if (same_thread_group(s->task, task))
			nk_signal_inband(&s->signals, sig);
}

/* Linux has a signal for @task, or for its process, whose lock it holds. */
static void on_signal(void *data, int sig, struct kernel_siginfo *info, struct task_struct *task,
		      int group, int result)
{
	if (!READ_ONCE(nk_signal_waiters))
		return;
	rcu_read_lock();
	if (group)
		signal_for_group(task, sig);
	else
		signal_for_task(task, sig);
	rcu_read_unlock();
}

/* ---- boosts ---------------------------------------------------------------------------------- */

void shadow_prio(struct hal_user *u)
{
	struct shadow *s = container_of(u, struct shadow, user);

	if (s->thread.eprio != s->thread.base_prio || READ_ONCE(s->boost.level))
		boost_kick(&s->boost);
}

/* Whatever is read too early is changed with another kick. */
int shadow_boost(const struct boost *b)
{
	const struct nk_thread *t = &container_of(b, struct shadow, boost)->thread;
	int prio = READ_ONCE(t->eprio);

	if (READ_ONCE(t->state) != NK_INBAND || prio <= READ_ONCE(t->base_prio))
		return 0;
	return min(prio, NK_PRIO_MAX);	/* of an EDF thread's: Linux has no more */
}

void shadow_boosted(struct boost *b)
{
	struct shadow *s = container_of(b, struct shadow, boost);

	if (READ_ONCE(s->thread.warns) & KEEL_WARN_OWNER)
		signals_warn(s->task, KEEL_WARNED_OWNER);
}

void shadow_recall_all(int reason)
{
	struct shadow *s;
	int b;

	rcu_read_lock();
	hash_for_each_rcu(shadows, b, s, by_task)
		nk_stage_recall(&s->thread, reason);
	rcu_read_unlock();
}

/* ---- tracepoints ------------------------------------------------------------------------------------ */

static struct tracepoint *tp_exit, *tp_exec, *tp_signal;

static void tracepoint_find(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		tp_exit = tp;
	if (!strcmp(tp->name, "sched_process_exec"))
		tp_exec = tp;
	if (!strcmp(tp->name, "signal_generate"))
		tp_signal = tp;
}

int shadow_init(void)
{
	int err;

	for_each_kernel_tracepoint(tracepoint_find, NULL);
	if (!tp_exit || !tp_exec || !tp_signal) {
		pr_err("keel: this kernel lacks sched_process_exit, sched_process_exec or signal_generate\n");
		return -ENOENT;
	}
	err = boost_init();
	if (err)
		return err;
	/* Its work sleeps: without a limit a crowd that ends leaves Linux a crowd of workers. */
	reaper = alloc_workqueue("keel", 0, 4);
	err = -ENOMEM;
	if (!reaper)
		goto boost;
	err = tracepoint_probe_register(tp_exit, on_exit, NULL);
	if (err)
		goto workqueue;
	err = tracepoint_probe_register(tp_exec, on_exec, NULL);
	if (err)
		goto exit;
	err = tracepoint_probe_register(tp_signal, on_signal, NULL);
	if (!err)
		return 0;
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
exit:
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
	tracepoint_synchronize_unregister();
workqueue:
	destroy_workqueue(reaper);
boost:
	boost_exit();
	return err;
}

void shadow_exit(void)
{
	tracepoint_probe_unregister(tp_signal, on_signal, NULL);
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
	tracepoint_synchronize_unregister();
	rcu_barrier();	/* the reaper has all its work now */
	destroy_workqueue(reaper);
	boost_exit();
}

int shadow_objects(void)
{
	return atomic_read(&shadow_count);
}

/* Who drops one takes it off the table, under the lock, before its process may go. */
void shadow_each(void (*fn)(struct shadow *s, void *arg), void *arg)
{
	struct shadow *s;
	int b;

	for (b = 0; b < HASH_SIZE(shadows); b++) {
		spin_lock(&shadows_lock);
		hlist_for_each_entry(s, &shadows[b], by_task)
			if (!s->dropped)
				fn(s, arg);
		spin_unlock(&shadows_lock);
	}
}

bool shadow_with(struct task_struct *task, void (*fn)(struct shadow *s, void *arg), void *arg)
{
	struct shadow *s;
	bool found = false;

	spin_lock(&shadows_lock);
	hash_for_each_possible(shadows, s, by_task, (unsigned long)task) {
		if (s->task != task || s->dropped)
			continue;
		fn(s, arg);
		found = true;
		break;
	}
	spin_unlock(&shadows_lock);
	return found;
}

void shadow_show(struct seq_file *m)
{
	static const char *const states[] = {
		"dormant", "ready", "running", "blocked", "in-band", "dead",
	};
	struct shadow *s;
	int b;

	seq_puts(m, "pid cpu base eff state switches overruns name\n");
	rcu_read_lock();
	hash_for_each_rcu(shadows, b, s, by_task)
		seq_printf(m, "%d %d %d %d %s %lu %lu %s\n", task_pid_nr(s->task),
			   s->thread.cpu, s->thread.base_prio, s->thread.eprio,
			   states[s->thread.state], s->thread.switches, s->thread.overruns,
			   s->thread.name);
	rcu_read_unlock();
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which threads there are, and what each is. A thread takes a new priority from another one at its next
 * call that the skin serves: only a thread itself can become Keel's.
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include "file.h"
#include "posix.h"
#include "stats.h"

#define STOPPED_NS	10000000

int posix_active;
__thread struct posix_self posix_self;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct posix_self *threads;	/* (lock) */
static struct posix_counts gone;	/* (lock) of threads that have ended */
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int have_key;
static int held_open;
static pid_t process;

static void counts_add(struct posix_counts *to, const struct posix_self *self)
{
	const struct posix_counts *c = &self->counts;
	int i;

	for (i = 0; i < POSIX_CALLS; i++) {
		to->core[i] += c->core[i];
		to->glibc[i] += c->glibc[i];
	}
	for (i = 0; i < KEEL_RELAX_REASONS; i++)
		to->relaxes[i] += c->relaxes[i];
	to->hardens += c->hardens;
	to->threads += self->was_rt;
	to->weak += c->weak;
}

void posix_counts_all(struct posix_counts *to)
{
	const struct posix_self *self;

	REAL(pthread_mutex_lock)(&lock);
	*to = gone;
	posix_modes_count(&posix_self);
	for (self = threads; self; self = self->next)
		counts_add(to, self);
	REAL(pthread_mutex_unlock)(&lock);
}

/* The modes of the caller since it was attached: before it is not any more. */
void posix_modes_count(struct posix_self *self)
{
	struct keel_stats stats;
	int i;

	if (keel_stats_get(&stats) < 0)
		return;
	for (i = 0; i < KEEL_RELAX_REASONS; i++)
		self->counts.relaxes[i] = stats.relaxes[i];
	self->counts.hardens = stats.hardens;
}

/* A signal handler that makes calls finds it done, or comes later. */
static void signals_block(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

static void signals_restore(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

/*
 * Whoever still makes calls, another destructor, is registered and attached anew. Not a signal handler: in
 * between it would find the core's object and be refused by the core, and a post be lost. Signals for the process
 * go to other threads now; the last one, which may go on to exit(), has them again.
 */
static void unregister(void *arg)
{
	struct posix_self *self = arg;
	sigset_t old;
	int last;

	signals_block(&old);
	posix_modes_count(self);
	self->inside++;
	keel_thread_detach();
	self->inside--;
	REAL(pthread_mutex_lock)(&lock);
	counts_add(&gone, self);
	if (self->prev)
		self->prev->next = self->next;
	else
		threads = self->next;
	if (self->next)
		self->next->prev = self->prev;
	last = !threads;
	REAL(pthread_mutex_unlock)(&lock);
	memset(self, 0, sizeof(*self));
	if (last)
		signals_restore(&old);
}

static void key_create(void)
{
	have_key = !libkeel_key_create(&key, unregister);
}

void posix_self_register(struct posix_self *self)
{
	sigset_t old;

	signals_block(&old);
	pthread_once(&once, key_create);
	REAL(pthread_mutex_lock)(&lock);
	self->thread = pthread_self();
	self->tid = syscall(SYS_gettid);
	self->pid = getpid();
	self->uid = getuid();
	self->prev = NULL;
	self->next = threads;
	if (threads)
		threads->prev = self;
	threads = self;
	REAL(pthread_mutex_unlock)(&lock);
	if (have_key)
		pthread_setspecific(key, self);
	signals_restore(&old);
}

/* ---- priorities ------------------------------------------------------------------------------------ */

static int is_realtime(int policy)
{
	policy &= ~SCHED_RESET_ON_FORK;
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

int posix_is_process(void)
{
	return getpid() == process;
}

int posix_device_hold(void)
{
	struct posix_self *self = posix_me();
	int err = 0;

	if (__atomic_load_n(&held_open, __ATOMIC_ACQUIRE))
		return 0;
	REAL(pthread_mutex_lock)(&lock);
	self->inside++;
	if (!held_open) {
		err = keel_open();
		__atomic_store_n(&held_open, !err, __ATOMIC_RELEASE);
	}
	self->inside--;
	REAL(pthread_mutex_unlock)(&lock);
	return err;
}

static int attach(struct posix_self *self, int policy, int prio)
{
	struct sched_param param = { .sched_priority = prio };
	sigset_t old;
	int err;

	signals_block(&old);
	self->inside++;
	posix_device_hold();
	err = keel_thread_attach(NULL, prio, -1);
	if (!err) {
		self->was_rt = 1;
		posix_print_begin();
		if (policy == SCHED_RR)	/* libkeel makes it SCHED_FIFO */
			REAL(sched_setscheduler)(0, policy, &param);
		__atomic_store_n(&posix_active, 1, __ATOMIC_RELEASE);
	}
	self->inside--;
	signals_restore(&old);
	return err;
}

static void set_prio(int prio)
{
	struct keel_thread_set set = { .prio = prio, .cpu = -1 };

	/* Linux, which has let it have that priority, is asked for its rights once more. */
	if (!keel_is_hard() || libkeel_call(KEEL_CALL_PRIORITY_SET, prio, 0) == -EPERM)
		libkeel_ioctl(KEEL_IOC_THREAD_SET, &set);
}

/* What sets a class sets SCHED_FIFO in Linux. */
static void follow_class(struct posix_self *self, int policy, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	if (!posix_class_follow(self, policy, prio) && self->sched_class == KEEL_CLASS_RR)
		REAL(sched_setscheduler)(0, policy, &param);
}

/* Without Keel it is what Linux made it. One that held the core's mutexes stays attached. */
void posix_follow(int policy, int prio)
{
	struct posix_self *self = posix_me();
	int rt = is_realtime(policy);

	if (libkeel_self.window) {
		set_prio(rt ? prio : KEEL_PRIO_MIN);
		self->rt = rt;
		self->was_rt |= rt;
		if (!rt)
			keel_relax();
	} else if (rt) {
		self->rt = !attach(self, policy, prio);
	}
	if (self->rt)
		follow_class(self, policy, prio);
}

/* What Linux has now: the thread may have set another one since. */
void posix_self_obey(struct posix_self *self)
{
	struct sched_param param;

	if (__atomic_exchange_n(&self->asked, 0, __ATOMIC_ACQ_REL) && !sched_getparam(0, &param))
		posix_follow(sched_getscheduler(0), param.sched_priority);
}

/* Linux's, 0 if it is not real-time. */
static int prio_of(pid_t tid)
{
	struct sched_param param;

	return !sched_getparam(tid, &param) ? param.sched_priority : 0;
}

/*
 * What the core does not know is not real-time yet: it asks Linux when it becomes that. Whoever sets another one
 * meanwhile, the thread itself or a third one:
 *
 *	caller			somebody
 *	Linux: 10
 *				Linux: 50, core: 50
 *	core: 10
 *	Linux says 50: again
 */
static void set_prio_of(pid_t tid, int prio)
{
	struct keel_thread_change change = { .tid = tid, .what = KEEL_CHANGE_PRIO };
	int rounds = 3, now = prio;

	if (!tid || !prio || posix_device_hold())
		return;
	do {
		change.sched.prio = prio = now;
		if (libkeel_ioctl(KEEL_IOC_THREAD_CHANGE, &change))
			return;
		now = prio_of(tid);
	} while (now && now != prio && --rounds);
}

/* Of this process: it asks Linux at its next call. Its id, or 0. */
static pid_t ask(pthread_t thread, pid_t tid)
{
	struct posix_self *self;

	REAL(pthread_mutex_lock)(&lock);
	for (self = threads; self; self = self->next) {
		if (tid ? self->tid != tid : !pthread_equal(self->thread, thread))
			continue;
		__atomic_store_n(&self->asked, 1, __ATOMIC_RELEASE);
		tid = self->tid;
	}
	REAL(pthread_mutex_unlock)(&lock);
	return tid;
}

void posix_ask(pthread_t thread, pid_t tid, int prio)
{
	int err = errno;

	tid = ask(thread, tid);
	set_prio_of(tid, prio);
	ask(thread, tid);	/* it may have asked before the core was told */
	if (posix_is_rt())
		keel_harden();	/* else it may go on before its better, on the share of the CPU that is Linux's */
	errno = err;
}

/* A hard thread does not wait for who has the lock. */
static pid_t rt_tid(pthread_t thread, pid_t tid)
{
	const struct posix_self *self;
	pid_t found = 0;

	if (REAL(pthread_mutex_trylock)(&lock))
		return 0;
	for (self = threads; self && !found; self = self->next)
		if (self->rt && (tid ? self->tid == tid : pthread_equal(self->thread, thread)))
			found = self->tid;
	REAL(pthread_mutex_unlock)(&lock);
	return found;
}

pid_t posix_tid_of(pthread_t thread)
{
	return pthread_equal(thread, posix_self.thread) ? posix_self.tid : rt_tid(thread, 0);
}

int posix_tid_is_rt(pid_t tid)
{
	return rt_tid(0, tid) != 0;
}

/* It does not end while the lock is held. */
void posix_waiter_signal(pthread_t thread, int sig)
{
	const struct posix_self *self;

	REAL(pthread_mutex_lock)(&lock);
	for (self = threads; self; self = self->next)
		if (pthread_equal(self->thread, thread) && __atomic_load_n(&self->waits, __ATOMIC_SEQ_CST))
			syscall(SYS_tgkill, getpid(), self->tid, sig);
	REAL(pthread_mutex_unlock)(&lock);
}

/* ---- around Keel calls --------------------------------------------------------------------------------- */

int posix_enter(void)
{
	struct posix_self *self = posix_me();
	sigset_t old;
	int err;

	if (__builtin_expect(libkeel_self.window != NULL, 1))
		return 0;
	/* A child of fork() that is to be real-time is so at once: at the lowest priority who waits for it may keep it
	 * from running. */
	if (posix_is_rt())
		return 0;
	signals_block(&old);
	self->inside++;
	err = libkeel_attach_weak();
	self->counts.weak += !err;
	self->inside--;
	signals_restore(&old);
	return -err;
}

void posix_leave(void)
{
	if (!posix_self.rt)
		keel_relax();
}

/* By a system call: glibc's is a cancellation point, who calls this may be none. */
int posix_again(long ret)
{
	const struct timespec moment = { .tv_nsec = STOPPED_NS };

	if (ret == -EAGAIN || ret == -EOPNOTSUPP)
		syscall(SYS_nanosleep, &moment, NULL);
	return ret == -EINTR || ret == -EAGAIN || ret == -EOPNOTSUPP;
}

/* ---- fork ------------------------------------------------------------------------------------------------ */

static sigset_t fork_signals;		/* (lock) as libkeel's, until its own child, too, is a new one */

static void fork_prepare(void)
{
	sigset_t before;

	posix_print_prepare();	/* it may wait for who reads what is printed: a signal may end that */
	signals_block(&before);
	posix_objects_prepare();
	posix_me();	/* not while it is locked: libkeel's handlers come after this */
	REAL(pthread_mutex_lock)(&lock);
	fork_signals = before;
	posix_files_lock();
}

static void fork_unlock(void)
{
	sigset_t before = fork_signals;

	REAL(pthread_mutex_unlock)(&lock);
	signals_restore(&before);
}

static void fork_parent(void)
{
	posix_files_unlock();
	fork_unlock();
}

/*
 * One thread, of Linux, and all objects glibc's. Class and priority are inherited, so a real-time thread's
 * child is one from its first call of the table: a child that goes on to exec() does not come to that. One that has
 * inherited what only the core has opens the device at once, as it may be about to give up the right to.
 */
static void fork_child(void)
{
	struct posix_self *self = &posix_self;
	int rt = self->rt, inherits;

	process = getpid();
	threads = NULL;
	memset(&gone, 0, sizeof(gone));
	memset(self, 0, sizeof(*self));
	self->asked = rt;
	posix_active = rt;
	held_open = 0;
	inherits = posix_objects_child() | posix_files_child();
	posix_timers_child();
	posix_print_child();
	posix_log_child();
	if (inherits)
		libkeel_device_spare();
	fork_unlock();
}

/* A program begins with errno 0. */
__attribute__((constructor)) static void begin(void)
{
	int err = errno;

	posix_real_get();
	process = getpid();
	pthread_atfork(fork_prepare, fork_parent, fork_child);
	posix_stats_begin();
	errno = err;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: tasks. A task of priority 1 to 99 is a hard thread of that priority, one of priority 0 an ordinary
 * thread of Linux's. @task NULL means the caller; a call that needs a task returns -EPERM from any other thread.
 * -EINVAL: @task is none, or not any more, or an argument is out of range; -EINTR: rt_task_unblock(), or a
 * signal. A task of another process, bound in a session, is as good as one's own, but for rt_task_set_periodic() and
 * rt_task_join(); -EPERM also: it is another user's. timer.h says what timeouts mean.
 */
#ifndef ALCHEMY_TASK_H
#define ALCHEMY_TASK_H

#include <pthread.h>
#include <sched.h>
#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define T_LOPRIO	0
#define T_HIPRIO	99

#define T_LOCK		0x1		/* has the scheduler lock */
#define T_WARNSW	0x2		/* SIGXCPU when a Linux call or a fault takes it in-band */
#define T_CONFORMING	0x4		/* set_mode: be in the mode that the priority asks for */
#define T_JOINABLE	0x10000		/* rt_task_join() is due */
#define T_SUSP		0x20000		/* create: begins suspended */

/* The signal of T_WARNSW, and of Keel's watchdog: why, by its siginfo_t, with SA_SIGINFO. */
#ifndef SIGDEBUG
#define SIGDEBUG			SIGXCPU
#define SIGDEBUG_UNDEFINED		0
#define SIGDEBUG_MIGRATE_SYSCALL	2
#define SIGDEBUG_MIGRATE_FAULT		3
#define SIGDEBUG_MIGRATE_SIGNAL		4
#define SIGDEBUG_WATCHDOG		5
#define SIGDEBUG_NOMLOCK		16
#define SIGDEBUG_MIGRATE_PRIOINV	17
#define sigdebug_reason(info)		((info)->si_int & 0xffff)
#endif
#ifndef SIGDEBUG_RESCNT_IMBALANCE
#define SIGDEBUG_RESCNT_IMBALANCE	18	/* of the POSIX skin's */
#endif
#define SIGDEBUG_LOCK_BREAK		19	/* never comes */

typedef struct RT_TASK {
	uintptr_t handle;
	pthread_t thread;
} RT_TASK;

#define NO_ALCHEMY_TASK	((RT_TASK){ 0, 0 })

typedef struct RT_TASK_MCB {
	int flowid;		/* what to reply to */
	int opcode;		/* whatever the two agree on */
	void *data;
	ssize_t size;		/* of data: what there is to be sent, or what room there is, and then what came */
} RT_TASK_MCB;

/* Bits of threadobj_stat.status. */
#define XNSUSP		0x1		/* suspended */
#define XNPEND		0x2		/* waits for an object */
#define XNDELAY		0x4		/* waits for a time */
#define XNREADY		0x8		/* wants a CPU, or has one */
#define XNDORMANT	0x10
#define XNMAPPED	0x80		/* always set */
#define XNRELAX		0x100		/* in-band */

struct threadobj_stat {
	int cpu;
	int status;
	unsigned long long xtime;	/* ns on a CPU while hard */
	unsigned long long msw;		/* times it left hard mode */
	unsigned long long csw;		/* times it was given a CPU */
	unsigned long long xsc;		/* 0: not counted */
	unsigned int pf;		/* faults that took it in-band */
	unsigned long long timeout;	/* ns until its wait ends; 0: no limit, or no wait */
};

typedef struct RT_TASK_INFO {
	int prio;
	struct threadobj_stat stat;
	char name[XNOBJECT_NAME_LEN];
	pid_t pid;			/* of the thread in Linux */
} RT_TASK_INFO;

/* ---- life. Context of these: any thread; go in-band --------------------------------------------- */

/* A task that waits for its start. @stksize: bytes, 0: 256 KiB; @mode: T_LOCK, T_WARNSW, T_JOINABLE, T_SUSP.
 * -EEXIST: the name is in use; -ENOMEM; -EPERM: it takes CAP_SYS_NICE; else as keel_thread_attach(). */
int rt_task_create(RT_TASK *task, const char *name, int stksize, int prio, int mode);

/* It goes on in @entry, an address in its own process; one that was started does so no second time: 0. */
int rt_task_start(RT_TASK *task, void (*entry)(void *arg), void *arg);

/* Both. Errors as of the first. */
int rt_task_spawn(RT_TASK *task, const char *name, int stksize, int prio, int mode,
		  void (*entry)(void *arg), void *arg);

/* The caller becomes a task; @task may be NULL. @mode: T_LOCK, T_WARNSW. -EBUSY: it is one. */
int rt_task_shadow(RT_TASK *task, const char *name, int prio, int mode);

/* End it where it waits or computes, but not inside the C library or this one: then behind that. In a static
 * program it ends only where it waits. Returns when it has ended. Who waits for it goes on with -EIDRM. */
int rt_task_delete(RT_TASK *task);

/* Wait for the end of a T_JOINABLE task, however it ends. -EINVAL: it is not joinable, or another thread joins
 * it; -EDEADLK: itself; -ESRCH: it was joined, or is another process's. */
int rt_task_join(RT_TASK *task);

/* The task of that name. -EWOULDBLOCK, -ETIMEDOUT: there is none. */
int rt_task_bind(RT_TASK *task, const char *name, RTIME timeout);
int rt_task_unbind(RT_TASK *task);

/* ---- about tasks. Context: any thread -------------------------------------------------------------- */

RT_TASK *rt_task_self(void);	/* NULL: the caller is none */
int rt_task_same(RT_TASK *task1, RT_TASK *task2);	/* 1 or 0 */

/* @info NULL: is there such a task? Of one of another process it goes in-band. */
int rt_task_inquire(RT_TASK *task, RT_TASK_INFO *info);

/* ---- control. Context: any thread; hardens ---------------------------------------------------------- */

/* It stops, wherever it is, until as many resumes; adds up with what it waits for. In-band it stops too, by a
 * signal, SIGRTMIN + 1. For the caller: -EINTR, and not suspended any more, when a signal came. */
int rt_task_suspend(RT_TASK *task);

/* One suspend less. Its wait, if it waits, ends with -EINTR. */
int rt_task_resume(RT_TASK *task);
int rt_task_unblock(RT_TASK *task);

/* Who has the same priority runs first. -EPERM: the caller is no task. */
int rt_task_yield(void);

/* The caller, if it has @prio already, goes behind all others of that priority. */
int rt_task_set_priority(RT_TASK *task, int prio);

/* Round robin; 0: not any more. At least 10 us. These two go in-band for a task that is not the caller. */
int rt_task_slice(RT_TASK *task, RTIME quantum);
int rt_task_set_affinity(RT_TASK *task, const cpu_set_t *cpus);

/* Bits of the caller's mode: T_LOCK, T_WARNSW, T_CONFORMING. @mode_r, what it was, may be NULL. */
int rt_task_set_mode(int clrmask, int setmask, int *mode_r);

/* ---- time. Context: hardens; block ------------------------------------------------------------------ */

/* A signal does not end it: only rt_task_unblock(), -EINTR. */
int rt_task_sleep(RTIME delay);

/* The same. -EINTR; -ETIMEDOUT: @date has passed. */
int rt_task_sleep_until(RTIME date);

/* Release points from @idate on, TM_NOW: one @period from now; @period TM_INFINITE: no more. -ETIMEDOUT: @idate
 * has passed; -EINVAL also: the task is another process's. Context: any thread. */
int rt_task_set_periodic(RT_TASK *task, RTIME idate, RTIME period);

/* The next release point. -ETIMEDOUT: at once, @overruns_r (may be NULL) points before the last were missed;
 * -EWOULDBLOCK: no period. Context: a task. */
int rt_task_wait_period(unsigned long *overruns_r);

/* ---- messages between tasks. Context: a task; hardens; block ----------------------------------------- */

/*
 * Send @mcb_s, up to 65528 bytes, and wait for the reply, which is stored in @mcb_r, and returned is its
 * size; NULL: no data may be in it. From then on the receiver has at least the sender's priority.
 * -EWOULDBLOCK with TM_NONBLOCK: it does not wait for messages; -ENOBUFS: no room, there or here; -EIDRM: it
 * has ended; -ENOMEM: too long; -EDEADLK: the receiver waits for the caller.
 */
ssize_t rt_task_send(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, RTIME timeout);
ssize_t rt_task_send_until(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, RTIME timeout);
ssize_t rt_task_send_timed(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r,
			   const struct timespec *abs_timeout);

/* The next message, by the senders' priority: what to reply to, above 0. -ENOBUFS: it is larger than @mcb_r,
 * and its sender is told the same. */
int rt_task_receive(RT_TASK_MCB *mcb_r, RTIME timeout);
int rt_task_receive_until(RT_TASK_MCB *mcb_r, RTIME timeout);
int rt_task_receive_timed(RT_TASK_MCB *mcb_r, const struct timespec *abs_timeout);

/* In any order; @mcb_s NULL: nothing but that. -ENXIO: nobody waits for that reply, or no more; -EINVAL:
 * @flowid is 0 or below; -ENOBUFS: it is larger than what the sender has for it, which is told the same. */
int rt_task_reply(int flowid, RT_TASK_MCB *mcb_s);

#ifdef __cplusplus
}
#endif

#endif

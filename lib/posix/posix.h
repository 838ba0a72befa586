/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The POSIX skin, user side: glibc's calls on real-time threads, served by Keel.
 *
 * Who serves an object when real-time threads and ordinary ones of Linux (which are not attached) use
 * it? Until the first real-time thread there is (posix_active), glibc does, and a call costs one test
 * more. From then on an object of this process becomes the core's when a real-time thread first uses
 * it, and stays so until it is destroyed; the others stay glibc's. objects.c has the table: nothing of
 * an object's own storage is used, so static initialisers, and a std::mutex that is never destroyed,
 * need no care. A Linux thread that meets a core's object is attached on the spot, with the lowest
 * priority and without telling Linux ("weak"), and goes in-band again after each Keel call; a lock that
 * nobody contends takes neither. How an object changes hands with nobody stopped:
 *
 * R1 A mutex or rwlock is converted only by who holds it at glibc's level: it takes the core's, publishes
 *    the entry, and gives glibc's back. Who gets glibc's lock and then finds an entry gives it back and
 *    goes to the core. So nobody holds one at each level, and once converted glibc's is free for ever:
 *
 *	Linux thread			real-time thread
 *	no entry: glibc's lock, waits
 *					holds glibc's; core's lock; entry; glibc's unlock
 *	has glibc's; sees the entry:
 *	glibc's unlock; core's lock
 *
 * R2 A condition is converted by a waiter, who holds the mutex. All who wait at glibc's level are woken,
 *    for nothing as POSIX allows, and come back to wait at the core's. A signaller without the mutex who
 *    saw no entry signals glibc's, then looks again, and signals the core's too.
 * R3 A semaphore: publish, then move what is posted at glibc's level. Who posted there looks again
 *    afterwards, and moves too. Waiters there are let out by false posts ("kicks"), counted before they
 *    are made; who takes a post while there is a kick has taken the kick. Posts are all alike, so
 *    nothing is lost or made; one kick stays, for whoever still comes by the old way.
 * R4 A process-shared object is the core's from its initialisation on, for all processes with the skin, if
 *    Keel serves who initialises it (shared.c); else glibc's, as is what there is no room for.
 *
 * A mutex of the normal type without a protocol may be unlocked by another thread than its owner, as
 * glibc allows: it is a word and a semaphore of the core's. All others are the core's mutexes, with
 * inheritance. A condition is one of the core's with a mutex of its own inside, so it goes with either.
 */
#ifndef LIBKEEL_POSIX_H
#define LIBKEEL_POSIX_H

#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syslog.h>
#include <sys/timerfd.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <keel/sync.h>
#include "core.h"

/* The shared library has each function by both names; in the archive only the linker's --wrap leads
 * to it. */
#ifdef PIC
#define EXPORT(name)									\
	__asm__(".globl " #name "\n\t.type " #name ", @function\n\t"			\
		".set " #name ", __wrap_" #name)
#else
#define EXPORT(name) _Static_assert(1, #name)
#endif

/* What headers with _FORTIFY_SOURCE call. */
mqd_t __mq_open_2(const char *name, int flags);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t size);
ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list args);
int __vfprintf_chk(FILE *f, int flag, const char *format, va_list args);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list args);
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list args);

/* Not to be reached by way of a table. */
#define POSIX_HIDDEN __attribute__((visibility("hidden")))

/* ---- the ways back ------------------------------------------------------------------------------- */

#define X(name, version, group, mode) POSIX_CALL_##name,
enum posix_call {
#include "wrappers.list"
	POSIX_CALLS
};
#undef X

#define X(name, version, group, mode) __typeof__(name) *name;
struct posix_real {
#include "wrappers.list"
};
#undef X

/* Never before posix_real_find(), which every way to it has passed. */
extern struct posix_real posix_real;
extern int posix_found;
void posix_real_find(void);

static inline const struct posix_real *posix_real_get(void)
{
	if (__builtin_expect(!posix_found, 0))
		posix_real_find();
	return &posix_real;
}

#define REAL(name) (posix_real_get()->name)

/* ---- threads -------------------------------------------------------------------------------------- */

struct posix_counts {
	uint32_t core[POSIX_CALLS];
	uint32_t glibc[POSIX_CALLS];
	uint64_t relaxes[KEEL_RELAX_REASONS];
	uint64_t hardens;
	uint32_t threads, weak;
};

struct posix_self {
	struct posix_self *next, *prev;	/* (registry) */
	pthread_t thread;
	pid_t tid;			/* 0: not registered */
	pid_t pid;			/* when it was, with the next */
	uid_t uid;
	int inside;			/* libkeel is at work: all is glibc's */
	int rt;				/* it has SCHED_FIFO or SCHED_RR, and is attached */
	int was_rt;
	int sched_class;		/* of a real-time one: KEEL_CLASS_*, and PTHREAD_WARNSW and the like */
	int mode;
	int asked;			/* (a) another thread set its priority */
	int waits;			/* (a) it may be in the window of cancel.c, with the next */
	int told;			/* (a) by who cancels it */
	volatile int in_table;		/* it changes the table of objects, as its signal handlers see */
	struct posix_counts counts;
};

extern int posix_active POSIX_HIDDEN;	/* (a) there is, or was, a real-time thread */
extern __thread struct posix_self posix_self POSIX_HIDDEN __attribute__((tls_model("initial-exec")));

/* Known to others, and counted, from now on. */
void posix_self_register(struct posix_self *self);
/* What another thread asked for. */
void posix_self_obey(struct posix_self *self);
/* Thread @tid, or if that is 0, @thread, has priority @prio by Linux, 0 if it is not real-time any more: in the core
 * at once, what else there is to do it does at its next call, by posix_self_obey(). Of another process the
 * priority alone. A real-time caller comes back hard. Context: in-band. */
void posix_ask(pthread_t thread, pid_t tid, int prio);
/* That thread's id, if it is a real-time one; else, or when somebody is at the registry, 0. */
pid_t posix_tid_of(pthread_t thread);
int posix_tid_is_rt(pid_t tid);
/* The caller, attached, has the class that goes with Linux's @policy: 0 or a positive errno. */
int posix_class_follow(struct posix_self *self, int policy, int prio);
/* What came of unlocking a mutex, told by a signal if it was not the caller's. Returns @err. */
int posix_unlock_failed(int err);
/* Give the caller the policy that Linux has given it; SCHED_OTHER is 0. */
void posix_follow(int policy, int prio);

static inline struct posix_self *posix_me(void)
{
	struct posix_self *self = &posix_self;

	if (__builtin_expect(!self->tid, 0))
		posix_self_register(self);
	return self;
}

static inline int posix_is_active(void)
{
	return __atomic_load_n(&posix_active, __ATOMIC_ACQUIRE) && !posix_self.inside;
}

/* Not a child of vfork(), which has its parent's memory. Context: in-band. */
int posix_is_process(void);

/* The caller is a real-time thread. */
static inline int posix_is_rt(void)
{
	struct posix_self *self = posix_me();

	if (__builtin_expect(__atomic_load_n(&self->asked, __ATOMIC_RELAXED), 0))
		posix_self_obey(self);
	return self->rt && !self->inside;
}

#define CORE(name) (posix_me()->counts.core[POSIX_CALL_##name]++)
#define GLIBC(name) (posix_me()->counts.glibc[POSIX_CALL_##name]++)

/* Objects outlive threads: the device stays open. 0 or -errno. Context: in-band. */
int posix_device_hold(void);

/* Around Keel calls on an object: 0, or a positive errno when the caller cannot be attached. */
int posix_enter(void);
void posix_leave(void);

/* What came of a Keel call that waits, when it is neither 0 nor said otherwise: 1: once more; it has
 * slept a moment if Keel is stopped. */
int posix_again(long ret);

/* As libkeel_call5(), of a call that waits and is a cancellation point: who is cancelled in it has got nothing
 * by it. Context: attached; hardens. */
long posix_wait_call(long nr, long a, long b, long c, long d, long e);
/* That thread gets @sig if it may be in such a wait. */
void posix_waiter_signal(pthread_t thread, int sig);

/* ---- time ------------------------------------------------------------------------------------------ */

static inline int posix_time_ok(const struct timespec *ts)
{
	return ts->tv_nsec >= 0 && ts->tv_nsec < 1000000000;
}

/* In ns, at least 0; NULL is never. */
static inline int64_t posix_ns(const struct timespec *ts)
{
	if (!ts || ts->tv_sec >= KEEL_FOREVER / 1000000000)
		return KEEL_FOREVER;
	return ts->tv_sec < 0 ? 0 : ts->tv_sec * 1000000000LL + ts->tv_nsec;
}

static inline int64_t posix_later(int64_t now, int64_t ns)
{
	return ns < KEEL_FOREVER - now ? now + ns : KEEL_FOREVER;
}

/* A signal of the core's timer @core was taken: what Linux calls the timer. @overrun: in as the core counts, out as
 * the program asked for it. */
int posix_timer_taken(unsigned int core, unsigned int *overrun);
/* Linux's signal of a timer was taken: what came since it was sent, too, are overruns, if the timer is the core's. */
void posix_timer_accepted(siginfo_t *info);
/* After fork(): there are none. */
void posix_timers_child(void);

int __wrap_pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param);
int __wrap_sched_setscheduler(pid_t pid, int policy, const struct sched_param *param);
/* For the threads of timers. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg), void *arg);
int __wrap_nanosleep(const struct timespec *ts, struct timespec *left);

/* What is printed: there is a real-time thread; fork(). Context: in-band. */
void posix_print_begin(void);
void posix_print_prepare(void);
void posix_print_child(void);
void posix_log_child(void);

/* ---- objects ---------------------------------------------------------------------------------------- */

enum posix_type { POSIX_FREE, POSIX_MUTEX, POSIX_SEM, POSIX_COND, POSIX_RWLOCK, POSIX_BARRIER };

/* What the storage of a process-shared object has; nothing of glibc's looks like the magic. */
#define POSIX_MAGIC 0x64656b716b65656cull

struct posix_shared {
	uint64_t magic;			/* and the type */
	uint64_t key;			/* the core's object is called so */
	uint32_t word;			/* (a) posix_object.word, with the next */
	uint32_t debt;			/* (a) of a semaphore: see sem.c */
	uint16_t a, b;			/* what the core's is made with */
};

_Static_assert(sizeof(struct posix_shared) <= sizeof(sem_t), "sem_t");
_Static_assert(sizeof(struct posix_shared) <= sizeof(pthread_barrier_t), "pthread_barrier_t");

struct posix_object {
	const void *at;			/* (a) whose it is; NULL: never used */
	int type;			/* (a) POSIX_FREE: the object went */
	int plain;			/* a mutex: word and sem */
	uint32_t own __attribute__((aligned(8)));	/* (a) where word points to, unless it is shared */
	uint32_t debt;			/* (a) likewise behind it */
	uint32_t *word;			/* of a plain one: 0 free, 1 locked, 2 and somebody waits; of a
					 * condition: how many wait; of a semaphore: see sem.c */
	struct posix_shared *shared;	/* process-shared: its storage, or NULL */
	uint64_t key;			/* and the key that it had */
	int kicks;			/* (a) of a semaphore, R3 */
	int waits;			/* (a) of a mutex: so many are to lock it again behind a condition */
	int kept;			/* around fork(): held, or the count */
	struct keel_mutex mutex;	/* or the one inside a condition */
	struct keel_cond cond;
	struct keel_sem sem;
	struct keel_rwlock rwlock;
	struct keel_barrier barrier;
};

#define POSIX_PLACES	2048u		/* twice KEEL_MAX_OBJECTS: there is always one never used */

extern struct posix_object posix_objects[POSIX_PLACES] POSIX_HIDDEN;

/* Where most mutexes and semaphores are found at once: a place each, for whoever came first. */
struct posix_quick {
	const void *at;			/* (a) NULL: free */
	struct posix_object *o;		/* set before @at, and for good while that is there */
};

#define POSIX_QUICK_TYPES	POSIX_SEM	/* the first types */

extern struct posix_quick posix_quick[POSIX_QUICK_TYPES][POSIX_PLACES] POSIX_HIDDEN;

/* Objects have 8 bytes and more, at multiples of 8; those of one array, or on one stack, seldom meet. In bytes, as
 * the compiler makes three instructions less of it. */
static inline struct posix_quick *posix_quick_of(const void *at, enum posix_type type)
{
	uintptr_t place = (uintptr_t)at / 8 % POSIX_PLACES * 8;

	return (struct posix_quick *)((char *)posix_quick[type - 1] + place * (sizeof(struct posix_quick) / 8));
}

/* The core's object for that at @at, if it is found at once and is not shared: for what takes no call. The
 * caller may not be registered, or inside libkeel; what it counts is kept. Context: any; never blocks. */
static inline struct posix_object *posix_object_quick(const void *at, enum posix_type type)
{
	const struct posix_quick *q = posix_quick_of(at, type);

	if (q->at != at)
		return NULL;
	__atomic_signal_fence(__ATOMIC_ACQUIRE);	/* x86 keeps the order */
	if (!q->o)
		__builtin_unreachable();
	return q->o;
}

/* The core's object for that at @at, or NULL. Context: any; never blocks. */
struct posix_object *posix_object_find(const void *at, enum posix_type type);

/* Publish @o for @at: its place in the table, or what somebody else published meanwhile, or NULL: there is
 * no room. Context: in-band. */
struct posix_object *posix_object_add(const void *at, const struct posix_object *o);

/* Forget what was at @at: 0 or EBUSY, then nothing has changed. Context: in-band. */
int posix_object_drop(const void *at);

/* Another object begins there, whatever was there before: memory that was used without having been destroyed.
 * Context: in-band. */
void posix_object_forget(const void *at);

/* Delete what the core has for @o: 0 or EBUSY. Context: in-band. */
int posix_object_free(struct posix_object *o);

/* Whether both are the same objects of the core's. */
int posix_object_same(const struct posix_object *a, const struct posix_object *b);

static inline int posix_shared_is(const void *at, enum posix_type type)
{
	return __builtin_expect(*(const uint64_t *)at == POSIX_MAGIC + type, 0);
}

/* The core's for a shared one: 0, or EPERM, ENOMEM and the like. Context: any; goes in-band when this process
 * has not used it yet. */
int posix_shared_hold(const void *at, enum posix_type type, struct posix_object **o);

/* The core's for that at @at; NULL: it is glibc's. 0 or an error. */
static inline int posix_object_of(const void *at, enum posix_type type, struct posix_object **o)
{
	if (posix_shared_is(at, type))
		return posix_shared_hold(at, type, o);
	*o = posix_is_active() ? posix_object_find(at, type) : NULL;
	return 0;
}

/* For conditions. @m is locked by the caller: the core's, or NULL: it stays glibc's. */
struct posix_object *posix_mutex_hold(pthread_mutex_t *m, int convert);
int posix_mutex_take(struct posix_object *o, clockid_t clock, const struct timespec *until);
int posix_mutex_give(struct posix_object *o);

/* What several calls share: each says as which it is counted. Results are those of the pthread call. */
enum posix_how { POSIX_LOCK, POSIX_TRYLOCK, POSIX_TIMEDLOCK };

int posix_mutex_lock(enum posix_call call, enum posix_how how, pthread_mutex_t *m, clockid_t clock,
		     const struct timespec *until);
int posix_mutex_unlock(enum posix_call call, pthread_mutex_t *m);
int posix_cond_wait(enum posix_call call, pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
		    const struct timespec *until);
int posix_cond_signal(enum posix_call call, pthread_cond_t *c, int all);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that make a call for a row, hard ones and Linux's, and what is the same for every call that
 * waits. Context of all: the row's first thread.
 */
#ifndef TEST_ALCHEMY_CALLERS_H
#define TEST_ALCHEMY_CALLERS_H

#include "alchemy.h"

#define LINUX 0		/* in place of a priority: pthread_create() */

/* A thread that makes @call, and waits in it when this returns: @waiting tells how many do. NULL: it does
 * not wait. */
struct caller;
struct caller *caller_start(int prio, long (*call)(void), int (*waiting)(void));
/* It waits, whatever for, or does so soon; the same of any thread. */
void caller_waits(struct caller *c);
void thread_waits(pid_t tid);
/* It has got, or gets, @ret. */
void caller_ends(struct caller *c, long ret);
/* Its wait is ended by keel_thread_unblock(). */
void caller_unblock(struct caller *c);
/* Callers note when they have what they wanted: the order as letters of their priorities' rank. */
long note(char c, long ret);
const char *notes(void);

/* What a hard thread gets for @call. */
long hard_call(long (*call)(void));

/* @fn in a hard thread, here, and in a thread by pthread_create(). */
void everywhere(void (*fn)(void));

/* @fn, again and again in this thread, which is Linux's: it makes no Keel call. */
void makes_no_call(void (*fn)(void));

/* Of a call that would wait, and is not satisfied: each form of its time. */
void times_relative(long (*call)(RTIME timeout));
void times_until(long (*call)(RTIME date));
void times_timed(long (*call)(const struct timespec *date));

/* A call that waits for ever, in a hard thread and in one of Linux's, is ended by @give, with @gives; by
 * unblock with -EINTR; by @delete, with -EIDRM, after which the object is not there any more. */
struct contract {
	void (*create)(void);		/* the object, so that the call waits */
	void (*delete)(void);
	long (*call)(void);
	int (*waiting)(void);
	void (*give)(void);
	long gives;
};

void contract(const struct contract *c);

/* What @create makes, so that the call waits, is waited for without a limit: unblock ends it with -EINTR, @delete with
 * -EIDRM. */
void ends_until(long (*call)(RTIME date), void (*create)(void), void (*delete)(void));
void ends_timed(long (*call)(const struct timespec *date), void (*create)(void), void (*delete)(void));

/* Fewer than @most can be created: then -ENOMEM, and as before when they are deleted. */
void exhausts(long (*create)(int i), long (*delete)(int i), int most);

#define EXHAUSTS(type, TYPE, most, create_)						\
	static TYPE many[most];								\
											\
	static long many_create(int i)							\
	{										\
		return create_;								\
	}										\
											\
	static long many_delete(int i)							\
	{										\
		return rt_##type##_delete(&many[i]);					\
	}										\
											\
	static void many_too_many(void)							\
	{										\
		exhausts(many_create, many_delete, most);				\
	}

/* From now on this process is of a session, as its children. */
void session(void);

/* Binding: @bind is the type's, @create makes the object with the name NAME, @delete deletes what is bound, and
 * @use shows that it is the one. In this process and between two. */
#define NAME "a name with blanks"

struct binding {
	int (*bind)(const char *name, RTIME timeout);
	int (*unbind)(void);
	long (*create)(void);		/* 0 */
	long (*delete)(void);
	void (*use)(void);		/* what is bound */
	int (*seen)(void);		/* by who created it: it was used */
};

/* All of it for one type, of which the file has the object @type; @create makes it, named. The file also has
 * use() and seen(). */
#define BINDING(type, TYPE, create_)							\
	static TYPE bound;								\
											\
	static int bind(const char *name, RTIME timeout)				\
	{										\
		return rt_##type##_bind(&bound, name, timeout);				\
	}										\
											\
	static int unbind(void)								\
	{										\
		return rt_##type##_unbind(&bound);					\
	}										\
											\
	static long create_named(void)							\
	{										\
		return create_;								\
	}										\
											\
	static long delete_named(void)							\
	{										\
		return rt_##type##_delete(&type);					\
	}										\
											\
	static void use(void);								\
	static int seen(void);								\
	static const struct binding names = {						\
		bind, unbind, create_named, delete_named, use, seen			\
	};										\
											\
	ROW(rt_##type##_unbind)								\
	{										\
		unbinding(&names);							\
	}

void binding(const struct binding *b);
/* The same of a process's own. */
void unbinding(const struct binding *b);

#endif

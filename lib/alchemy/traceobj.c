// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <copperplate/traceobj.h>
#include <keel/keel.h>

/* What a thread has entered: one that is deleted in it leaves it all the same. */
static pthread_key_t inside;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void leave(void *trobj)
{
	traceobj_unwind(trobj);
}

static void inside_create(void)
{
	pthread_key_create(&inside, leave);
}

void traceobj_init(struct traceobj *trobj, const char *label, int nr_marks)
{
	pthread_mutexattr_t attr;

	pthread_once(&once, inside_create);
	/* A mark may preempt one that is being left, on the same CPU. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&trobj->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_cond_init(&trobj->done, NULL);
	trobj->label = label;
	trobj->room = nr_marks;
	trobj->count = 0;
	trobj->threads = 0;
	trobj->marks = calloc(nr_marks ? nr_marks : 1, sizeof(*trobj->marks));
	if (!trobj->marks)
		abort();
}

void traceobj_destroy(struct traceobj *trobj)
{
	free(trobj->marks);
	pthread_cond_destroy(&trobj->done);
	pthread_mutex_destroy(&trobj->lock);
}

void traceobj_enter(struct traceobj *trobj)
{
	__atomic_fetch_add(&trobj->threads, 1, __ATOMIC_ACQ_REL);
	pthread_setspecific(inside, trobj);
}

/* The last one wakes who joins, by Linux, and is not to be warned of that. */
void traceobj_unwind(struct traceobj *trobj)
{
	pthread_setspecific(inside, NULL);
	if (__atomic_load_n(&trobj->threads, __ATOMIC_ACQUIRE) == 1)
		keel_relax();
	pthread_mutex_lock(&trobj->lock);
	if (!__atomic_sub_fetch(&trobj->threads, 1, __ATOMIC_ACQ_REL))
		pthread_cond_broadcast(&trobj->done);
	pthread_mutex_unlock(&trobj->lock);
}

void traceobj_exit(struct traceobj *trobj)
{
	traceobj_unwind(trobj);
}

void traceobj_join(struct traceobj *trobj)
{
	pthread_mutex_lock(&trobj->lock);
	while (__atomic_load_n(&trobj->threads, __ATOMIC_ACQUIRE) > 0)
		pthread_cond_wait(&trobj->done, &trobj->lock);
	pthread_mutex_unlock(&trobj->lock);
}

/* Without a system call: the order is what is looked at. */
void __traceobj_mark(struct traceobj *trobj, const char *file, int line, int mark)
{
	int at = __atomic_fetch_add(&trobj->count, 1, __ATOMIC_ACQ_REL);

	if (at >= trobj->room) {
		fprintf(stderr, "%s:%d: %s: mark %d is one too many\n", file, line, trobj->label, mark);
		_exit(1);
	}
	trobj->marks[at] = mark;
}

void __traceobj_assert_failed(struct traceobj *trobj, const char *file, int line, const char *cond)
{
	fprintf(stderr, "%s:%d: %s: not so: %s\n", file, line, trobj->label, cond);
	_exit(1);
}

void traceobj_verify(struct traceobj *trobj, int tseq[], int nr_seq)
{
	int count = __atomic_load_n(&trobj->count, __ATOMIC_ACQUIRE), i;

	for (i = 0; i < nr_seq && i < count && trobj->marks[i] == tseq[i]; i++)
		;
	if (i == nr_seq && i == count)
		return;
	fprintf(stderr, "%s: mark %d is not as expected; marks:", trobj->label, i + 1);
	for (i = 0; i < count; i++)
		fprintf(stderr, " %d", trobj->marks[i]);
	fprintf(stderr, "\n");
	_exit(1);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Counting semaphores. A waiter that a post has won for does not look at the count again: the
 * post is its own, and nobody who comes in between can take it away.
 */
#include "nucleus/sem.h"
#include "nucleus/sched.h"
#include "nucleus/sweep.h"

int nk_sem_init(struct nk_sem *s, unsigned int count, unsigned int max)
{
	if (!max || max > NK_SEM_MAX || count > max)
		return -NK_EINVAL;
	nk_waitq_init(&s->wq);
	s->count = count;
	s->max = max;
	s->pulse = 0;
	s->value = (struct nk_value){ .word = NULL };
	return 0;
}

void nk_sem_pulse(struct nk_sem *s)
{
	s->pulse = 1;
}

void nk_sem_share(struct nk_sem *s, nk_u64 *word, nk_u32 id)
{
	nk_value_share(&s->value, word, id, s->count);
}

/* A process may have written more than there can be. */
static nk_cold void sem_claim_slow(struct nk_sem *s)
{
	nk_value_claim(&s->value, &s->count);
	s->count &= NK_SEM_MAX;
}

/* Around each look at the count. */
static inline void sem_claim_locked(struct nk_sem *s)
{
	if (nk_unlikely(s->value.open))
		sem_claim_slow(s);
}

static inline void sem_leave(struct nk_sem *s)
{
	nk_value_release_locked(&s->value, &s->wq, s->count);
	nk_lock_release(&s->wq.lock);
}

/* User space is not to post or take any more when the queue is closed. */
static void sem_claim(struct nk_sem *s)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&s->wq.lock);
	sem_claim_locked(s);
	s->value.word = NULL;
	nk_lock_release(&s->wq.lock);
	hal_oob_restore(flags);
}

int nk_sem_destroy(struct nk_sem *s)
{
	sem_claim(s);
	nk_waitq_close(&s->wq);
	return nk_waitq_destroy(&s->wq);
}

static int take_locked(struct nk_sem *s)
{
	if (s->wq.closed)
		return -NK_EIDRM;
	sem_claim_locked(s);
	if (!s->count)
		return -NK_EWOULDBLOCK;
	s->count--;
	return 0;
}

int nk_sem_wait(struct nk_sem *s, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_waitq_enter(&s->wq, flags);
	ret = take_locked(s);
	if (ret == -NK_EWOULDBLOCK)
		ret = nk_wait_block_locked(&s->wq, deadline);
	else
		sem_leave(s);
	hal_oob_restore(flags);
	return ret;
}

int nk_sem_trywait(struct nk_sem *s)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_waitq_enter(&s->wq, flags);
	ret = take_locked(s);
	sem_leave(s);
	hal_oob_restore(flags);
	return ret;
}

static int give_locked(struct nk_sem *s)
{
	if (s->wq.closed)
		return -NK_EIDRM;
	if (nk_wait_wake_locked(&s->wq, 0))
		return 0;
	sem_claim_locked(s);
	if (s->count == s->max || s->pulse)
		return -NK_EOVERFLOW;
	s->count++;
	nk_watch_notify_locked(&s->wq);
	nk_value_release_locked(&s->value, &s->wq, s->count);
	return 0;
}

int nk_sem_give(struct nk_sem *s)
{
	int ret;

	nk_lock_acquire(&s->wq.lock);
	ret = give_locked(s);
	nk_lock_release(&s->wq.lock);
	return ret;
}

int nk_sem_post(struct nk_sem *s)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_waitq_enter(&s->wq, flags);
	ret = give_locked(s);
	nk_lock_release(&s->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

int nk_sem_broadcast(struct nk_sem *s, int error)
{
	return nk_wait_flush(&s->wq, error);
}

unsigned int nk_sem_count(const struct nk_sem *s)
{
	return nk_value_read(&s->value, &s->count) & NK_SEM_MAX;
}

int nk_sem_is_ready(const struct nk_waitq *wq)
{
	struct nk_sem *s = nk_container_of(wq, struct nk_sem, wq);

	sem_claim_locked(s);
	return s->count != 0;
}

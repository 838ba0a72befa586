// SPDX-License-Identifier: GPL-2.0
/*
 * Byte buffers. Each side has a mutex, so that at most one reads and one writes: these two share
 * nothing but head and tail, and copy without the lock of the wait queue.
 *
 * B1 only the one with read.turn changes tail, only the one with write.turn changes head, both with
 *    the wait queue locked;
 * B2 tail <= head <= tail + size;
 * B3 not both ends wait: the later one takes what there is instead.
 *
 *	read 80 of 100, CPU 0			write 60, CPU 1
 *						room is 50: needs = 60; waits
 *	fill is 50, the writer waits:
 *	takes 50; room is 100: wakes it
 */
#include "nucleus/buffer.h"
#include "nucleus/copy.h"
#include "nucleus/sched.h"

int nk_buffer_init(struct nk_buffer *b, char *area, unsigned long size)
{
	if (!size || size > NK_BUFFER_SIZE)
		return -NK_EINVAL;
	*b = (struct nk_buffer){ .area = area, .size = size };
	nk_waitq_init(&b->wq);
	nk_mutex_init(&b->read.turn);
	nk_mutex_init(&b->write.turn);
	return 0;
}

/* Who waits for a turn gets it from the one before, and finds the buffer closed. */
int nk_buffer_destroy(struct nk_buffer *b)
{
	int err;

	nk_waitq_close(&b->wq);
	err = nk_waitq_destroy(&b->wq);
	if (!err && (b->read.turn.owner || b->write.turn.owner))
		err = -NK_EBUSY;
	return err;
}

unsigned long nk_buffer_fill(const struct nk_buffer *b)
{
	unsigned long tail = __atomic_load_n(&b->tail, __ATOMIC_RELAXED);

	return __atomic_load_n(&b->head, __ATOMIC_RELAXED) - tail;
}

/* How much @end could do now. */
static unsigned long end_possible(const struct nk_buffer *b, const struct nk_buffer_end *end)
{
	unsigned long fill = b->head - b->tail;

	return end == &b->read ? fill : b->size - fill;
}

static int end_turn(struct nk_mutex *m, nk_time_t deadline)
{
	int err = deadline ? nk_mutex_lock(m, deadline) : nk_mutex_trylock(m);

	return err == -NK_EBUSY ? -NK_EWOULDBLOCK : err;
}

/* Wait until @end can do @size: returns how much, or an error. */
static long end_wait(struct nk_buffer *b, struct nk_buffer_end *end, unsigned long size,
		     nk_time_t deadline)
{
	struct nk_buffer_end *other = end == &b->read ? &b->write : &b->read;
	unsigned long most;
	long ret;

	nk_lock_acquire(&b->wq.lock);
	most = end_possible(b, end);
	if (b->wq.closed) {
		ret = -NK_EIDRM;
	} else if (most >= size) {
		ret = (long)size;
	} else if (!deadline) {
		ret = -NK_EWOULDBLOCK;
	} else if (other->needs && most) {
		ret = (long)most;
	} else {
		end->needs = size;
		ret = nk_wait_block_locked(&b->wq, deadline);
		nk_lock_acquire(&b->wq.lock);
		end->needs = 0;
		if (!ret)	/* whoever ended the wait did so for this much */
			ret = (long)(end_possible(b, end) < size ? end_possible(b, end) : size);
	}
	nk_lock_release(&b->wq.lock);
	return ret;
}

/* @end has done @n. The other one goes on if that is enough for it. */
static void end_done(struct nk_buffer *b, struct nk_buffer_end *end, unsigned long n)
{
	struct nk_buffer_end *other = end == &b->read ? &b->write : &b->read;

	nk_lock_acquire(&b->wq.lock);
	*(end == &b->read ? &b->tail : &b->head) += n;
	if (other->needs && end_possible(b, other) >= other->needs) {
		other->needs = 0;
		nk_wait_wake_locked(&b->wq, 0);
	}
	if (end == &b->write && b->head - b->tail == n)
		nk_watch_notify_locked(&b->wq);
	nk_lock_release(&b->wq.lock);
}

/* The @n bytes from @at on, which may go round the end of the ring. */
static int ring_copy(struct nk_buffer *b, int out, unsigned long at, char *user, unsigned long n)
{
	unsigned long first = b->size - at % b->size;
	char *ring = b->area + at % b->size;
	int err;

	if (first > n)
		first = n;
	if (out) {
		err = nk_copy_out(user, ring, first);
		return err ? err : nk_copy_out(user + first, b->area, n - first);
	}
	err = nk_copy_in(ring, user, first);
	return err ? err : nk_copy_in(b->area, user + first, n - first);
}

static long end_move(struct nk_buffer *b, struct nk_buffer_end *end, char *user,
		     unsigned long size, nk_time_t deadline)
{
	hal_flags_t flags;
	int out = end == &b->read, err;
	long n;

	if (!size || size > b->size)
		return -NK_EINVAL;
	flags = hal_oob_save();
	n = end_turn(&end->turn, deadline);
	if (!n) {
		n = end_wait(b, end, size, deadline);
		if (n > 0) {
			err = ring_copy(b, out, out ? b->tail : b->head, user, (unsigned long)n);
			end_done(b, end, err ? 0 : (unsigned long)n);
			n = err ? err : n;
		}
		nk_mutex_unlock(&end->turn);
	}
	nk_sched();
	hal_oob_restore(flags);
	return n;
}

long nk_buffer_write(struct nk_buffer *b, const void *from, unsigned long size, nk_time_t deadline)
{
	return end_move(b, &b->write, (char *)from, size, deadline);
}

long nk_buffer_read(struct nk_buffer *b, void *to, unsigned long size, nk_time_t deadline)
{
	return end_move(b, &b->read, to, size, deadline);
}

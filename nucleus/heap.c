// SPDX-License-Identifier: GPL-2.0
/*
 * A two-level segregated fit. Sizes are in units. Below NK_HEAP_FINE each size has its list; above,
 * each power of two is divided into NK_HEAP_FINE lists, and every block of a list further on is large
 * enough for all sizes that belong to this one. So the first block of the next list that has any will
 * do, and two bit searches find it.
 *
 * H1 the blocks lie one behind the other and fill the area; before names the one in front;
 * H2 no two free blocks are neighbours;
 * H3 a free block is in the list of its size, and only free blocks are in lists;
 * H4 a bit is set when its list, or row of lists, has blocks;
 * H5 used is the sum of the blocks in use.
 */
#include "nucleus/heap.h"
#include "nucleus/sched.h"

#define FINE_SHIFT 4

struct heap_wish {
	nk_u32 units;
	nk_u32 at;
};

struct heap_list {
	nk_u32 power, fine;
};

static nk_u32 log2_of(nk_u32 n)
{
	return 31 - (nk_u32)__builtin_clz(n);
}

static struct heap_list heap_list_of(nk_u32 units)
{
	nk_u32 log = log2_of(units);

	if (units < NK_HEAP_FINE)
		return (struct heap_list){ 0, units };
	return (struct heap_list){ log - FINE_SHIFT + 1, (units >> (log - FINE_SHIFT)) % NK_HEAP_FINE };
}

static void heap_list_add(struct nk_heap *h, nk_u32 at)
{
	struct heap_list l = heap_list_of(h->blocks[at].units);
	nk_u32 *first = &h->first[l.power][l.fine];

	h->blocks[at].next = *first;
	h->blocks[at].prev = NK_HEAP_NONE;
	if (*first != NK_HEAP_NONE)
		h->blocks[*first].prev = at;
	*first = at;
	h->fine[l.power] |= 1u << l.fine;
	h->powers |= 1u << l.power;
}

static void heap_list_del(struct nk_heap *h, nk_u32 at)
{
	struct heap_list l = heap_list_of(h->blocks[at].units);
	struct nk_heap_block *b = &h->blocks[at];

	if (b->next != NK_HEAP_NONE)
		h->blocks[b->next].prev = b->prev;
	if (b->prev != NK_HEAP_NONE) {
		h->blocks[b->prev].next = b->next;
		return;
	}
	h->first[l.power][l.fine] = b->next;
	if (b->next != NK_HEAP_NONE)
		return;
	h->fine[l.power] &= ~(1u << l.fine);
	if (!h->fine[l.power])
		h->powers &= ~(1u << l.power);
}

static int heap_is_free(const struct nk_heap *h, nk_u32 at)
{
	return h->blocks[at].prev != NK_HEAP_USED;
}

int nk_heap_init(struct nk_heap *h, struct nk_heap_block *blocks, nk_u32 units)
{
	int i, j;

	if (!units || units > NK_HEAP_UNITS)
		return -NK_EINVAL;
	nk_waitq_init(&h->wq);
	h->blocks = blocks;
	h->units = units;
	h->used = 0;
	h->powers = 0;
	for (i = 0; i < NK_HEAP_POWERS; i++) {
		h->fine[i] = 0;
		for (j = 0; j < NK_HEAP_FINE; j++)
			h->first[i][j] = NK_HEAP_NONE;
	}
	__builtin_memset(blocks, 0, (unsigned long)units * sizeof(*blocks));
	blocks[0].units = units;
	blocks[0].before = NK_HEAP_NONE;
	heap_list_add(h, 0);
	return 0;
}

int nk_heap_destroy(struct nk_heap *h)
{
	nk_waitq_close(&h->wq);
	return nk_waitq_destroy(&h->wq);
}

/* ---- take and give back ----------------------------------------------------------------------- */

/* A free block of at least @units, or NK_HEAP_NONE. The first of the very list of @units may do too. */
static nk_u32 heap_find(const struct nk_heap *h, nk_u32 units)
{
	struct heap_list own = heap_list_of(units), l = own;
	nk_u32 log = log2_of(units), bits, at;

	if (units >= NK_HEAP_FINE)
		l = heap_list_of(units + (1u << (log - FINE_SHIFT)) - 1);
	bits = h->fine[l.power] & (~0u << l.fine);
	if (!bits) {
		l.power++;
		bits = l.power < NK_HEAP_POWERS ? h->powers & (~0u << l.power) : 0;
		if (bits) {
			l.power = (nk_u32)__builtin_ctz(bits);
			bits = h->fine[l.power];
		}
	}
	if (bits)
		return h->first[l.power][__builtin_ctz(bits)];
	at = h->first[own.power][own.fine];
	return at != NK_HEAP_NONE && h->blocks[at].units >= units ? at : NK_HEAP_NONE;
}

static void heap_follow_up(struct nk_heap *h, nk_u32 at)
{
	nk_u32 next = at + h->blocks[at].units;

	if (next < h->units)
		h->blocks[next].before = at;
}

/* The wait queue is locked, here and below. */
static nk_u32 heap_take(struct nk_heap *h, nk_u32 units)
{
	nk_u32 at = heap_find(h, units), rest;
	struct nk_heap_block *b;

	if (at == NK_HEAP_NONE)
		return at;
	b = &h->blocks[at];
	heap_list_del(h, at);
	if (b->units > units) {
		rest = at + units;
		h->blocks[rest].units = b->units - units;
		h->blocks[rest].before = at;
		b->units = units;
		heap_follow_up(h, rest);
		heap_list_add(h, rest);
	}
	b->prev = NK_HEAP_USED;
	h->used += units;
	return at;
}

/* The free block @second, right behind the free @first, becomes part of it; neither is in a list. */
static void heap_join(struct nk_heap *h, nk_u32 first, nk_u32 second)
{
	h->blocks[first].units += h->blocks[second].units;
	h->blocks[second].units = 0;
	heap_follow_up(h, first);
}

static void heap_give_back(struct nk_heap *h, nk_u32 at)
{
	nk_u32 before = h->blocks[at].before, next = at + h->blocks[at].units;

	h->used -= h->blocks[at].units;
	if (next < h->units && heap_is_free(h, next)) {
		heap_list_del(h, next);
		heap_join(h, at, next);
	}
	if (before != NK_HEAP_NONE && heap_is_free(h, before)) {
		heap_list_del(h, before);
		heap_join(h, before, at);
		at = before;
	}
	heap_list_add(h, at);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

/* The first waiter, if there is enough for it: it does the same for the next. Nobody is served before
 * one above it, or who asks for much would wait for ever. */
static void heap_serve(struct nk_heap *h)
{
	struct nk_plist_node *n = nk_plist_first(&h->wq.waiters);
	struct heap_wish *wish;
	struct nk_thread *t;
	nk_u32 at;

	for (; n; n = nk_plist_next(&h->wq.waiters, n)) {
		t = nk_container_of(n, struct nk_thread, wait_node);
		wish = t->wait_data;
		at = heap_take(h, wish->units);
		if (at == NK_HEAP_NONE)
			return;
		wish->at = at;
		if (nk_wait_wake_this_locked(&h->wq, t, 0))
			return;
		heap_give_back(h, at);	/* its wait has ended otherwise */
	}
}

static long heap_wait_for(struct nk_heap *h, nk_u32 units, nk_time_t deadline)
{
	struct heap_wish wish = { .units = units };
	int err;

	nk_thread_current()->wait_data = &wish;
	err = nk_wait_block_locked(&h->wq, deadline);
	nk_lock_acquire(&h->wq.lock);
	heap_serve(h);
	return err ? err : (long)wish.at * NK_HEAP_UNIT;
}

long nk_heap_alloc(struct nk_heap *h, unsigned long size, nk_time_t deadline)
{
	nk_u32 units = (nk_u32)((size + NK_HEAP_UNIT - 1) / NK_HEAP_UNIT), at = NK_HEAP_NONE;
	hal_flags_t flags;
	long ret;

	if (!size || size > (unsigned long)h->units * NK_HEAP_UNIT)
		return -NK_EINVAL;
	flags = hal_oob_save();
	nk_lock_acquire(&h->wq.lock);
	if (!h->wq.closed && (nk_plist_empty(&h->wq.waiters) ||
			      nk_plist_top(&h->wq.waiters) < (nk_thread_current()->eprio & h->wq.by_prio)))
		at = heap_take(h, units);
	if (h->wq.closed)
		ret = -NK_EIDRM;
	else if (at != NK_HEAP_NONE)
		ret = (long)at * NK_HEAP_UNIT;
	else if (!deadline)
		ret = -NK_EWOULDBLOCK;
	else
		ret = heap_wait_for(h, units, deadline);
	nk_lock_release(&h->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

int nk_heap_free(struct nk_heap *h, unsigned long at)
{
	unsigned long unit = at / NK_HEAP_UNIT;
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EINVAL;

	nk_lock_acquire(&h->wq.lock);
	if (at % NK_HEAP_UNIT == 0 && unit < h->units && h->blocks[unit].units &&
	    !heap_is_free(h, (nk_u32)unit)) {
		heap_give_back(h, (nk_u32)unit);
		heap_serve(h);
		ret = 0;
	}
	nk_lock_release(&h->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

unsigned long nk_heap_used(const struct nk_heap *h)
{
	return (unsigned long)__atomic_load_n(&h->used, __ATOMIC_RELAXED) * NK_HEAP_UNIT;
}

/* ---- check ------------------------------------------------------------------------------------ */

/* H3 and H4; how many blocks are in lists, or -1. */
static int heap_lists_check(const struct nk_heap *h)
{
	nk_u32 i, j, at, count = 0;
	struct heap_list l;

	for (i = 0; i < NK_HEAP_POWERS; i++) {
		if (!(h->powers >> i & 1) != !h->fine[i])
			return -1;
		for (j = 0; j < NK_HEAP_FINE; j++) {
			if ((h->fine[i] >> j & 1) != (h->first[i][j] != NK_HEAP_NONE))
				return -1;
			for (at = h->first[i][j]; at != NK_HEAP_NONE; at = h->blocks[at].next, count++) {
				l = heap_list_of(h->blocks[at].units);
				if (!heap_is_free(h, at) || l.power != i || l.fine != j)
					return -1;
			}
		}
	}
	return (int)count;
}

int nk_heap_check(const struct nk_heap *h)
{
	nk_u32 at, before = NK_HEAP_NONE, used = 0;
	int in_lists = heap_lists_check(h);

	if (in_lists < 0)
		return 4;
	for (at = 0; at < h->units; before = at, at += h->blocks[at].units) {
		if (!h->blocks[at].units || h->blocks[at].before != before)
			return 1;
		if (!heap_is_free(h, at))
			used += h->blocks[at].units;
		else if (before != NK_HEAP_NONE && heap_is_free(h, before))
			return 2;
		else
			in_lists--;
	}
	if (at != h->units)
		return 1;
	if (in_lists)
		return 3;
	return used == h->used ? 0 : 5;
}

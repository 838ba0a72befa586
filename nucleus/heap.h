/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory in blocks of any size out of one area, in constant time whatever is in use: two levels of
 * free lists by size, a block is split when taken and joined with its neighbours when given back.
 *
 * What Keel knows of the area lies outside of it, so whoever writes there destroys only what is his;
 * and a block that is not there, or free already, is told from one that is.
 */
#ifndef NUCLEUS_HEAP_H
#define NUCLEUS_HEAP_H

#include "nucleus/wait.h"

#define NK_HEAP_UNIT	64u		/* bytes; what all sizes are rounded up to */
#define NK_HEAP_UNITS	(1u << 18)	/* in the largest heap */
#define NK_HEAP_FINE	16		/* lists for each power of two */
#define NK_HEAP_POWERS	16

/* Of the unit that a block begins with; units are counted from 0. */
struct nk_heap_block {
	nk_u32 units;		/* in this block; 0: none begins here */
	nk_u32 before;		/* where the one in front of it begins; NK_HEAP_NONE: it is the first */
	nk_u32 next, prev;	/* in its list when free; prev NK_HEAP_USED when not */
};

#define NK_HEAP_NONE	0xffffffffu
#define NK_HEAP_USED	0xfffffffeu

struct nk_heap {
	struct nk_waitq wq;		/* who waits for memory */
	struct nk_heap_block *blocks;	/* (c) one for each unit */
	nk_u32 units;			/* (c) */
	nk_u32 used;			/* (w) units in use */
	nk_u32 powers;			/* (w) bit i: fine[i] is not 0 */
	nk_u32 fine[NK_HEAP_POWERS];	/* (w) bit j: first[i][j] has blocks */
	nk_u32 first[NK_HEAP_POWERS][NK_HEAP_FINE]; /* (w) */
};

/* @blocks: @units of them, for an area of so many NK_HEAP_UNIT. 0, or -EINVAL: none or too many.
 * Context: any; never blocks; writes all of @blocks. */
int nk_heap_init(struct nk_heap *h, struct nk_heap_block *blocks, nk_u32 units);

/* As nk_sem_destroy(). Context: any; may switch; takes the wait queue's lock. */
int nk_heap_destroy(struct nk_heap *h);

/* @size bytes: where they begin in the area. @deadline ends the wait for them, which is served by
 * priority; 0: -EWOULDBLOCK instead. -EINVAL: 0, or more than the area; -ETIMEDOUT, -EINTR, -EIDRM.
 * Context: oob; may block; takes the wait queue's lock. */
long nk_heap_alloc(struct nk_heap *h, unsigned long size, nk_time_t deadline);

/* 0, or -EINVAL: no block in use begins at @at. Context: any; may switch; takes the lock. */
int nk_heap_free(struct nk_heap *h, unsigned long at);

/* Bytes in use. Context: any; old as soon as it is read. */
unsigned long nk_heap_used(const struct nk_heap *h);

/* 0 when the invariants of heap.c hold, else the number of the broken one.
 * Context: nobody else at it; looks at every block. */
int nk_heap_check(const struct nk_heap *h);

#endif

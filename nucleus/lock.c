// SPDX-License-Identifier: GPL-2.0
/*
 * The checks behind nk_lock in NK_DEBUG builds: a list of held locks per CPU.
 */
#include "nucleus/lock.h"

static struct {
	const struct nk_lock *lock[NK_LOCK_DEPTH];
	int count;
} held[HAL_MAX_CPUS];

static int in_order(const struct nk_lock *first, const struct nk_lock *second)
{
	if (first->rank != second->rank)
		return first->rank < second->rank;
	if (first->rank < NK_RANK_THREAD && first->rank != NK_RANK_CLASS)
		return 0;
	return (nk_uintptr)first < (nk_uintptr)second;
}

void nk_lock_check_order(const struct nk_lock *lock)
{
	int cpu = hal_cpu();
	int i;

	nk_assert_masked();
	nk_assert(lock->rank);
	for (i = 0; i < held[cpu].count; i++)
		nk_assert(in_order(held[cpu].lock[i], lock));
}

void nk_lock_note_acquired(struct nk_lock *lock)
{
	int cpu = hal_cpu();

	nk_assert(held[cpu].count < NK_LOCK_DEPTH);
	held[cpu].lock[held[cpu].count++] = lock;
	lock->owner = cpu + 1;
}

/* Mostly the last one taken, but locks may be released in any order. */
void nk_lock_note_released(struct nk_lock *lock)
{
	int cpu = hal_cpu();
	int i;

	nk_assert(lock->owner == cpu + 1);
	lock->owner = 0;
	for (i = held[cpu].count - 1; held[cpu].lock[i] != lock; i--)
		;
	held[cpu].count--;
	for (; i < held[cpu].count; i++)
		held[cpu].lock[i] = held[cpu].lock[i + 1];
}

int nk_lock_count(int cpu)
{
	return held[cpu].count;
}

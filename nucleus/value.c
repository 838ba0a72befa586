// SPDX-License-Identifier: GPL-2.0
/*
 * The word by which user space changes a semaphore or event without a call. It lies in memory that
 * the process can write, and says two things that are always read and written together:
 *
 *	id of the object | value	the value is this, and Keel does not know it
 *	0 | 0				Keel has it: make the call
 *
 * User space:
 *	1. read both. The id is not there, or the value is not one that may be changed without anybody
 *	   else's doing (no count to take, bits that do not meet the wish): the call
 *	2. compare and swap: the same id, the new value. If that fails: from 1 on
 * Keel, in each call that looks at the object, with its wait queue locked:
 *	3. claim, unless claimed: exchange for 0 | 0, in one instruction, and that once. The compare and
 *	   swap of 2 fails from here on
 *	4. do what the call is for, by its own value alone
 *	5. release: nobody waits, nobody watches, it is not closed: write id and value
 *
 *	post, CPU 0, in user space		wait, CPU 1
 *	reads id | 0
 *						lock; claim: 0; on the queue; unlock
 *	swap id | 0 -> id | 1 fails
 *	reads 0 | 0: call; lock; claimed
 *	wakes it
 *
 *	post, CPU 0, in user space		wait, CPU 1
 *	swap id | 0 -> id | 1
 *						lock; claim: 1; takes it; release: id | 0; unlock
 *
 * A swap that was late by a claim and a release (id | 0 again) is as good as one made afterwards: the word
 * is all the state there is while user space has it.
 *
 *	watch, CPU 0				post, CPU 1, in user space
 *	lock; on the list; claim: 0; unlock
 *						reads 0 | 0: call; notifies
 *
 * V1 Keel reads a word once per claim. Whatever a process writes there becomes the value of an object of its
 *    own, which the object's own rules bound;
 * V2 no loop of Keel's depends on the word;
 * V3 who waits or watches has seen the value claimed, and it stays so while anybody does.
 */
#include "nucleus/value.h"

static nk_u64 value_with_id(nk_u32 id, nk_u32 value)
{
	return (nk_u64)id << 32 | value;
}

void nk_value_share(struct nk_value *v, nk_u64 *word, nk_u32 id, nk_u32 value)
{
	v->word = word;
	v->id = id;
	v->open = 1;
	__atomic_store_n(word, value_with_id(id, value), __ATOMIC_RELEASE);
}

nk_u32 nk_value_read(const struct nk_value *v, const nk_u32 *own)
{
	nk_u64 now = v->word ? __atomic_load_n(v->word, __ATOMIC_RELAXED) : 0;

	return v->word && now >> 32 == v->id ? (nk_u32)now : __atomic_load_n(own, __ATOMIC_RELAXED);
}

/* Step 3. */
nk_cold void nk_value_claim(struct nk_value *v, nk_u32 *own)
{
	*own = (nk_u32)__atomic_exchange_n(v->word, 0, __ATOMIC_ACQ_REL);
	v->open = 0;
}

/* Step 5. */
nk_cold void nk_value_release(struct nk_value *v, struct nk_waitq *wq, nk_u32 own)
{
	nk_assert_held(&wq->lock);
	if (v->open || wq->closed || wq->sweep || !nk_plist_empty(&wq->waiters) || !nk_list_empty(&wq->watches))
		return;
	v->open = 1;
	__atomic_store_n(v->word, value_with_id(v->id, own), __ATOMIC_RELEASE);
}

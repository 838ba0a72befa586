// SPDX-License-Identifier: GPL-2.0
/*
 * The word by which user space takes a mutex without a call. It lies in memory that the process can
 * write. What it may say, and whose the mutex is then:
 *
 *	word		claimed		owner
 *	0		0		nobody
 *	N		0		thread N, and Keel has not heard of it
 *	KERNEL (| N)	1		m->owner; the word means nothing but: make the call
 *
 * User space:
 *	1. lock: compare and swap 0 -> N. If that fails, or it is not hard: the call
 *	2. unlock: compare and swap N -> 0. If that fails: the call
 * Keel, in each call that looks at the mutex, with its wait queue locked:
 *	3. claim, unless claimed: or KERNEL in, in one instruction that also reads the word, and that
 *	   once. The compare and swap of 1 and 2 fails from here on
 *	4. what was read named thread N: it owns the mutex, depth 1. N is looked up and given the
 *	   mutex under the owners' lock. Nobody is N: its owner died
 *	5. do what the call is for, by m->owner alone
 *	6. release: the mutex is free, nobody stands on its queue, and the next owner need not be told
 *	   anything: write 0; claimed = 0
 *
 *	unlock by N, CPU 0			lock, CPU 1
 *						swap 0 -> M fails: call
 *						lock wq; word = N | KERNEL; owner = N
 *	swap N -> 0 fails: call
 *						N is boosted; waits; unlock wq
 *	lock wq; claimed; hand over to M
 *
 *	unlock by N, CPU 0			lock, CPU 1
 *						swap 0 -> M fails: call
 *	swap N -> 0
 *						lock wq; word was 0, is KERNEL: free; owner = M
 *
 * N may be anywhere meanwhile, in-band too: it owns the mutex as if it had made the call.
 *
 *	N ends, CPU 0, in-band			lock, CPU 1
 *	number N: nobody
 *						word was N: nobody, so the owner died
 *	look through all words for N: claim those
 *	abandon what N owns
 *
 * W1 Keel reads a word once per claim and never believes it against m->owner: whatever a process
 *    writes there, a mutex of its own ends up with a thread of its own, or with nobody;
 * W2 no loop of Keel's depends on the word;
 * W3 a thread gets a mutex by a word only while the owners have it: never once it is being destroyed,
 *    also when a word that named it is overwritten, so that the look through all words misses it.
 */
#include <keel/mutex.h>
#include "nucleus/pi.h"
#include "nucleus/word.h"

void nk_owners_init(struct nk_owners *owners, struct nk_thread **of, unsigned int count)
{
	nk_lock_init(&owners->lock, NK_RANK_OWNERS);
	owners->of = of;
	owners->count = count;
}

void nk_owners_set(struct nk_owners *owners, unsigned int i, struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&owners->lock);
	owners->of[i] = t;
	nk_lock_release(&owners->lock);
	hal_oob_restore(flags);
}

/*
 *	unblock, CPU 0				its thread ends, CPU 1, in-band
 *	lock owners; it is there: pin; unlock
 *						lock owners; nobody any more; unlock
 *						destroy: pinned, waits
 *	does not wait: nothing to end; unpin
 *						goes on
 */
struct nk_thread *nk_owners_pin(struct nk_owners *owners, unsigned int i)
{
	struct nk_thread *t;

	nk_assert_masked();
	nk_lock_acquire(&owners->lock);
	t = owners->of[i];
	if (t)
		__atomic_fetch_add(&t->pins, 1, __ATOMIC_ACQUIRE);
	nk_lock_release(&owners->lock);
	return t;
}

void nk_mutex_share(struct nk_mutex *m, nk_u32 *word, struct nk_owners *owners)
{
	m->word = word;
	m->owners = owners;
	m->claimed = m->ceiling != 0;
	__atomic_store_n(word, m->claimed ? KEEL_WORD_KERNEL : KEEL_WORD_FREE, __ATOMIC_RELEASE);
}

/* Step 4. */
static void adopt(struct nk_mutex *m, unsigned int i)
{
	struct nk_owners *owners = m->owners;
	struct nk_thread *t;

	nk_lock_acquire(&owners->lock);
	t = i < owners->count ? owners->of[i] : NULL;
	if (t) {
		nk_lock_acquire(&t->lock);
		m->depth = 1;
		nk_pi_own_locked(m, t);
		nk_lock_release(&t->lock);
	} else {
		m->owner_died = 1;
	}
	nk_lock_release(&owners->lock);
}

void nk_word_claim(struct nk_mutex *m)
{
	nk_u32 old = __atomic_fetch_or(m->word, KEEL_WORD_KERNEL, __ATOMIC_ACQ_REL);

	nk_assert_held(&m->wq.lock);
	m->claimed = 1;
	if (old & KEEL_WORD_OWNER)
		adopt(m, (old & KEEL_WORD_OWNER) - 1);
}

/* As user space does it: nobody waits where the word names somebody and is not Keel's. Only @t itself changes
 * its place in the table. */
int nk_word_give(struct nk_mutex *m, const struct nk_thread *t)
{
	nk_u32 word, i;

	nk_assert_masked();
	if (!m->word)
		return 0;
	word = __atomic_load_n(m->word, __ATOMIC_RELAXED);
	i = word - 1;
	return i < m->owners->count && __atomic_load_n(&m->owners->of[i], __ATOMIC_RELAXED) == t &&
	       __atomic_compare_exchange_n(m->word, &word, KEEL_WORD_FREE, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

int nk_word_owner(struct nk_mutex *m)
{
	nk_u32 i = (__atomic_load_n(m->word, __ATOMIC_RELAXED) & KEEL_WORD_OWNER) - 1;
	struct nk_owners *owners = m->owners;
	int tid = 0;

	nk_assert_held(&m->wq.lock);
	nk_lock_acquire(&owners->lock);
	if (i < owners->count && owners->of[i])
		tid = owners->of[i]->tid;
	nk_lock_release(&owners->lock);
	return tid;
}

void nk_word_release(struct nk_mutex *m)
{
	nk_assert_held(&m->wq.lock);
	if (m->ceiling || m->dead || m->wq.closed || m->owner_died || m->unrecoverable ||
	    !nk_plist_empty(&m->wq.waiters))
		return;
	m->claimed = 0;
	__atomic_store_n(m->word, KEEL_WORD_FREE, __ATOMIC_RELEASE);
}

void nk_word_bereave(struct nk_mutex *m, nk_u32 who)
{
	hal_flags_t flags;

	if ((__atomic_load_n(m->word, __ATOMIC_RELAXED) & KEEL_WORD_OWNER) != who)
		return;
	flags = hal_oob_save();
	nk_lock_acquire(&m->wq.lock);
	nk_word_claim_locked(m);
	nk_word_release_locked(m);
	nk_lock_release(&m->wq.lock);
	hal_oob_restore(flags);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Who went in-band where. Threads of a process on several CPUs write here, so there is a lock, held for
 * one place at a time by writer and reader. A relax takes two ways through the scheduler; what is added
 * to it here is little.
 *
 * The words on top of the stack are for the tool, which finds callers among them: where a thread made a
 * system call is a function of libc's, and it is the one who called that who wants to know. A process
 * that must not be looked into, having been setuid, shows neither these nor its addresses.
 */
#include <linux/hash.h>
#include <linux/sched/coredump.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "hal/x86/copy.h"
#include "relaxes.h"
#include "shadow.h"

struct relaxes *relaxes_alloc(void)
{
	return vzalloc(sizeof(struct relaxes));
}

void relaxes_free(struct relaxes *r)
{
	vfree(r);
}

/* The first word that may be a return address in the program itself, or 0. */
static u64 caller_of(const struct mm_struct *mm, const u64 *stack)
{
	for (int i = 0; i < KEEL_RELAX_STACK; i++)
		if (stack[i] > mm->start_code && stack[i] < mm->end_code)
			return stack[i];
	return 0;
}

static bool is_same(const struct relaxes_place *a, const struct relaxes_place *b)
{
	return a->tid == b->tid && a->reason == b->reason && a->ip == b->ip && a->caller == b->caller;
}

/* Its place, or a free one, or NULL. */
static struct relaxes_place *find(struct relaxes *r, const struct relaxes_place *wanted)
{
	u32 at = hash_64(wanted->ip ^ wanted->caller << 20 ^ (u64)wanted->tid << 40, 32);

	for (int i = 0; i < RELAXES_LOOKS; i++) {
		struct relaxes_place *p = &r->places[(at + i) % RELAXES_PLACES];

		if (!p->tid || is_same(p, wanted))
			return p;
	}
	return NULL;
}

/* What is known of this one time. */
static void look(struct relaxes_place *now, const struct shadow *s, unsigned long sp)
{
	struct mm_struct *mm = s->task->mm;

	if (get_dumpable(mm) != SUID_DUMP_USER)
		now->ip = now->fault = 0;
	else if (hal_user_peek(now->stack, sp, sizeof(now->stack)))
		memset(now->stack, 0, sizeof(now->stack));
	now->caller = caller_of(mm, now->stack);
	now->last_ns = hal_clock_now();
	memcpy(now->name, s->thread.name, sizeof(now->name));
}

noinline void relaxes_note(struct relaxes *r, const struct shadow *s, int reason, unsigned long ip,
			   unsigned long sp, unsigned long fault)
{
	struct relaxes_place now = { .tid = s->thread.tid, .reason = reason, .ip = ip, .fault = fault };
	struct relaxes_place *p;

	look(&now, s, sp);
	hal_spin_lock(&r->lock);
	p = find(r, &now);
	if (p) {
		now.count = p->count + 1;
		*p = now;
	} else {
		r->lost++;
		r->last_lost_ns = now.last_ns;
	}
	hal_spin_unlock(&r->lock);
}

static void copy(const struct relaxes_place *p, struct keel_relax_info *info)
{
	info->tid = p->tid;
	info->reason = p->reason;
	info->ip = p->ip;
	info->fault = p->fault;
	info->count = p->count;
	info->last_ns = p->last_ns;
	memcpy(info->stack, p->stack, sizeof(info->stack));
	memcpy(info->name, p->name, sizeof(info->name));
}

bool relaxes_read(struct relaxes *r, unsigned int at, struct keel_relax_info *info)
{
	unsigned long flags = hal_oob_save();

	hal_spin_lock(&r->lock);
	if (at < RELAXES_PLACES) {
		copy(&r->places[at], info);
	} else {
		info->count = r->lost;
		info->last_ns = r->last_lost_ns;
	}
	hal_spin_unlock(&r->lock);
	hal_oob_restore(flags);
	return info->count;
}

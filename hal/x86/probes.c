// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel probes. A probe keeps what it replaced and runs a copy of it, so one that was set before
 * Keel changed its place would go on with the old instruction:
 *
 *	probe on a slot		cli runs as a copy, natively; the sti it belongs to is a thunk
 *	taken off again		writes the first byte of the old instruction into the new one
 *
 * A disabled probe does the same when it is enabled. Hence no probe may cover a place of Keel's when
 * that is changed, in either direction. One that comes while Keel is attached copies the call of
 * the thunk, and is right.
 *
 * How far an optimised probe reaches is the same for all: whole instructions up to the length of a
 * jump. Those that are not optimised are taken as if they were, as that may change at any time.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <asm/insn.h>
#include <asm/text-patching.h>
#include "patch.h"
#include "probes.h"
#include "sites.h"
#include "symbols.h"
#include "thunks.h"

static_assert(PROBES_INSN >= MAX_INSN_SIZE);

#define TABLE_SIZE 64	/* kernel/kprobes.c */

void probes_lock(void)
{
	mutex_lock(hal_sym.kprobe_mutex);
}

void probes_unlock(void)
{
	mutex_unlock(hal_sym.kprobe_mutex);
}

/* Those of ftrace change no instruction but its own; those of modules that are gone, none. */
static bool probe_counts(const struct kprobe *p)
{
	return !(p->flags & (KPROBE_FLAG_FTRACE | KPROBE_FLAG_GONE));
}

#define for_each_probe(p)							\
	for (int probe_row = 0; probe_row < TABLE_SIZE; probe_row++)		\
		hlist_for_each_entry(p, &hal_sym.kprobe_table[probe_row], hlist)	\
			if (probe_counts(p))

int probes_within(unsigned long start, unsigned long end)
{
	const struct kprobe *p;
	int found = 0;

	for_each_probe(p)
		found |= (unsigned long)p->addr - start < end - start;
	return found;
}

const unsigned char *probes_beneath(unsigned long ip, unsigned char buf[PROBES_INSN])
{
	unsigned long at = hal_recover_probed(buf, ip);

	return (const unsigned char *)(at ? at : ip);
}

/* Where what @p covers ends; *@slot: it has an interrupt-flag slot. */
static unsigned long probe_end(const struct kprobe *p, bool *slot)
{
	unsigned long start = (unsigned long)p->addr, ip = start;
	unsigned char buf[PROBES_INSN];
	struct insn insn;

	*slot = false;
	while (ip < start + JMP32_INSN_SIZE) {
		const unsigned char *bytes = probes_beneath(ip, buf);

		*slot |= site_kind(bytes) >= 0;
		if (hal_insn_decode(&insn, bytes, MAX_INSN_SIZE, INSN_MODE_64) || !insn.length)
			return ip + 1;
		ip += insn.length;
	}
	return ip;
}

static bool patched_within(const struct patch_set *set, unsigned long start, unsigned long end)
{
	for (unsigned int i = 0; i < set->count; i++) {
		unsigned long addr = (unsigned long)set->p[i].addr;

		if (addr < end && addr + set->p[i].len > start)
			return true;
	}
	return false;
}

static unsigned long probe_in_the_way(const struct patch_set *set)
{
	const struct kprobe *p;
	unsigned long found = 0;

	for_each_probe(p) {
		unsigned long start = (unsigned long)p->addr;
		bool slot;
		unsigned long end = probe_end(p, &slot);

		if (slot || patched_within(set, start, end))
			found = start;
	}
	return found;
}

bool probes_refuse(const struct patch_set *set, const char *what)
{
	unsigned long probe = probe_in_the_way(set);

	if (probe)
		pr_err("keel: a kernel probe at %pS covers a place that Keel changes: remove it (they are listed in debugfs, kprobes/list); %s\n",
		       (void *)probe, what);
	return probe;
}

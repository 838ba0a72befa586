// SPDX-License-Identifier: GPL-2.0
/*
 * Slot scan. Bytes alone lie: "mov %rdi,%rbx" before an ftrace NOP looks like an sti slot, the
 * last byte of endbr64 like a cli slot. So candidates found by bytes are confirmed by
 * decoding instructions from the start of their function.
 */
#include <linux/kernel.h>
#include <linux/kallsyms.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/insn.h>
#include "hard_places.h"
#include "patch.h"
#include "probes.h"
#include "sites.h"
#include "symbols.h"
#include "thunks.h"

static const unsigned char slot_bytes[SITE_KINDS][SITE_LEN] = {
	[SITE_CLI]  = { 0xfa, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	[SITE_STI]  = { 0xfb, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	[SITE_SAVE] = { 0x9c, 0x58, 0x0f, 0x1f, 0x40, 0x00 },
};

int site_kind(const unsigned char *p)
{
	if (p[0] != 0xfa && p[0] != 0xfb && p[0] != 0x9c)
		return -1;
	for (int k = 0; k < SITE_KINDS; k++)
		if (!memcmp(p, slot_bytes[k], SITE_LEN))
			return k;
	return -1;
}

/* Where decoding stands: candidates come in order, so a function is decoded once. */
struct walk {
	unsigned long fn, end;	/* function under way */
	unsigned long ip;	/* next instruction */
	int probed;		/* not all of its bytes are its own */
};

static int walk_enter(struct walk *w, unsigned long addr)
{
	unsigned long size, offset;

	if (addr >= w->fn && addr < w->end)
		return 0;
	if (!hal_kallsyms_lookup_size_offset(addr, &size, &offset))
		return -ENOENT;
	w->fn = w->ip = addr - offset;
	w->end = w->fn + size;
	w->probed = probes_within(w->fn, w->end);
	return 0;
}

/* 1 when @addr is the start of an instruction. */
static int walk_boundary(struct walk *w, unsigned long addr)
{
	unsigned char buf[PROBES_INSN];
	struct insn insn;

	while (w->ip < addr) {
		const void *bytes = w->probed ? probes_beneath(w->ip, buf) : (void *)w->ip;

		if (hal_insn_decode(&insn, bytes, MAX_INSN_SIZE, INSN_MODE_64) ||
		    !insn.length)
			w->ip++;	/* padding that is no code */
		else
			w->ip += insn.length;
	}
	return w->ip == addr;
}

static int site_add(struct site_list *list, unsigned long addr, int kind)
{
	char name[KSYM_SYMBOL_LEN];

	if (list->count == list->room) {
		unsigned int room = list->room ? list->room * 2 : 2048;
		struct site *s = vzalloc(array_size(room, sizeof(*s)));

		if (!s)
			return -ENOMEM;
		if (list->count)
			memcpy(s, list->s, list->count * sizeof(*s));
		vfree(list->s);
		list->s = s;
		list->room = room;
	}
	hal_symbol_name(addr, name);
	list->s[list->count++] = (struct site){
		.addr = addr, .kind = kind, .hard = hard_place(name, kind),
	};
	return 0;
}

static bool behind_endbr(unsigned long addr, const struct walk *w)
{
	return addr == w->fn + 3 && !memcmp((void *)w->fn, "\xf3\x0f\x1e\xfa", 4);
}

int sites_scan(struct site_list *list, unsigned long start, unsigned long end)
{
	struct walk w = { 0 };
	int kind;

	for (unsigned long a = start; a + SITE_LEN <= end; a++) {
		if (!(a & 0xffff))
			cond_resched();
		kind = site_kind((void *)a);
		if (kind < 0 || walk_enter(&w, a) || behind_endbr(a, &w))
			continue;
		if (!walk_boundary(&w, a))
			continue;
		if (site_add(list, a, kind))
			return -ENOMEM;
		a += SITE_LEN - 1;
	}
	return 0;
}

int sites_thunk(unsigned long addr)
{
	return addr == (unsigned long)hal_thunk_cli || addr == (unsigned long)hal_thunk_sti ||
	       addr == (unsigned long)hal_thunk_save;
}

int sites_patches(const struct site_list *list, unsigned int from, struct patch_set *set)
{
	static void (*const thunk[SITE_KINDS])(void) = {
		hal_thunk_cli, hal_thunk_sti, hal_thunk_save,
	};

	for (unsigned int i = from; i < list->count; i++) {
		const struct site *s = &list->s[i];
		/* A 6-byte call: returns behind the slot, also after undo. */
		unsigned char call[SITE_LEN] = { 0x2e, 0xe8 };
		int d, err;

		if (s->hard)
			continue;
		if (patch_disp(s->addr + 2, (unsigned long)thunk[s->kind], &d))
			return -ERANGE;
		memcpy(call + 2, &d, sizeof(d));
		err = patch_add(set, s->addr, slot_bytes[s->kind], call, SITE_LEN);
		if (err)
			return err;
	}
	return 0;
}

void sites_forget(struct site_list *list, unsigned long start, unsigned long size)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < list->count; i++)
		if (list->s[i].addr - start >= size)
			list->s[n++] = list->s[i];
	list->count = n;
}

int sites_known(const struct site_list *list, unsigned long start, unsigned long size)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (list->s[i].addr - start < size)
			return 1;
	return 0;
}

void sites_free(struct site_list *list)
{
	vfree(list->s);
	memset(list, 0, sizeof(*list));
}

static bool is_raw(const unsigned char *p, int len, unsigned long room)
{
	if (len != 1 || (*p != 0xfa && *p != 0xfb && *p != 0x9c && *p != 0x9d))
		return false;
	return room < SITE_LEN || site_kind(p) < 0;
}

/* Nothing behind @end is read: a module's text may end where its memory does. */
void sites_raw(unsigned long start, unsigned long end, sites_raw_fn found, void *arg)
{
	unsigned char buf[PROBES_INSN];
	struct walk w = { 0 };
	struct insn insn;

	for (unsigned long a = start; a < end;) {
		unsigned long room = min_t(unsigned long, end - a, MAX_INSN_SIZE);
		int strange = walk_enter(&w, a);
		const unsigned char *p = w.probed ? probes_beneath(a, buf) : (void *)a;

		cond_resched();
		if (strange || hal_insn_decode(&insn, p, room, INSN_MODE_64) || !insn.length) {
			a++;
			continue;
		}
		if (is_raw(p, insn.length, room))
			found(arg, a, *p);
		a += insn.length;
		if (a >= w.end)
			a = w.end;
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * All-or-nothing changes of kernel text through Linux's own text_poke().
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "patch.h"
#include "symbols.h"

static int set_grow(struct patch_set *set)
{
	unsigned int room = set->room ? set->room * 2 : 512;
	struct patch *p = vzalloc(array_size(room, sizeof(*p)));

	if (!p)
		return -ENOMEM;
	if (set->count)
		memcpy(p, set->p, set->count * sizeof(*p));
	vfree(set->p);
	set->p = p;
	set->room = room;
	return 0;
}

int patch_add(struct patch_set *set, unsigned long addr, const void *old, const void *new,
	      unsigned int len)
{
	struct patch *p;

	if (set->count == set->room && set_grow(set))
		return -ENOMEM;
	p = &set->p[set->count++];
	p->addr = (unsigned char *)addr;
	p->len = len;
	p->applied = 0;
	memcpy(p->old, old, len);
	memcpy(p->new, new, len);
	return 0;
}

int patch_disp(unsigned long disp, unsigned long target, int *out)
{
	long d = (long)(target - (disp + 4));

	*out = (int)d;
	return *out == d ? 0 : -ERANGE;
}

int patch_add_disp(struct patch_set *set, unsigned long disp, unsigned long target)
{
	int d;

	if (patch_disp(disp, target, &d))
		return -ERANGE;
	return patch_add(set, disp, (void *)disp, &d, sizeof(d));
}

int patch_add_jump(struct patch_set *set, unsigned long addr, unsigned long target)
{
	unsigned char jmp[5] = { 0xe9 };
	int d;

	if (patch_disp(addr + 1, target, &d))
		return -ERANGE;
	memcpy(jmp + 1, &d, sizeof(d));
	return patch_add(set, addr, (void *)addr, jmp, sizeof(jmp));
}

const struct patch *patch_verify(const struct patch_set *set, int applied)
{
	for (unsigned int i = 0; i < set->count; i++) {
		const struct patch *p = &set->p[i];

		if (memcmp(p->addr, applied ? p->new : p->old, p->len))
			return p;
	}
	return NULL;
}

void patch_apply(struct patch_set *set)
{
	for (unsigned int i = 0; i < set->count; i++) {
		if (set->p[i].applied)
			continue;
		hal_sym.text_poke(set->p[i].addr, set->p[i].new, set->p[i].len);
		set->p[i].applied = 1;
	}
}

void patch_undo(struct patch_set *set)
{
	for (unsigned int i = set->count; i-- > 0;) {
		if (!set->p[i].applied)
			continue;
		hal_sym.text_poke(set->p[i].addr, set->p[i].old, set->p[i].len);
		set->p[i].applied = 0;
	}
}

void patch_forget(struct patch_set *set, unsigned long start, unsigned long size)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < set->count; i++)
		if ((unsigned long)set->p[i].addr - start >= size)
			set->p[n++] = set->p[i];
	set->count = n;
}

void patch_free(struct patch_set *set)
{
	vfree(set->p);
	memset(set, 0, sizeof(*set));
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of changes to kernel text, made all or not at all, and undone exactly. Each change
 * remembers the bytes it replaced and is refused when the text is not what it expects.
 * Built in-band by one thread at a time; applied inside stop_machine.
 */
#ifndef HAL_X86_PATCH_H
#define HAL_X86_PATCH_H

#define PATCH_MAX_LEN 9

struct patch {
	unsigned char *addr;
	unsigned char len;
	unsigned char applied;
	unsigned char old[PATCH_MAX_LEN];
	unsigned char new[PATCH_MAX_LEN];
};

struct patch_set {
	struct patch *p;
	unsigned int count, room;
};

/* Add a change. 0, -ENOMEM. Context: in-band, may sleep. */
int patch_add(struct patch_set *set, unsigned long addr, const void *old, const void *new,
	      unsigned int len);

/* The change of a call's or jump's displacement at @disp to @target. 0, -ENOMEM, -ERANGE. */
int patch_add_disp(struct patch_set *set, unsigned long disp, unsigned long target);

/* A 5-byte jump to @target at @addr. */
int patch_add_jump(struct patch_set *set, unsigned long addr, unsigned long target);

/* First change whose place does not hold the bytes it should (old before, new after), or NULL. */
const struct patch *patch_verify(const struct patch_set *set, int applied);

/* Write all, or put all back. Context: text_mutex held; other CPUs stopped, or text that
 * nobody runs. Call patch_verify() first. */
void patch_apply(struct patch_set *set);
void patch_undo(struct patch_set *set);

/* Forget the changes within [start, start + size): that text is going. */
void patch_forget(struct patch_set *set, unsigned long start, unsigned long size);

void patch_free(struct patch_set *set);

/* Displacement for a jump or call whose 4 bytes lie at @disp. */
int patch_disp(unsigned long disp, unsigned long target, int *out);

#endif

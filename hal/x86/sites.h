/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds the interrupt-flag slots of kernel and module text, and says which of them must stay
 * hard. A slot is the 6 bytes that boot code left for cli, sti or pushf;pop in place of a
 * paravirt call.
 */
#ifndef HAL_X86_SITES_H
#define HAL_X86_SITES_H

struct module;
struct patch_set;
struct seq_file;

enum site_kind { SITE_CLI, SITE_STI, SITE_SAVE, SITE_KINDS };

#define SITE_LEN 6

struct site {
	unsigned long addr;
	unsigned char kind;
	unsigned char hard;
};

struct site_list {
	struct site *s;
	unsigned int count, room;
};

/* What slot the SITE_LEN bytes at @p look like, or -1. */
int site_kind(const unsigned char *p);

/* Find all slots in [start, end), decoded from function starts. 0, -ENOMEM, -EINVAL when text
 * does not decode (told). Context: in-band, may sleep;
 * between probes_lock() and probes_unlock(). */
int sites_scan(struct site_list *list, unsigned long start, unsigned long end);

/* Changes that make the virtual ones of @list, from index @from, call the thunks. */
int sites_patches(const struct site_list *list, unsigned int from, struct patch_set *set);

/* Drop slots within [start, start + size). */
void sites_forget(struct site_list *list, unsigned long start, unsigned long size);

/* 1 when @list has a slot within [start, start + size). */
int sites_known(const struct site_list *list, unsigned long start, unsigned long size);
/* 1 when @addr is a thunk of slots. Context: any. */
int sites_thunk(unsigned long addr);

void sites_free(struct site_list *list);

/* Call @found for each instruction outside slots that reads or writes the flag, in [start, end).
 * Slow. Context: as sites_scan(). */
typedef void (*sites_raw_fn)(void *arg, unsigned long addr, unsigned char opcode);
void sites_raw(unsigned long start, unsigned long end, sites_raw_fn found, void *arg);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel probes (kprobes): they too change text, by an int3 or, optimised, by a jump over several
 * instructions, and run a copy of what they cover. What lies beneath them is found here, and that
 * none of them, armed or not, covers a place of Keel's.
 *
 * Context of all: in-band, may sleep, between probes_lock() and probes_unlock().
 */
#ifndef HAL_X86_PROBES_H
#define HAL_X86_PROBES_H

struct patch_set;

#define PROBES_INSN 16	/* bytes of a copied instruction */

/* No probe comes, goes or is optimised. Before the CPUs' lock and text_mutex, as for kprobes. */
void probes_lock(void);
void probes_unlock(void);

/* 1 when there is a probe in [start, end). */
int probes_within(unsigned long start, unsigned long end);

/* The bytes of the instruction at @ip without probes: in place, or copied into @buf. */
const unsigned char *probes_beneath(unsigned long ip, unsigned char buf[PROBES_INSN]);

/* Whether a probe covers a place of @set, or a slot that is therefore not in it; a message says so,
 * and @what becomes of it. */
bool probes_refuse(const struct patch_set *set, const char *what);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the threads of a process went in-band, why and how often: a table of so many places, each a
 * thread, a reason, an address and a likely caller. What finds no room is counted.
 */
#ifndef KMOD_RELAXES_H
#define KMOD_RELAXES_H

#include <linux/types.h>
#include <keel/abi.h>
#include "hal/hal.h"

#define RELAXES_PLACES	256
#define RELAXES_LOOKS	16	/* places that one may have */

struct keel_relax_info;
struct shadow;

struct relaxes_place {
	u32 tid, reason;		/* tid 0: free */
	u64 ip, caller;			/* caller: likely, in the program itself, or 0 */
	u64 fault, count;
	s64 last_ns;
	u64 stack[KEEL_RELAX_STACK];	/* of the last */
	char name[KEEL_NAME_LEN];
};

struct relaxes {
	struct hal_spinlock lock;
	u64 lost;			/* by lock, as all */
	s64 last_lost_ns;
	struct relaxes_place places[RELAXES_PLACES];
};

/* NULL: no memory. Context: in-band, may sleep; the second, too. */
struct relaxes *relaxes_alloc(void);
void relaxes_free(struct relaxes *r);

/* @s, the current thread, leaves. Context: oob, hard masked; never blocks. */
void relaxes_note(struct relaxes *r, const struct shadow *s, int reason, unsigned long ip, unsigned long sp,
		  unsigned long fault);

/* What is in place @at, RELAXES_PLACES being those that were lost: false when that is nothing. pid and
 * uid are left alone, tid is that of the first namespace. Context: in-band. */
bool relaxes_read(struct relaxes *r, unsigned int at, struct keel_relax_info *info);

#endif

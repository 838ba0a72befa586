/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What there is now, for KEEL_IOC_LIST: records of one kind in an array.
 */
#ifndef KMOD_LIST_H
#define KMOD_LIST_H

#include <linux/types.h>

struct list_records {
	u32 kind;		/* KEEL_LIST_* */
	u32 size;		/* of a record as the caller knows it */
	u32 room;		/* records at at */
	u32 count;		/* those that there are */
	void *at;		/* zeroed at first */
	bool all;		/* not only the caller's own */
};

/* 0 or -EINVAL: no such kind, or a size or room that is out of range. Context: any. */
int list_check(const struct list_records *r);

/* Store what the caller may see, and count it. Context: in-band, may sleep. */
void list_fill(struct list_records *r);

#endif

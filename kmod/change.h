/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changes to a thread that another task asks for, by its Linux tid. See change.c.
 */
#ifndef KMOD_CHANGE_H
#define KMOD_CHANGE_H

#include <linux/types.h>

struct keel_thread_change;
struct shadow;

/* 0; -ESRCH: no attached thread of the caller's pid namespace; -EPERM: another user's, without
 * CAP_SYS_NICE; -EINVAL; -EBUSY: its class has no room; -EINTR. Then nothing has changed.
 * Context: in-band, may sleep. */
long change_thread(const struct keel_thread_change *req);

/* The owner is about to park: 0 once nobody holds @s in-band, or -ERESTARTNOINTR.
 * Context: in-band, may sleep. */
int change_await(struct shadow *s);

/* From now on, until change_home(), the context may be Keel's. Context: in-band. */
void change_away(struct shadow *s);
void change_home(struct shadow *s);

/* Whether @s, which is away, is held in-band or to come home. Context: any. */
bool change_wanted(const struct shadow *s);

#endif

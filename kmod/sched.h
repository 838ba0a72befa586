/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests about scheduling classes. All return 0 or a negative errno.
 */
#ifndef KMOD_SCHED_H
#define KMOD_SCHED_H

struct keel_frame;
struct keel_group;
struct keel_process;
struct keel_sched;
struct shadow;

/* Of the thread of @p that @req names, else of current, attached to @p. Context: in-band. */
long sched_class_set(struct keel_process *p, const struct keel_sched *req);
long sched_class_get(struct keel_process *p, struct keel_sched *req);

/* Of @s, whatever it does. Context: in-band, in shadow_with(). */
long sched_class_of(struct shadow *s, const struct keel_sched *req);

/* Of a CPU, for the whole system. Context: in-band, the caller may do that. */
long sched_group_set(const struct keel_group *req);
long sched_frame_set(const struct keel_frame *req);
long sched_group_add(struct keel_group *req);

/* What it has. Context: in-band. */
long sched_group_get(struct keel_group *req);
long sched_frame_get(struct keel_frame *req);

#endif
